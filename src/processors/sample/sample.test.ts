import { expect, test } from 'vitest';
import { fractionOf } from './index.ts';

test('the kept share is what was asked for, in every partition and far along', () => {
  for (const partition of [0, 1, 7]) {
    for (const from of [0, 2 ** 32 - 5_000, 2 ** 40]) {
      const fractions = Array.from({ length: 20_000 }, (_, i) => fractionOf({ generation: 1, partition, offset: from + i }));
      const kept = fractions.filter((fraction) => fraction < 0.1).length;
      expect(kept).toBeGreaterThan(1_800);
      expect(kept).toBeLessThan(2_200);
    }
  }
});

test('another salt chooses independently', () => {
  const both = Array.from({ length: 20_000 }, (_, offset) => ({ generation: 1, partition: 0, offset })).filter(
    (position) => fractionOf(position, 1) < 0.5 && fractionOf(position, 2) < 0.5,
  );
  expect(both.length).toBeGreaterThan(4_700);
  expect(both.length).toBeLessThan(5_300);
});
