import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readTime } from '../../core/time.ts';
import { idOf, timeOf, wholeNumber } from './values.ts';

test('a time keeps its nanoseconds', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 1n, max: 4_000_000_000_999_999_999n }),
      fc.constantFrom(1n, 1_000n, 1_000_000n, 1_000_000_000n),
      (ns, step) => {
        const given = (ns / step) * step || step;
        const read = readTime(timeOf(given))!;
        expect(BigInt(read.us) * 1000n + BigInt(read.ns)).toBe(given);
      },
    ),
  );
  expect(timeOf(0n)).toBeUndefined();
});

test('a whole number keeps its digits, an id its length', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (n) => {
      expect(BigInt(wholeNumber(n))).toBe(n);
    }),
  );
  expect([idOf(new Uint8Array(16), 16), idOf(new Uint8Array(8).fill(1), 16), idOf(new Uint8Array(8).fill(1), 8)]).toEqual([
    undefined,
    undefined,
    '01'.repeat(8),
  ]);
});
