import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fastTimeUs, fastTimeUsAt, formatTime, isFastTime, readTime } from './time.ts';

const spelt = (value: unknown): string | undefined => {
  const instant = readTime(value);
  return instant && formatTime(instant.us, instant.ns);
};

const maxUs = Date.UTC(2255, 0, 1) * 1000;
const instants = fc.record({ us: fc.integer({ min: 0, max: maxUs }), ns: fc.integer({ min: 0, max: 999 }) });

describe('reading a time', () => {
  it.each([
    ['2026-11-20T00:00:01.825Z', '2026-11-20T00:00:01.825Z'],
    ['2026-11-20T00:00:01Z', '2026-11-20T00:00:01.000Z'],
    ['2026-11-20t00:00:01z', '2026-11-20T00:00:01.000Z'],
    ['2026-11-20T00:00:01.825123Z', '2026-11-20T00:00:01.825123Z'],
    ['2026-11-20T00:00:01.8251239Z', '2026-11-20T00:00:01.825123900Z'],
    ['2026-11-20T00:00:01.123456789999Z', '2026-11-20T00:00:01.123456789Z'],
    ['2026-11-20T01:30:01.5+01:30', '2026-11-20T00:00:01.500Z'],
    ['2026-11-19T16:00:01-0800', '2026-11-20T00:00:01.000Z'],
    ['2026-11-20T02:00:01+02', '2026-11-20T00:00:01.000Z'],
    ['2026-11-20 00:00:01,825', '2026-11-20T00:00:01.825Z'],
    ['2026-11-20 00:00:01 UTC', '2026-11-20T00:00:01.000Z'],
    ['2026/11/20 00:00:01', '2026-11-20T00:00:01.000Z'],
    ['2026-11-20T00:00Z', '2026-11-20T00:00:00.000Z'],
    ['2026-11-20', '2026-11-20T00:00:00.000Z'],
    ['Fri, 20 Nov 2026 00:00:01 GMT', '2026-11-20T00:00:01.000Z'],
    ['20/Nov/2026:01:00:01 +0100', '2026-11-20T00:00:01.000Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    [1795132801, '2026-11-20T00:00:01.000Z'],
    [1795132801.825, '2026-11-20T00:00:01.825Z'],
    [1795132801825, '2026-11-20T00:00:01.825Z'],
    [1795132801825123, '2026-11-20T00:00:01.825123Z'],
    ['1795132801825123456', '2026-11-20T00:00:01.825123456Z'],
    ['1795132801.000000001', '2026-11-20T00:00:01.000000001Z'],
    ['1795132801825.5', '2026-11-20T00:00:01.825500Z'],
    [0, '1970-01-01T00:00:00.000Z'],
    [' 2026-11-20T00:00:01Z ', '2026-11-20T00:00:01.000Z'],
  ])('takes %j', (given, expected) => {
    expect(spelt(given)).toBe(expected);
  });

  it.each([
    'yesterday',
    '',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-20T24:00:00Z',
    '2026-11-20T00:60:00Z',
    '2026-11-20T00:00:61Z',
    '2026-11-20T00:00:01+24:00',
    '2026-11-2OT00:00:01Z',
    '1969-12-31T23:59:59Z',
    '1970-01-01T00:00:00+01:00',
    '2026-11/20',
    '11/20/2026',
    '20261120',
    '12:00:00',
    '-1795132801',
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1e21,
    true,
    null,
    {},
  ])('refuses %j', (given) => {
    expect(readTime(given)).toBeUndefined();
  });

  it('gives back what was spelt, for every instant until 2255', () => {
    fc.assert(
      fc.property(instants, ({ us, ns }) => {
        expect(readTime(formatTime(us, ns))).toEqual({ us, ns });
      }),
    );
  });

  it('reads the same instant in each unit of epoch time in digits', () => {
    fc.assert(
      fc.property(instants, ({ us, ns }) => {
        fc.pre(us >= 1e15);
        const nanos = BigInt(us) * 1000n + BigInt(ns);
        for (const decimals of [0, 3, 6, 9]) {
          const digits = nanos.toString();
          const text = decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
          expect(readTime(text)).toEqual({ us, ns });
        }
      }),
    );
  });

  it('has one opinion in the fast way, over text or bytes, and the slow way', () => {
    const base = fc.constantFrom('2026-11-20T00:00:01.825Z', '2026-11-20T00:00:01Z', '2024-02-29T23:59:59.999999Z');
    const edits = fc.array(fc.tuple(fc.nat(28), fc.constantFrom(...'0123456789TZ:.-+ x')), { maxLength: 3 });
    fc.assert(
      fc.property(base, edits, (text, changes) => {
        const chars = [...text];
        for (const [at, c] of changes) chars[at] = c;
        const given = chars.join('');
        const fast = fastTimeUs(given);
        const bytes = Buffer.from(`"${given}"`);
        expect(isFastTime(bytes, 1, bytes.length - 1)).toBe(fast >= 0);
        expect(fastTimeUsAt(bytes, 1, bytes.length - 1)).toBe(fast);
        if (fast >= 0) expect(fast).toBe(Date.parse(`${given.slice(0, 19)}Z`) * 1000 + Number(given.slice(20, -1).padEnd(6, '0')));
        // A date that only the slow way reads is spelt in another way: its answer for this one must agree where there is one.
        if (fast >= 0) expect(readTime(`${given.slice(0, -1)}+00:00`)).toEqual({ us: fast, ns: 0 });
      }),
      { numRuns: 1000 },
    );
  });
});
