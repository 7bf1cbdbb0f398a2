import type { AttributeValue } from '../core/record.ts';
import type { Expression } from '../query/ast/expression.ts';
import { type Leaf, normalise } from '../query/ast/visit.ts';
import { predicateOf } from '../query/compile/scan/predicate.ts';
import type { TimeRange } from '../query/plan.ts';
import { type Condition, conditionOf } from './condition/condition.ts';
import { keepMatching, type Place } from './condition/evaluate.ts';
import { pagesOf } from './condition/prune.ts';
import { PartGroup } from './group.ts';
import type { ColumnData, RowGroup, Run } from './rows.ts';
import { Selection } from './selection.ts';
import type { SourceGroup } from './sources.ts';
import type { Steps } from './steps.ts';
import { keepVisible } from './visibility.ts';

/** What a query asks of rows, compiled once: the part that runs decide (tenant and service), and the rest. */
export type Question = { tenant: string; services: ((service: AttributeValue) => boolean)[]; rest: Condition; whole: Condition };

/** Half-open range of rows of one service, in the order of time. */
export type Span = { service: string; from: number; to: number };

/** Compiles an expression. @throws AppError INVALID_QUERY */
export function questionOf(tenant: string, where: Expression): Question {
  const flat = normalise(where);
  const items = flat.kind === 'and' ? flat.items : [flat];
  const isOnService = (item: Expression): item is Leaf => 'field' in item && item.field === 'service';
  const ofTenant: Expression = { kind: 'compare', op: '=', field: 'tenant', value: tenant };
  return {
    tenant,
    services: items.filter(isOnService).map(predicateOf),
    rest: conditionOf({ kind: 'and', items: items.filter((item) => !isOnService(item)) }),
    whole: conditionOf({ kind: 'and', items: [ofTenant, ...items] }),
  };
}

/** Whether every row of a sorted group's matching runs is an answer, but for its time. */
export const isAnyRow = ({ rest }: Question): boolean => rest.kind === 'all' && rest.items.length === 0;

/** What has been found out about one row group for one query. */
export type GroupState = { runs: readonly Run[] | undefined; pages: number };

/** Finds a group's runs of the tenant and services asked for, and the pages its index leaves. */
export function* stateOf(group: RowGroup, question: Question, stats: Place['stats']): Steps<GroupState> {
  if (!(group instanceof PartGroup)) return { runs: undefined, pages: 0xffffffff };
  const runs = group.runs.filter(
    ({ tenant, service }) => tenant === question.tenant && question.services.every((accepts) => accepts(service)),
  );
  return { runs, pages: runs.length === 0 ? 0 : yield* pagesOf(question.rest, group, stats) };
}

export const isPruned = (state: GroupState, place: Place): boolean =>
  state.runs !== undefined && ((state.pages >>> place.window.index) & 1) === 0;

/** The rows of a window that are of the tenant and services asked for and lie in `[fromUs, toUs)`, as spans in the order of time each. */
export function* spansOf(runs: readonly Run[], place: Place, { fromUs, toUs }: TimeRange): Steps<Span[]> {
  const { window } = place;
  const spans: Span[] = [];
  for (let k = firstBehind(runs, window.from); k < runs.length && runs[k]!.from < window.to; k++) {
    const { service, from, to } = runs[k]!;
    spans.push({ service, from: Math.max(from, window.from), to: Math.min(to, window.to) });
  }
  if (spans.length === 0 || (window.minTimestamp >= fromUs && window.maxTimestamp < toUs)) return spans;
  const times = yield* timesOf(place);
  const inTime = spans.map(({ service, from, to }) => ({
    service,
    from: firstAtOrAfter(times, from, to, fromUs),
    to: firstAtOrAfter(times, from, to, toUs),
  }));
  return inTime.filter(({ from, to }) => to > from);
}

/** The timestamps of a window: a row's is at `row - base`. */
export type Times = { values: Float64Array; base: number };

export function* timesOf({ group, window, stats }: Place): Steps<Times> {
  return (yield* group.load('timestamp', window, stats)) as Extract<ColumnData, { kind: 'numbers' }> & Times;
}

/** Finds the first row of `[from, to)` whose time is at or after `us`; their times ascend. */
export function firstAtOrAfter({ values, base }: Times, from: number, to: number, us: number): number {
  let low = from - base;
  let high = to - base;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < us) low = middle + 1;
    else high = middle;
  }
  return low + base;
}

/** Keeps of the spans' rows those that may be seen and satisfy the rest of the query. */
export function* matchingOf(spans: Span[], question: Question, source: SourceGroup, place: Place): Steps<Selection> {
  const selection = Selection.room(place.window.to - place.window.from);
  for (const { from, to } of spans) selection.addRange(from, to);
  place.stats.rows += selection.count;
  if (source.visibility) yield* keepVisible(source.visibility, place, selection);
  yield* keepMatching(question.rest, place, selection);
  return selection;
}

/** Keeps of the window of a table the rows that are in `[fromUs, toUs)`, may be seen and satisfy the whole query. */
export function* matchingInTable(question: Question, source: SourceGroup, place: Place, { fromUs, toUs }: TimeRange): Steps<Selection> {
  const { window } = place;
  const selection = Selection.room(window.to - window.from);
  selection.addRange(window.from, window.to);
  place.stats.rows += selection.count;
  if (window.minTimestamp < fromUs || window.maxTimestamp >= toUs) {
    const { values, base } = yield* timesOf(place);
    selection.keep((row) => values[row - base]! >= fromUs && values[row - base]! < toUs);
  }
  if (source.visibility) yield* keepVisible(source.visibility, place, selection);
  yield* keepMatching(question.whole, place, selection);
  return selection;
}

function firstBehind(runs: readonly Run[], row: number): number {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (runs[middle]!.to <= row) low = middle + 1;
    else high = middle;
  }
  return low;
}
