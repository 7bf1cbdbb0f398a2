import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeDelta } from './decode-delta.ts';
import { deltaBound, writeDelta } from './delta.ts';

function roundTrip(values: number[]): number[] {
  const bytes = Buffer.alloc(deltaBound(values.length));
  const end = writeDelta(bytes, 0, Float64Array.from(values), 0, values.length);
  expect(end).toBeLessThanOrEqual(bytes.length);
  const out = new Float64Array(values.length + 1).fill(Number.NaN);
  decodeDelta(bytes.subarray(0, end), out, 1);
  return [...out.subarray(1)];
}

describe('numbers written as differences', () => {
  it('come back exactly, whatever their size and spread', () => {
    const near = (from: number, spread: number) => fc.integer({ min: 0, max: spread }).map((more) => from + more);
    const value = fc.oneof(
      near(1_795_000_000_000_000, 1000),
      near(1_795_000_000_000_000, 2 ** 40),
      fc.integer({ min: -(2 ** 51), max: 2 ** 51 }),
      fc.maxSafeInteger(),
      fc.constantFrom(-62_135_596_800_000_000, 0, -1, 2 ** 52, -(2 ** 52), 2 ** 53 - 1, -(2 ** 53) + 1),
    );
    const mixed = fc.array(value, { minLength: 1, maxLength: 300 });
    const alike = fc.array(near(1_795_000_000_000_000, 5_000_000), { minLength: 1, maxLength: 600 });
    fc.assert(
      fc.property(fc.oneof(mixed, alike), (values) => {
        expect(roundTrip(values)).toEqual(values);
      }),
    );
  });

  for (const count of [1, 2, 32, 33, 128, 129, 130, 16_384]) {
    it(`come back where there are ${count}`, () => {
      const values = Array.from({ length: count }, (_, i) => 1_795_000_000_000_000 + i * i);
      expect(roundTrip(values)).toEqual(values);
    });
  }
});
