import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseIntervals, printIntervals } from './interval-text.ts';
import { intervalsOf } from './intervals.ts';

test('a set reads back from its text as it was', () => {
  const sets = fc
    .array(fc.tuple(fc.nat(2 ** 40), fc.integer({ min: 1, max: 5_000_000 })))
    .map((list) => intervalsOf(list.map(([from, n]) => [from, from + n])));
  fc.assert(
    fc.property(sets, (set) => {
      expect(parseIntervals(printIntervals(set, 0), 0)).toEqual(set);
    }),
  );
});

test('every other offset of a block takes one character an offset', () => {
  const origin = 65_536 * 7;
  const set = intervalsOf(Array.from({ length: 32_768 }, (_, i) => [origin + 2 * i, origin + 2 * i + 1] as const));
  const text = printIntervals(set, origin);
  expect(text).toHaveLength(65_536);
  expect(parseIntervals(text, origin)).toEqual(set);
});
