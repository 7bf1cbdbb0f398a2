import type { AttributeValue, StoredRecord } from '../../../core/record.ts';
import type { Aggregate, AggregatePlan, GroupKey, GroupRow } from '../../plan.ts';
import { bucketsOf } from '../../zone.ts';
import { matcherOf } from './matcher.ts';
import { compareText } from './predicate.ts';
import { type ReadValue, readerOf } from './values.ts';
import { isVisible } from './visible.ts';

type KeyValue = AttributeValue | null;

/**
 * Answers a query of groups from records, one by one: what every engine must answer. Without keys there is one group, also of no records.
 * `count` and `distinct` of nothing are 0, the other functions null; they take numbers only (times as epoch microseconds).
 */
export function aggregateRecords(records: Iterable<StoredRecord>, plan: AggregatePlan): GroupRow[] {
  const matches = matcherOf(plan.where);
  const keys = plan.groupBy.map(readKey);
  const groups = new Map<string, { keys: KeyValue[]; records: StoredRecord[] }>();
  if (keys.length === 0) groups.set('[]', { keys: [], records: [] });
  for (const record of records) {
    if (record.tenant !== plan.tenant || record.timestamp < plan.time.fromUs || record.timestamp >= plan.time.toUs) continue;
    if (!isVisible(record, plan.snapshot, plan.positions) || !matches(record)) continue;
    const values = keys.map((read) => read(record) ?? null);
    const name = JSON.stringify(values);
    const group = groups.get(name);
    if (group) group.records.push(record);
    else groups.set(name, { keys: values, records: [record] });
  }
  return orderGroups(
    [...groups.values()].map((group) => rowOf(plan, group.keys, group.records)),
    plan,
  );
}

/** Sorts the rows of groups as the plan says, ties by their keys, and cuts them at its limit. */
export function orderGroups(rows: GroupRow[], plan: AggregatePlan): GroupRow[] {
  const order = [...plan.orderBy, ...plan.groupBy.map(({ as }) => [as, 'asc'] as const)];
  rows.sort((a, b) => {
    for (const [name, direction] of order) {
      const compared = compareValues(a[name] ?? null, b[name] ?? null);
      if (compared !== 0) return direction === 'asc' ? compared : -compared;
    }
    return 0;
  });
  return rows.slice(0, plan.limit);
}

/** Orders values of any type: null, booleans, numbers, texts by code point. */
export function compareValues(a: KeyValue, b: KeyValue): number {
  const rank = typeRank(a) - typeRank(b);
  if (rank !== 0 || a === null || b === null) return rank;
  return typeof a === 'string' ? compareText(a, b as string) : Number(a) - Number(b);
}

const typeRank = (value: KeyValue): number =>
  value === null ? 0 : { boolean: 1, number: 2, string: 3 }[typeof value as 'boolean' | 'number' | 'string'];

function readKey(key: GroupKey): ReadValue {
  if (key.kind === 'field') return readerOf(key.field);
  const buckets = bucketsOf(key.stepUs, key.zone);
  return (record) => buckets.startOf(record.timestamp);
}

function rowOf(plan: AggregatePlan, keys: KeyValue[], records: StoredRecord[]): GroupRow {
  const entries = [
    ...plan.groupBy.map(({ as }, i) => [as, keys[i]!] as const),
    ...plan.aggregates.map((aggregate) => [aggregate.as, computed(aggregate, records)] as const),
  ];
  return Object.fromEntries(entries);
}

function computed(aggregate: Aggregate, records: StoredRecord[]): number | null {
  if (aggregate.fn === 'count') return records.length;
  const read = readerOf(aggregate.field);
  const values = records.map(read).filter((value) => value !== undefined);
  if (aggregate.fn === 'distinct') return new Set(values).size;
  const numbers = values.filter((value) => typeof value === 'number');
  if (numbers.length === 0) return null;
  const sum = (): number => numbers.reduce((total, value) => total + value, 0);
  if (aggregate.fn === 'sum') return sum();
  if (aggregate.fn === 'avg') return sum() / numbers.length;
  if (aggregate.fn === 'percentile') return percentileOf(numbers, aggregate.percent);
  return numbers.reduce((a, b) => (aggregate.fn === 'min' ? Math.min(a, b) : Math.max(a, b)));
}

/** The percentile by linear interpolation between closest ranks. */
function percentileOf(numbers: number[], percent: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const rank = (percent / 100) * (sorted.length - 1);
  const below = sorted[Math.floor(rank)]!;
  const above = sorted[Math.ceil(rank)]!;
  return below + (above - below) * (rank - Math.floor(rank));
}
