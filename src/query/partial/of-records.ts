import type { AttributeValue, StoredRecord } from '../../core/record.ts';
import { readerOf } from '../compile/scan/values.ts';
import type { AggregatePlan } from '../plan.ts';
import { bucketsOf } from '../zone.ts';
import { noState, type PartialGroup, type PartialState } from './partial.ts';
import type { ValueRoom } from './values.ts';

/** Groups records that a plan asks for, one by one. Without keys there is one group, also of no records. */
export function partialOfRecords(records: Iterable<StoredRecord>, plan: AggregatePlan, room: ValueRoom): PartialGroup[] {
  const groups = new Map<string, PartialGroup>();
  const keys = plan.groupBy.map((key) => {
    if (key.kind === 'field') return readerOf(key.field);
    const { startOf } = bucketsOf(key.stepUs, key.zone);
    return (record: StoredRecord) => startOf(record.timestamp);
  });
  const readers = plan.aggregates.map((aggregate) => (aggregate.fn === 'count' ? undefined : readerOf(aggregate.field)));
  const groupOf = (values: PartialGroup['keys']): PartialGroup => {
    const name = JSON.stringify(values);
    const group = groups.get(name) ?? { keys: values, states: plan.aggregates.map((aggregate) => noState(aggregate, room)) };
    groups.set(name, group);
    return group;
  };
  if (keys.length === 0) groupOf([]);
  for (const record of records) {
    const { states } = groupOf(keys.map((read) => read(record) ?? null));
    for (const [i, state] of states.entries()) addValue(state, readers[i]?.(record));
  }
  return [...groups.values()];
}

function addValue(state: PartialState, value: AttributeValue | undefined): void {
  if (state.kind === 'count') state.count++;
  else if (value === undefined) return;
  else if (state.kind === 'distincts') state.values.add(value);
  else if (typeof value !== 'number') return;
  else if (state.kind === 'quantiles') state.values.add(value);
  else {
    state.count++;
    state.sum += value;
    state.min = Math.min(state.min, value);
    state.max = Math.max(state.max, value);
  }
}
