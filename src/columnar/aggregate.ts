import { type QueryRun, unboundedRun } from '../query/budget.ts';
import { orderGroups } from '../query/compile/scan/aggregate.ts';
import type { PartialGroups } from '../query/partial/partial.ts';
import type { AggregatePlan, GroupRow, Groups, ReadStats } from '../query/plan.ts';
import { type Buckets, bucketsOf } from '../query/zone.ts';
import { type Accumulator, accumulatorOf } from './aggregate/accumulators.ts';
import { GroupTable } from './aggregate/groups.ts';
import {
  firstAtOrAfter,
  type GroupState,
  isAnyRow,
  isPruned,
  matchingInTable,
  matchingOf,
  type Question,
  questionOf,
  type Span,
  spansOf,
  stateOf,
  type Times,
  timesOf,
} from './candidates.ts';
import type { Place } from './condition/evaluate.ts';
import { noReads, type RowGroup } from './rows.ts';
import type { Selection } from './selection.ts';
import { type SourceRef, type SourceWindow, windowsOf } from './sources.ts';
import { type Pace, run, type Steps } from './steps.ts';

/** Fields with about as many values as there are rows: their values are not gathered here. */
const manyValued = new Set(['id', 'message', 'trace_id', 'span_id']);

/** Tells whether `aggregate` answers a plan; the rest is for an engine that can spill to disk. */
export function canAggregate({ groupBy, aggregates }: AggregatePlan): boolean {
  const keys = groupBy.map((key) => (key.kind === 'field' ? key.field : 'timestamp'));
  const gathered = aggregates.flatMap((aggregate) => (aggregate.fn === 'distinct' ? [aggregate.field] : []));
  return ![...keys, ...gathered].some((field) => manyValued.has(field));
}

/**
 * Groups rows of tables and parts and computes every aggregate exactly. Counts by service and time are read from the order of the rows alone.
 * Sources must stay open until it resolves.
 * @throws AppError INVALID_QUERY; whatever a source's reads throw
 */
export async function aggregate(sources: SourceRef[], plan: AggregatePlan, query: QueryRun = unboundedRun(), pace?: Pace): Promise<Groups> {
  return await run(aggregating(sources, plan, query), pace);
}

function* aggregating(sources: SourceRef[], plan: AggregatePlan, query: QueryRun): Steps<Groups> {
  const stats = noReads();
  const accumulators = plan.aggregates.map((aggregate) => accumulatorOf(aggregate, query.room));
  const table = yield* grouping(sources, plan, accumulators, stats, query);
  const rows = table.groups.map((ids, group) => rowOf(plan, table, accumulators, ids, group));
  const approximate = plan.aggregates.flatMap(({ as }, a) => (accumulators[a]!.isApproximate ? [as] : []));
  return {
    rows: orderGroups(rows, plan),
    truncated: rows.length > plan.limit,
    stats,
    ...(approximate.length > 0 ? { approximate } : {}),
  };
}

/**
 * Groups rows as `aggregate` does, into what can be added to what other stores say.
 * @throws AppError as `aggregate`
 */
export async function partial(sources: SourceRef[], plan: AggregatePlan, query: QueryRun = unboundedRun()): Promise<PartialGroups> {
  const stats = noReads();
  const accumulators = plan.aggregates.map((aggregate) => accumulatorOf(aggregate, query.room));
  const table = await run(grouping(sources, plan, accumulators, stats, query));
  const groups = table.groups.map((ids, group) => ({
    keys: ids.map((id, k) => table.keys[k]!.values[id]!),
    states: accumulators.map((accumulator) => accumulator.state(group)),
  }));
  return { groups, stats };
}

/** Groups the rows that a plan asks for, and adds each to the accumulators under its group's number. */
export function* grouping(
  sources: SourceRef[],
  plan: AggregatePlan,
  accumulators: Accumulator[],
  stats: ReadStats,
  query: QueryRun = unboundedRun(),
): Steps<GroupTable> {
  const question = questionOf(plan.tenant, plan.where);
  const table = new GroupTable(plan.groupBy, query);
  const states = new Map<RowGroup, GroupState>();
  for (const source of windowsOf(sources, plan, stats)) {
    yield undefined;
    query.check(stats);
    const { group, window } = source;
    const place: Place = { group, window, stats };
    let state = states.get(group);
    if (!state) {
      state = yield* stateOf(group, question, stats);
      states.set(group, state);
    }
    if (isPruned(state, place)) {
      stats.pagesPruned++;
      continue;
    }
    stats.pages++;
    yield* addWindow({ table, accumulators, plan, question }, state, source, place);
  }
  return table;
}

type Work = { table: GroupTable; accumulators: Accumulator[]; plan: AggregatePlan; question: Question };

function* addWindow(work: Work, state: GroupState, source: SourceWindow, place: Place): Steps<void> {
  const { plan, question } = work;
  if (!state.runs) {
    yield* addSelection(work, place, yield* matchingInTable(question, source, place, source.time));
    return;
  }
  const spans = yield* spansOf(state.runs, place, source.time);
  if (spans.length === 0) return;
  if (isAnyRow(question) && !source.visibility && plan.groupBy.every(isOfRun)) yield* addSpans(work, place, spans);
  else yield* addSelection(work, place, yield* matchingOf(spans, question, source, place));
}

const isOfRun = (key: AggregatePlan['groupBy'][number]): boolean =>
  key.kind === 'bucket' || key.field === 'service' || key.field === 'tenant';

/** Adds whole spans: their keys change only with the service and from bucket to bucket. */
function* addSpans({ table, accumulators, plan }: Work, place: Place, spans: Span[]): Steps<void> {
  for (const accumulator of accumulators) yield* accumulator.load(place);
  const buckets = plan.groupBy.map((key) => (key.kind === 'bucket' ? bucketsOf(key.stepUs, key.zone) : undefined));
  const times = buckets.some(Boolean) ? yield* timesOf(place) : undefined;
  for (const { service, from, to } of spans) {
    place.stats.rows += to - from;
    for (let start = from; start < to; ) {
      const end = times ? endOfStretch(times, start, to, buckets) : to;
      const ids = plan.groupBy.map((key, k) => {
        const value =
          key.kind === 'bucket'
            ? buckets[k]!.startOf(times!.values[start - times!.base]!)
            : key.field === 'service'
              ? service
              : plan.tenant;
        return table.keys[k]!.idOf(value);
      });
      const group = table.groupOf(ids);
      for (const accumulator of accumulators) accumulator.addRange(group, start, end);
      start = end;
    }
  }
}

/** The first row behind `start` that is in another bucket of any key. */
function endOfStretch(times: Times, start: number, to: number, buckets: readonly (Buckets | undefined)[]): number {
  let end = to;
  for (const each of buckets) if (each) end = firstAtOrAfter(times, start + 1, end, each.endOf(times.values[start - times.base]!));
  return end;
}

function* addSelection({ table, accumulators }: Work, place: Place, selection: Selection): Steps<void> {
  if (selection.count === 0) return;
  const groups = yield* table.groupsOf(place, selection);
  for (const accumulator of accumulators) {
    yield* accumulator.load(place);
    addRows(accumulator, groups, selection);
  }
}

/** Adds selected rows; those that stand together in one group at once. */
function addRows(accumulator: Accumulator, groups: Int32Array, { rows, count }: Selection): void {
  for (let i = 0; i < count; ) {
    const group = groups[i]!;
    const from = rows[i]!;
    let end = from + 1;
    for (i++; i < count && groups[i] === group && rows[i] === end; i++) end++;
    accumulator.addRange(group, from, end);
  }
}

function rowOf(plan: AggregatePlan, table: GroupTable, accumulators: Accumulator[], ids: number[], group: number): GroupRow {
  const keys = plan.groupBy.map(({ as }, k) => [as, table.keys[k]!.values[ids[k]!]!] as const);
  return Object.fromEntries([...keys, ...plan.aggregates.map(({ as }, k) => [as, accumulators[k]!.result(group)] as const)]);
}
