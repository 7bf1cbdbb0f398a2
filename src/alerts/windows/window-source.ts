import type { AttributeValue } from '../../core/record.ts';
import type { Expression } from '../../query/ast/expression.ts';
import type { GroupValue, RuleSignal } from '../rule/rule.ts';

/**
 * What is asked of each slot of time and each group. `count`: how many records. `totals`: of those whose `field` is a number, how many, and
 * their sum, least and greatest. `values`: how often each value of `field` occurs, numbers only where `isNumeric`.
 */
export type Family = {
  signal: RuleSignal;
  where: Expression;
  by: string[];
  shape: { kind: 'count' } | { kind: 'totals'; field: string } | { kind: 'values'; field: string; isNumeric: boolean };
};

/** The part of one slot: parts add up. `values` may be rounded to within 1 % where a source keeps histograms. */
export type WindowPart = { count: number; sum: number; min: number; max: number; values: Map<AttributeValue, number> | undefined };

/** The part of one slot (`[slotUs, slotUs + slot length)`, epoch microseconds, event time) and one group, by the family's keys. */
export type SlotRow = { slotUs: number; key: GroupValue[]; part: WindowPart };

/**
 * How far a source is whole: every record that was observed before `us` is in what is read after this was asked for. A window is due once `us` has come
 * to its end plus `latenessUs`: records on their way are waited for so long.
 */
export type Watermark = { us: number; latenessUs: number };

/**
 * Counts of records by slot of event time, and how far they are whole.
 */
export interface WindowSource {
  /** Length of a slot, microseconds; slots are aligned to the epoch. A divisor of a minute. */
  readonly slotUs: number;
  watermark(signal: RuleSignal): Promise<Watermark>;
  /** The slots in [fromUs, toUs), both slot starts; groups and slots without records are left out. @throws AppError STORE_UNAVAILABLE */
  read(tenant: string, family: Family, fromUs: number, toUs: number): Promise<SlotRow[]>;
  /** When each group was last seen in [fromUs, toUs): the start of its last slot. */
  lastSeen(tenant: string, family: Family, fromUs: number, toUs: number): Promise<{ key: GroupValue[]; slotUs: number }[]>;
  /** Slots in [fromUs, toUs) that got records observed in [observedFromUs, observedToUs): what came late. */
  changedSlots(
    tenant: string,
    signal: RuleSignal,
    range: { fromUs: number; toUs: number; observedFromUs: number; observedToUs: number },
  ): Promise<number[]>;
}

export const slotOf = (timeUs: number, slotUs: number): number => Math.floor(timeUs / slotUs) * slotUs;

export const emptyPart = (): WindowPart => ({
  count: 0,
  sum: 0,
  min: Number.POSITIVE_INFINITY,
  max: Number.NEGATIVE_INFINITY,
  values: undefined,
});

/** Adds a part to a sum of parts. */
export function addPart(sum: WindowPart, { count, sum: more, min, max, values }: WindowPart): void {
  sum.count += count;
  sum.sum += more;
  if (min < sum.min) sum.min = min;
  if (max > sum.max) sum.max = max;
  if (!values) return;
  sum.values ??= new Map();
  for (const [value, times] of values) sum.values.set(value, (sum.values.get(value) ?? 0) + times);
}
