/** What is looked at of each service: records a minute, the share of errors among them, their 95th percentile of latency. */
export const measures = ['volume', 'error_rate', 'latency'] as const;
export type MeasureName = (typeof measures)[number];

/** One step of a series. `value` is NaN where there is nothing to measure; `n` is how many records it was measured over. */
export type Point = { value: number; n: number };

/**
 * A scale on which a measure's noise is about the same at every height, so that quiet and busy hours can be held against one another, and the least
 * noise that a value has by its nature: counts vary by their root, shares by the number they are of.
 */
export type Scale = {
  to(value: number): number;
  from(scaled: number): number;
  leastSpread(expected: number, n: number, stepMinutes: number): number;
};

/** What is nearer to the usual than this, as a share of it, is nothing: 4 spreads of it are about 20 %. */
const leastRelative = 0.05;

const clamp = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));

const counts: Scale = {
  to: (value) => Math.log1p(value),
  from: (scaled) => Math.max(0, Math.expm1(scaled)),
  // The root of a count, seen through the logarithm; the count is of the whole step.
  leastSpread: (expected, _, stepMinutes) => Math.max(leastRelative, 1 / Math.sqrt(expected * stepMinutes + 1)),
};

/** https://en.wikipedia.org/wiki/Cohen%27s_h: the arcsine of a share's root has the variance 1 / 4n, whatever the share. */
const shares: Scale = {
  to: (value) => Math.asin(Math.sqrt(clamp(value, 0, 1))),
  from: (scaled) => Math.sin(clamp(scaled, 0, Math.PI / 2)) ** 2,
  leastSpread: (_, n) => Math.max(0.01, 1 / (2 * Math.sqrt(Math.max(1, n)))),
};

const times: Scale = {
  to: (value) => Math.log(Math.max(value, 1e-6)),
  from: (scaled) => Math.exp(scaled),
  // A high percentile of few values is mostly chance.
  leastSpread: (_, n) => Math.max(leastRelative, 1.5 / Math.sqrt(Math.max(1, n))),
};

export const scales: Record<MeasureName, Scale> = { volume: counts, error_rate: shares, latency: times };
