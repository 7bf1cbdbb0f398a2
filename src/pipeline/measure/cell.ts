import { binOf, Distribution } from './distribution.ts';
import type { Sample } from './sample.ts';

export const metricAggs = ['avg', 'sum', 'min', 'max', 'count', 'last', 'rate'] as const;
/** What is asked of the points of a bucket; a percentile as `p50` to `p99`, also `p99.9`. */
export type MetricAgg = (typeof metricAggs)[number] | `p${number}`;

/** A series that says nothing for longer than this begins anew: nothing is counted between the two points. */
export const gapUs = 3_600_000_000;

/** All that is known of one group of points within one bucket of time. Two are merged by adding them. */
export type Cell = {
  /** Observations: points of gauges and counters, what histograms counted. */
  count: number;
  sum: number;
  min: number;
  max: number;
  /** How far counters rose, and histograms counted. */
  increase: number;
  isCounter: boolean;
  isHistogram: boolean;
  lastUs: number;
  last: number;
  /** Single values, as long as they are kept; else they are counted in `distribution`. */
  values: number[] | undefined;
  distribution: Distribution;
};

export const emptyCell = (): Cell => ({
  count: 0,
  sum: 0,
  min: Number.POSITIVE_INFINITY,
  max: Number.NEGATIVE_INFINITY,
  increase: 0,
  isCounter: false,
  isHistogram: false,
  lastUs: Number.NEGATIVE_INFINITY,
  last: 0,
  values: [],
  distribution: new Distribution(),
});

/** Adds a point to the cell of its bucket. `before` is the point of the same series before it. */
export function addSample(cell: Cell, sample: Sample, before: Sample | undefined): void {
  const isReset = resets(sample, before);
  if (sample.value !== undefined) addValue(cell, sample, sample.value, isReset ? undefined : before?.value, before);
  else addHistogram(cell, sample, sample.isCumulative && !isReset ? before : undefined, before);
  if (sample.us >= cell.lastUs) {
    cell.lastUs = sample.us;
    cell.last = sample.value ?? (sample.count === 0 ? 0 : sample.sum / sample.count);
  }
}

function addValue(cell: Cell, sample: Sample, value: number, former: number | undefined, before: Sample | undefined): void {
  cell.count++;
  cell.sum += value;
  cell.min = Math.min(cell.min, value);
  cell.max = Math.max(cell.max, value);
  cell.values?.push(value);
  if (!cell.values) cell.distribution.add(binOf(value));
  if (sample.type !== 'counter') return;
  cell.isCounter = true;
  if (!sample.isCumulative) cell.increase += value;
  else if (former !== undefined) cell.increase += value - former;
  else if (before || startsWithin(sample)) cell.increase += value;
}

function addHistogram(cell: Cell, sample: Sample, former: Sample | undefined, before: Sample | undefined): void {
  // Of a cumulative series only what came since its last point belongs here; of its first point nobody knows when that was.
  if (sample.isCumulative && !before && !startsWithin(sample)) return;
  const count = sample.count - (former?.count ?? 0);
  cell.count += count;
  cell.increase += count;
  cell.isCounter = true;
  cell.isHistogram = true;
  cell.sum += sample.sum - (former?.sum ?? 0);
  const isSame = former?.counts.length === sample.counts.length;
  for (const [i, edge] of sample.edges.entries()) {
    const n = sample.counts[i]! - (isSame ? former!.counts[i]! : 0);
    if (n <= 0) continue;
    cell.distribution.add({ ...edge, n });
    cell.min = Math.min(cell.min, former ? edge.lower : (sample.min ?? edge.lower));
    cell.max = Math.max(cell.max, former ? edge.upper : (sample.max ?? edge.upper));
  }
  if (sample.min !== undefined && !former) cell.min = Math.min(cell.min, sample.min);
  if (sample.max !== undefined && !former) cell.max = Math.max(cell.max, sample.max);
}

/** Whether a cumulative series began anew between two points: it fell, or says that it started in between. */
function resets(sample: Sample, before: Sample | undefined): boolean {
  if (!sample.isCumulative || !before) return false;
  if (sample.startUs !== undefined && before.startUs !== undefined && sample.startUs > before.us) return true;
  return sample.value !== undefined && before.value !== undefined ? sample.value < before.value : sample.count < before.count;
}

/** A first point that says since when it counts, within the time in which a former point would have been seen. */
const startsWithin = ({ startUs, us }: Sample): boolean => startUs !== undefined && us - startUs <= gapUs;

/** Adds one cell to another. */
export function mergeCell(into: Cell, cell: Cell): void {
  into.count += cell.count;
  into.sum += cell.sum;
  into.min = Math.min(into.min, cell.min);
  into.max = Math.max(into.max, cell.max);
  into.increase += cell.increase;
  into.isCounter ||= cell.isCounter;
  into.isHistogram ||= cell.isHistogram;
  if (cell.lastUs >= into.lastUs) {
    into.lastUs = cell.lastUs;
    into.last = cell.last;
  }
  into.distribution.merge(cell.distribution);
  if (into.values && cell.values) for (const value of cell.values) into.values.push(value);
  else if (into.values) {
    for (const value of into.values) into.distribution.add(binOf(value));
    into.values = undefined;
  } else for (const value of cell.values ?? []) into.distribution.add(binOf(value));
}

/**
 * Reads an aggregate off a cell that covers `us` microseconds; null where it has nothing to say. `sum` of a counter is how far it rose. `rate` is that, or what a
 * histogram counted, a minute. Percentiles of single values are exact (between the closest ranks), of histograms as exact as their bounds.
 */
export function readCell(cell: Cell, agg: MetricAgg, us: number): number | null {
  const { count, sum, min, max, increase, isCounter, isHistogram, last, values, distribution } = cell;
  if (agg === 'count') return count;
  if (agg === 'rate') return isCounter ? (increase * 60e6) / us : null;
  if (count === 0) return null;
  switch (agg) {
    case 'avg':
      return sum / count;
    case 'sum':
      return isCounter && !isHistogram ? increase : sum;
    case 'min':
      return Number.isFinite(min) ? min : null;
    case 'max':
      return Number.isFinite(max) ? max : null;
    case 'last':
      return last;
    default: {
      const percent = Number(agg.slice(1));
      return values && distribution.total === 0 ? ranked(values, percent) : (distribution.percentile(percent) ?? null);
    }
  }
}

function ranked(values: number[], percent: number): number | null {
  if (values.length === 0) return null;
  const sorted = values.slice().sort((a, b) => a - b);
  const rank = (percent / 100) * (sorted.length - 1);
  const low = sorted[Math.floor(rank)]!;
  return low + (sorted[Math.ceil(rank)]! - low) * (rank - Math.floor(rank));
}
