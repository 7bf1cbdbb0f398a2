import type { AttributeValue } from '../../core/record.ts';
import { orderGroups } from '../compile/scan/aggregate.ts';
import type { Aggregate, AggregatePlan, GroupRow, ReadStats } from '../plan.ts';
import { Distincts, Quantiles, type ValueRoom } from './values.ts';

/** What a part of the records says of one aggregate of one group; two of a kind add up. */
export type PartialState =
  | { kind: 'count'; count: number }
  | { kind: 'totals'; count: number; sum: number; min: number; max: number }
  | { kind: 'quantiles'; values: Quantiles }
  /** `more`: how many values there are besides, each in no other part. */
  | { kind: 'distincts'; values: Distincts; more?: number };

export type PartialGroup = { keys: (AttributeValue | null)[]; states: PartialState[] };

/** The groups of a part of the records, with a state for each aggregate of the plan, in its order. */
export type PartialGroups = { groups: PartialGroup[]; stats: ReadStats };

/** What no record says of an aggregate. */
export function noState({ fn }: Aggregate, room: ValueRoom): PartialState {
  if (fn === 'count') return { kind: 'count', count: 0 };
  if (fn === 'percentile') return { kind: 'quantiles', values: new Quantiles(room) };
  if (fn === 'distinct') return { kind: 'distincts', values: new Distincts(room) };
  return { kind: 'totals', count: 0, sum: 0, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
}

function add(to: PartialState, from: PartialState): void {
  if (to.kind === 'count' && from.kind === 'count') to.count += from.count;
  else if (to.kind === 'totals' && from.kind === 'totals') {
    to.count += from.count;
    to.sum += from.sum;
    to.min = Math.min(to.min, from.min);
    to.max = Math.max(to.max, from.max);
  } else if (to.kind === 'quantiles' && from.kind === 'quantiles') to.values.merge(from.values);
  else if (to.kind === 'distincts' && from.kind === 'distincts') {
    to.values.merge(from.values);
    to.more = (to.more ?? 0) + (from.more ?? 0);
  }
}

/**
 * Adds up what disjoint parts of the records say. Counts, sums, averages, least and greatest values are exact; percentiles and distinct counts are, until their values
 * have no room: `approximate` names those that are then within 1 %.
 */
export function mergePartials(
  plan: AggregatePlan,
  parts: readonly PartialGroups[],
): { rows: GroupRow[]; truncated: boolean; approximate: string[] } {
  const [first, ...others] = parts;
  const groups = new Map((first?.groups ?? []).map((group) => [JSON.stringify(group.keys), group]));
  for (const { groups: more } of others) {
    for (const group of more) {
      const name = JSON.stringify(group.keys);
      const known = groups.get(name);
      if (!known) groups.set(name, group);
      else for (const [i, state] of known.states.entries()) add(state, group.states[i]!);
    }
  }
  const approximate = new Set<string>();
  const rows = [...groups.values()].map(({ keys, states }) => {
    const values = plan.aggregates.map((aggregate, i) => {
      const state = states[i]!;
      if ('values' in state && !state.values.isExact) approximate.add(aggregate.as);
      return [aggregate.as, resultOf(aggregate, state)] as const;
    });
    return Object.fromEntries([...plan.groupBy.map(({ as }, k) => [as, keys[k]!] as const), ...values]);
  });
  return { rows: orderGroups(rows, plan), truncated: rows.length > plan.limit, approximate: [...approximate] };
}

function resultOf(aggregate: Aggregate, state: PartialState): number | null {
  switch (state.kind) {
    case 'count':
      return state.count;
    case 'quantiles':
      return aggregate.fn === 'percentile' ? state.values.result(aggregate.percent) : null;
    case 'distincts':
      return state.values.result() + (state.more ?? 0);
    case 'totals': {
      if (state.count === 0) return null;
      return aggregate.fn === 'avg' ? state.sum / state.count : state[aggregate.fn as 'sum' | 'min' | 'max'];
    }
  }
}
