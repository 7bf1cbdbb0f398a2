import { zscore } from '../anomaly/robust.ts';
import type { RuleValue } from '../rule/rule.ts';
import { countOf, type Series, windowOf } from '../windows/slot-book.ts';
import type { Look } from './compile.ts';
import { percentileOfCounts } from './percentile.ts';

const minuteUs = 60e6;

/** Computes a value for one group over the window that ends at `atUs`; null where there is nothing to compute it from. */
export function compute(value: RuleValue, looks: readonly Look[], group: string, atUs: number): number | null {
  const name = value.by.length === 0 ? '' : group;
  const series = looks[0]!()?.get(name);
  const fromUs = atUs - value.windowUs;
  switch (value.fn) {
    case 'count':
      return series ? countOf(series, fromUs, atUs) : 0;
    case 'rate':
      return series ? (countOf(series, fromUs, atUs) * minuteUs) / value.windowUs : 0;
    case 'ratio': {
      const whole = series ? countOf(series, fromUs, atUs) : 0;
      const part = looks[1]!()?.get(name);
      return whole === 0 ? null : (part ? countOf(part, fromUs, atUs) : 0) / whole;
    }
    case 'zscore':
      return series ? zscoreOf(value, series, atUs) : null;
    case 'distinct':
      return series ? (windowOf(series, fromUs, atUs).values?.size ?? 0) : 0;
    default:
      return series ? totalOf(value, series, atUs) : null;
  }
}

function totalOf({ fn, windowUs, percent }: RuleValue, series: Series, atUs: number): number | null {
  const part = windowOf(series, atUs - windowUs, atUs);
  if (part.count === 0) return null;
  if (fn === 'sum') return part.sum;
  if (fn === 'avg') return part.sum / part.count;
  if (fn === 'percentile') return percentileOfCounts(part.values as Map<number, number>, percent!);
  return fn === 'min' ? part.min : part.max;
}

/** The window's count, or the average of its field, beside those of the windows before it; from the group's first record on. */
function zscoreOf({ windowUs, historyUs = 0, field }: RuleValue, series: Series, atUs: number): number | null {
  const at = (endUs: number): number | null => {
    if (field === undefined) return countOf(series, endUs - windowUs, endUs);
    const { count, sum } = windowOf(series, endUs - windowUs, endUs);
    return count === 0 ? null : sum / count;
  };
  const value = at(atUs);
  const firstUs = series.slots[0];
  if (value === null || firstUs === undefined) return null;
  const history: number[] = [];
  for (let endUs = atUs - windowUs; endUs - windowUs >= Math.max(atUs - windowUs - historyUs, firstUs); endUs -= windowUs) {
    const before = at(endUs);
    if (before !== null) history.push(before);
  }
  return zscore(value, history, field === undefined ? 1 : undefined)?.score ?? null;
}
