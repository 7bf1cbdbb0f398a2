import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptySketch, mergeSketches, percentileOfSketch, type Sketch, SketchBuilder } from './sketch.ts';

const sketchOf = (values: number[]): Sketch => {
  const builder = new SketchBuilder();
  for (const value of values) builder.add(value);
  return builder.build();
};

const values = fc.array(fc.oneof(fc.integer({ min: -10_000, max: 1_000_000 }), fc.constantFrom(0, 1, 0.5)), { maxLength: 60 });

test('sketches add up to the sketch of all their values, in any order', () => {
  fc.assert(
    fc.property(values, values, values, (a, b, c) => {
      const all = sketchOf([...a, ...b, ...c]);
      expect(mergeSketches(sketchOf(c), mergeSketches(sketchOf(b), sketchOf(a)))).toEqual(all);
      expect(mergeSketches(mergeSketches(sketchOf(a), sketchOf(b)), sketchOf(c))).toEqual(all);
      expect(mergeSketches(all, emptySketch)).toEqual(all);
    }),
  );
});

test('a percentile is within 1 % of the value at its rank', () => {
  fc.assert(
    fc.property(
      values.filter((list) => list.length > 0),
      fc.integer({ min: 0, max: 100 }),
      (list, percent) => {
        const sorted = [...list].sort((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil((percent / 100) * sorted.length)) - 1]!;
        const found = percentileOfSketch(sketchOf(list), percent)!;
        expect(Math.abs(found - exact)).toBeLessThanOrEqual(Math.abs(exact) * 0.0101 + 1e-9);
      },
    ),
  );
});

test('what is no number is left out, and nothing has no percentile', () => {
  expect(sketchOf([Number.NaN, Number.POSITIVE_INFINITY])).toEqual(emptySketch);
  expect(percentileOfSketch(emptySketch, 50)).toBeNull();
});
