import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { comparePositions, idOf, isClientId, maxGeneration, maxOffset, maxPartitions, positionOf } from './ids.ts';

const position = fc.record({
  generation: fc.nat(maxGeneration - 1),
  partition: fc.nat(maxPartitions - 1),
  offset: fc.nat({ max: Number.MAX_SAFE_INTEGER }).map((n) => n % maxOffset),
});

test('an id reads back as its position', () => {
  fc.assert(
    fc.property(position, (p) => {
      expect(positionOf(idOf(p))).toEqual(p);
    }),
  );
});

test('ids sort as positions do', () => {
  fc.assert(
    fc.property(position, position, (a, b) => {
      const byId = idOf(a) < idOf(b) ? -1 : idOf(a) > idOf(b) ? 1 : 0;
      expect(Math.sign(comparePositions(a, b))).toBe(byId);
    }),
  );
});

test.each(['', 'abc', '0000000000000u', '00000000000ul', '0123456789abcdef0123456789abcdef'])('%s spells no position', (text) => {
  expect(positionOf(text)).toBeUndefined();
});

test('a digest of a client id is told from a position', () => {
  expect(isClientId('0123456789abcdef0123456789abcdef')).toBe(true);
  expect(isClientId(idOf({ generation: 1, partition: 0, offset: 7 }))).toBe(false);
});
