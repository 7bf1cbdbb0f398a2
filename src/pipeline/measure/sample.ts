import type { StoredRecord } from '../../core/record.ts';
import { readTime } from '../../core/time.ts';
import { isLabel } from './point.ts';

/** A point as queries see it. `counts` are those of its bins, in order. */
export type Sample = {
  series: string;
  us: number;
  type: string;
  isCumulative: boolean;
  startUs: number | undefined;
  value: number | undefined;
  count: number;
  sum: number;
  min: number | undefined;
  max: number | undefined;
  edges: readonly { lower: number; upper: number }[];
  counts: readonly number[];
};

/** Reads a point from its record; undefined for a record that is none. */
export function sampleOf({ timestamp, timestamp_ns, attributes, service }: StoredRecord): Sample | undefined {
  const { type = 'gauge', value, count, sum, min, max, series, temporality, start } = attributes;
  const hasCount = typeof count === 'number';
  if (typeof value !== 'number' && !hasCount) return undefined;
  const bins = hasCount ? binsOf(attributes) : noBins;
  return {
    series: typeof series === 'string' ? series : `${service}/${attributes.name}`,
    us: timestamp + timestamp_ns / 1_000,
    type: String(type),
    isCumulative: temporality === 'cumulative',
    startUs: typeof start === 'string' ? readTime(start)?.us : undefined,
    value: typeof value === 'number' ? value : undefined,
    count: hasCount ? count : 1,
    sum: hasCount ? numberOr(sum, 0) : (value as number),
    min: numberOr(min, undefined),
    max: numberOr(max, undefined),
    ...bins,
  };
}

/** The labels of a point's record, by name. */
export const labelsOf = ({ attributes }: StoredRecord): Record<string, string | number | boolean> =>
  Object.fromEntries(Object.entries(attributes).filter(([name]) => isLabel(name)));

const noBins = { edges: [], counts: [] };

function binsOf(attributes: StoredRecord['attributes']): Pick<Sample, 'edges' | 'counts'> {
  const { bounds, counts, scale } = attributes;
  if (typeof bounds === 'string' && typeof counts === 'string') {
    const ends = numbersOf(bounds);
    const edges = numbersOf(counts).map((_, i) => ({
      lower: ends[i - 1] ?? numberOr(attributes.min, Math.min(0, ends[0] ?? 0)),
      upper: ends[i] ?? numberOr(attributes.max, ends[i - 1] ?? 0),
    }));
    return { edges: edges.map(inOrder), counts: numbersOf(counts) };
  }
  if (typeof scale !== 'number') return noBins;
  const base = 2 ** (2 ** -scale);
  const side = (sign: 1 | -1, name: 'positive' | 'negative') => {
    const offset = numberOr(attributes[`${name}_offset`], 0);
    return numbersOf(String(attributes[`${name}_counts`] ?? '[]')).map((n, i) => {
      const [near, far] = [base ** (offset + i), base ** (offset + i + 1)];
      return { n, edge: sign > 0 ? { lower: near, upper: far } : { lower: -far, upper: -near } };
    });
  };
  const zero = { n: numberOr(attributes.zero_count, 0), edge: { lower: 0, upper: 0 } };
  const all = [...side(-1, 'negative'), zero, ...side(1, 'positive')];
  return { edges: all.map(({ edge }) => edge), counts: all.map(({ n }) => n) };
}

/** The least and greatest that were seen may lie beyond the neighbouring bound, where a point's range is not that of its outer bin. */
const inOrder = ({ lower, upper }: { lower: number; upper: number }) => (lower <= upper ? { lower, upper } : { lower: upper, upper });

function numbersOf(text: string): number[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.map(Number) : [];
  } catch {
    return [];
  }
}

function numberOr<T>(value: unknown, absent: T): number | T {
  return typeof value === 'number' ? value : absent;
}
