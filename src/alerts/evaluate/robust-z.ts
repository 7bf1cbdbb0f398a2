/** Makes the median absolute deviation of a normal distribution its standard deviation. */
const normal = 1.4826;

/**
 * How many robust standard deviations a value lies from the median of its history; null where there are fewer than `least` values to compare with. A
 * history that never varies counts as varying by one in a hundred of its median, at least by 1.
 */
export function robustZ(value: number, history: readonly number[], least = 8): number | null {
  if (history.length < least) return null;
  const middle = medianOf(history);
  const deviation = normal * medianOf(history.map((item) => Math.abs(item - middle)));
  return (value - middle) / Math.max(deviation, Math.abs(middle) / 100, deviation > 0 ? 0 : 1, Number.MIN_VALUE);
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
