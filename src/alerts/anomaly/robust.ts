/** The middle value, or the mean of the two in the middle; NaN where there is none. */
export function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** What a median absolute deviation is multiplied with to be the standard deviation of a normal distribution: 1 / Φ⁻¹(3/4). */
export const madScale = 1.4826;

/** The spread of values about a centre, as a standard deviation that outliers do not move: the median absolute deviation, scaled. */
export const spreadAbout = (values: ArrayLike<number>, centre: number): number =>
  madScale * median(Float64Array.from(values, (value) => Math.abs(value - centre)));

/** A value held against others: `score` says how many spreads it is above (or below) what was to be expected. */
export type Zscore = { score: number; expected: number; spread: number; samples: number };

/** Fewer values than this say nothing about what is usual. */
export const minSamples = 12;

/**
 * The robust z-score of a value: its distance from the median of other values in units of their spread. Undefined for fewer than `minSamples` values.
 * Where most values are alike the spread would be 0: it is at least 5 % of what is expected, and at least `leastSpread`.
 */
export function zscore(value: number, history: ArrayLike<number>, leastSpread = 1e-9): Zscore | undefined {
  const samples = history.length;
  if (samples < minSamples) return undefined;
  const expected = median(history);
  const spread = Math.max(spreadAbout(history, expected), Math.abs(expected) * 0.05, leastSpread);
  return { score: (value - expected) / spread, expected, spread, samples };
}
