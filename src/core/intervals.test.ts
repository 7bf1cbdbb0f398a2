import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  clip,
  firstGap,
  type Intervals,
  includes,
  intersect,
  intervalsOf,
  offsetsOf,
  sameIntervals,
  sizeOf,
  subtract,
  union,
} from './intervals.ts';

const offsets = fc.array(fc.nat(60), { maxLength: 40 });
const members = (set: Intervals) => new Set(set.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i)));

const isNormal = (set: Intervals) => set.every(([from, to], i) => from < to && (i === 0 || set[i - 1]![1] < from));

test('sets of offsets obey the laws of sets', () => {
  fc.assert(
    fc.property(offsets, offsets, (xs, ys) => {
      const a = offsetsOf(xs);
      const b = offsetsOf(ys);
      const [inA, inB] = [new Set(xs), new Set(ys)];
      for (const set of [a, b, union(a, b), subtract(a, b), intersect(a, b)]) expect(isNormal(set)).toBe(true);
      expect(members(union(a, b))).toEqual(inA.union(inB));
      expect(members(subtract(a, b))).toEqual(inA.difference(inB));
      expect(members(intersect(a, b))).toEqual(inA.intersection(inB));
      expect(sizeOf(a)).toBe(inA.size);
      expect(sameIntervals(union(a, b), union(b, a))).toBe(true);
      for (let i = 0; i < 62; i++) expect(includes(a, i)).toBe(inA.has(i));
    }),
  );
});

test('a clip is what an intersection with one interval is', () => {
  fc.assert(
    fc.property(offsets, fc.nat(60), fc.nat(60), (xs, from, to) => {
      expect(clip(offsetsOf(xs), from, to)).toEqual(intersect(offsetsOf(xs), intervalsOf([[from, to]])));
    }),
  );
});

test('the first gap is the lowest offset that is missing', () => {
  fc.assert(
    fc.property(offsets, fc.nat(60), (xs, from) => {
      const inA = new Set(xs);
      let expected = from;
      while (inA.has(expected)) expected++;
      expect(firstGap(offsetsOf(xs), from)).toBe(expected);
    }),
  );
});

test('touching and empty intervals are joined and left out', () => {
  expect(intervalsOf([[3, 5], [9, 9], [5, 7], [1, 2]])).toEqual([[1, 2], [3, 7]]); // biome-ignore format: one line shows it
});
