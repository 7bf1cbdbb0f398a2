import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printCursor, queryDigest, readCursor } from './cursor.ts';

const key = new Uint8Array(32).fill(7);
const digest = queryDigest(['acme', 'where', 'desc']);
const whole = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const cursors = fc.record({
  time: fc.record({ fromUs: whole, toUs: whole }),
  after: fc.record({ timestamp: whole, timestamp_ns: fc.nat(999), generation: fc.nat(9), partition: fc.nat(9), offset: whole }),
  snapshot: fc.dictionary(fc.nat(31).map(String), whole).map((snapshot) => ({ ...snapshot })),
});

test('what was printed is read back', () => {
  fc.assert(
    fc.property(cursors, (cursor) => {
      expect(readCursor(key, digest, printCursor(key, digest, cursor))).toEqual(cursor);
    }),
  );
});

test('a changed, cut or foreign token is refused', () => {
  const cursor = {
    time: { fromUs: 0, toUs: 9 },
    after: { timestamp: 1, timestamp_ns: 2, generation: 1, partition: 0, offset: 5 },
    snapshot: { 0: 7 },
  };
  const token = printCursor(key, digest, cursor);
  for (let i = 0; i < token.length - 1; i++) {
    const changed = `${token.slice(0, i)}${token[i] === 'A' ? 'B' : 'A'}${token.slice(i + 1)}`;
    expect(() => readCursor(key, digest, changed), changed).toThrow('INVALID_PARAMETER');
  }
  expect(() => readCursor(new Uint8Array(32), digest, token)).toThrow('gave out no such cursor');
  expect(() => readCursor(key, queryDigest(['other']), token)).toThrow('another query');
});

test('no text is read as a cursor or fails otherwise', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `c1.${text}.${text}`),
      ),
      (text) => {
        expect(() => readCursor(key, digest, text)).toThrow('INVALID_PARAMETER');
      },
    ),
  );
});
