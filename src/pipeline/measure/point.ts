import { hash } from 'node:crypto';

export const metricTypes = ['gauge', 'counter', 'histogram', 'exponential_histogram', 'summary'] as const;
export type MetricType = (typeof metricTypes)[number];

/** `delta`: of the time since the last point; `cumulative`: since the series began, or was reset. */
export type Temporality = 'delta' | 'cumulative';

/** Counts of buckets between bounds, ascending: bucket i ends with bounds[i], which it includes; the last has no end. */
export type Buckets = { bounds: number[]; counts: number[] };

/** Counts of exponential buckets: bucket i of `counts` ends with 2^((offset + i + 1) / 2^scale), which it includes. Source: OpenTelemetry's data model. */
export type ExponentialBuckets = {
  scale: number;
  zeroCount: number;
  positive: { offset: number; counts: number[] };
  negative: { offset: number; counts: number[] };
};

/** What was measured, without what it was measured of. `value` of a gauge or counter; the rest of histograms and summaries. */
export type Measured = {
  value?: number;
  count?: number;
  sum?: number;
  min?: number;
  max?: number;
  buckets?: Buckets;
  exponential?: ExponentialBuckets;
  quantiles?: { quantile: number; value: number }[];
};

/** One point of a series of a metric. `labels` are its attributes by name. */
export type MetricPoint = {
  name: string;
  type: MetricType;
  unit?: string;
  temporality?: Temporality;
  /** RFC 3339. */
  time?: string;
  /** When a cumulative series began, RFC 3339: another start is a reset. */
  start?: string;
  service?: string;
  host?: string;
  env?: string;
  labels: ReadonlyMap<string, unknown>;
} & Measured;

/** What a point's own fields are called among the attributes of its record; a label of such a name gets the prefix `label.`. */
const pointFields: ReadonlySet<string> = new Set([
  ...['name', 'type', 'unit', 'temporality', 'start', 'series', 'value', 'count', 'sum', 'min', 'max', 'bounds', 'counts', 'quantiles'],
  ...['scale', 'zero_count', 'positive_offset', 'positive_counts', 'negative_offset', 'negative_counts', 'trace_id', 'span_id'],
]);

/** The attribute that a label becomes. */
export const attributeOfLabel = (label: string): string => (pointFields.has(label) ? `label.${label}` : label);
/** Whether an attribute of a point's record is one of its labels. */
export const isLabel = (attribute: string): boolean => !pointFields.has(attribute);

/** A point as a record: its name the message, so that a search finds it; all else as attributes. `series` comes from `seriesOf`. */
export function lineOf(point: MetricPoint, series: string): string {
  const { name, type, unit, temporality, time, start, service, host, env, labels, buckets, exponential, quantiles } = point;
  const attributes: Record<string, unknown> = { name, type, unit, temporality, start, series };
  attributes.value = point.value;
  for (const field of ['count', 'sum', 'min', 'max'] as const) attributes[field] = point[field];
  if (buckets) {
    attributes.bounds = JSON.stringify(buckets.bounds);
    attributes.counts = JSON.stringify(buckets.counts);
  }
  if (exponential) {
    const { scale, zeroCount, positive, negative } = exponential;
    Object.assign(attributes, { scale, zero_count: zeroCount });
    Object.assign(attributes, { positive_offset: positive.offset, positive_counts: JSON.stringify(positive.counts) });
    Object.assign(attributes, { negative_offset: negative.offset, negative_counts: JSON.stringify(negative.counts) });
  }
  if (quantiles) attributes.quantiles = JSON.stringify(quantiles);
  for (const [label, value] of labels) attributes[attributeOfLabel(label)] = value;
  return JSON.stringify({ timestamp: time, service, host, env, message: name, attributes });
}

/**
 * Names the series of a point: the same for every point of the same name, type, service, host, env and labels. Letters only, so that nobody takes it for
 * a number that must be hidden.
 */
export function seriesOf({ name, type, unit, service, host, env, labels }: MetricPoint): string {
  const sorted = [...labels].sort(([a], [b]) => (a < b ? -1 : 1));
  const digest = hash('sha256', JSON.stringify([name, type, unit, service, host, env, sorted]), 'hex');
  return digest.slice(0, 16).replaceAll(/\d/g, (digit) => 'ghijklmnop'[Number(digit)]!);
}

/** What is wrong with a point's numbers: where and what; undefined where they will do. */
export function faultOfMeasured(type: MetricType, measured: Measured): { path: string; detail: string } | undefined {
  const { value, count, buckets, exponential } = measured;
  if (type === 'gauge' || type === 'counter') {
    if (value === undefined) return { path: 'value', detail: `a ${type} needs a number` };
    if (!Number.isFinite(value)) return { path: 'value', detail: `${value} cannot be kept; give a finite number` };
    return type === 'counter' && value < 0 ? { path: 'value', detail: `${value}: a counter never counts below 0; use a gauge` } : undefined;
  }
  for (const field of ['count', 'sum', 'min', 'max'] as const) {
    const number = measured[field];
    if (number !== undefined && !Number.isFinite(number)) return { path: field, detail: `${number} cannot be kept; give a finite number` };
  }
  if (count === undefined || !isCount(count))
    return { path: 'count', detail: `a ${type} needs how many were counted, a whole number from 0` };
  if (buckets) return faultOfBuckets(buckets, count);
  if (exponential) {
    const { zeroCount, positive, negative } = exponential;
    const inBuckets = [...positive.counts, ...negative.counts, zeroCount];
    if (!inBuckets.every(isCount)) return { path: 'counts', detail: 'a bucket holds a whole number from 0' };
    return sumOf(inBuckets) === count ? undefined : { path: 'count', detail: `the buckets hold ${sumOf(inBuckets)}, not ${count}` };
  }
  return undefined;
}

function faultOfBuckets({ bounds, counts }: Buckets, count: number): { path: string; detail: string } | undefined {
  const at = bounds.findIndex((bound, i) => !Number.isFinite(bound) || (i > 0 && bound <= bounds[i - 1]!));
  if (at >= 0) return { path: `bounds[${at}]`, detail: 'bounds are finite numbers that ascend' };
  if (counts.length !== bounds.length + 1) {
    return { path: 'counts', detail: `${counts.length} buckets for ${bounds.length} bounds; there is one more bucket than bounds` };
  }
  const bad = counts.findIndex((n) => !isCount(n));
  if (bad >= 0) return { path: `counts[${bad}]`, detail: 'a bucket holds a whole number from 0' };
  return sumOf(counts) === count ? undefined : { path: 'count', detail: `the buckets hold ${sumOf(counts)}, not ${count}` };
}

const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;
const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, n) => sum + n, 0);
