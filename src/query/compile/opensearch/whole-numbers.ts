import type { TimeRange } from '../../plan.ts';
import { all, allOf, type Dsl, exists, none, range, term } from './dsl.ts';

/** Beyond these a double is no `long` of the index. */
const maxLong = 2 ** 63;

/** Compares a field of whole numbers, which takes no fractions and nothing beyond 64 bits, with any number. */
export function wholeComparison(column: string, op: '=' | '>' | '>=' | '<' | '<=', literal: number): Dsl {
  if (op === '=') return isLong(literal) ? term(column, literal + 0) : none;
  if (op === '>') return wholeComparison(column, '>=', nextWhole(literal));
  if (op === '<=') return wholeComparison(column, '<', nextWhole(literal));
  const from = Math.ceil(literal) + 0;
  if (from >= maxLong) return op === '>=' ? none : exists(column);
  if (from < -maxLong) return op === '>=' ? exists(column) : none;
  return range(column, { [op === '>=' ? 'gte' : 'lt']: from });
}

/** Whether a number is one that a `long` can be. */
export const isLong = (value: number): boolean => Number.isInteger(value) && Math.abs(value) < maxLong;

function nextWhole(value: number): number {
  const whole = Math.floor(value);
  return whole + 1 > whole ? whole + 1 : above(whole);
}

/** The next double, where whole numbers are further apart than 1. */
function above(value: number): number {
  const bits = new BigInt64Array(new Float64Array([value]).buffer);
  bits[0] = bits[0]! + (value < 0 ? -1n : 1n);
  return new Float64Array(bits.buffer)[0]!;
}

export function timeQuery({ fromUs, toUs }: TimeRange): Dsl {
  if (!(fromUs < toUs)) return none;
  const column = 'timestamp.us';
  const from = fromUs <= 0 ? all : wholeComparison(column, '>=', fromUs);
  return allOf([from, wholeComparison(column, '<', toUs)]);
}
