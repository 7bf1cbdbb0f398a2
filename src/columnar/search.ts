import { BudgetSpent, type QueryRun, unboundedRun } from '../query/budget.ts';
import { compareSortKeys } from '../query/compile/scan/visible.ts';
import type { ReadStats, SearchPlan, SearchResult, SortKey } from '../query/plan.ts';
import {
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
  timesOf,
} from './candidates.ts';
import type { Place } from './condition/evaluate.ts';
import { type Hit, recordsOf } from './materialise.ts';
import { noReads, type RowGroup, type Window } from './rows.ts';
import type { Selection } from './selection.ts';
import { commonTime, type SourceRef, type SourceWindow, windowsOf } from './sources.ts';
import { run, type Steps } from './steps.ts';

/**
 * Answers a list query over tables and parts as one list, newest (or oldest) first. Windows of all sources are taken in the order of their
 * times, so that the search ends when no window left can hold a better row than the last one found. Sources must stay open until it resolves.
 * @throws AppError INVALID_QUERY; whatever a source's reads throw
 */
export async function search(sources: SourceRef[], plan: SearchPlan, query: QueryRun = unboundedRun()): Promise<SearchResult> {
  return await run(searching(sources, plan, query));
}

function* searching(sources: SourceRef[], plan: SearchPlan, query: QueryRun): Steps<SearchResult> {
  const stats = noReads();
  const question = questionOf(plan.tenant, plan.where);
  const best = new BestHits(plan);
  const windows = windowsOf(sources, { ...plan, time: best.time }, stats);
  windows.sort(
    plan.order === 'desc'
      ? (a, b) => b.window.maxTimestamp - a.window.maxTimestamp
      : (a, b) => a.window.minTimestamp - b.window.minTimestamp,
  );
  const states = new Map<RowGroup, GroupState>();
  for (const source of windows) {
    const { group, window } = source;
    if (!best.isWanted(window.minTimestamp, window.maxTimestamp)) break;
    yield undefined;
    const spent = spentBy(() => query.check(stats));
    if (spent) return yield* stoppedAt(best, plan, window, spent, stats);
    let state = states.get(group);
    if (!state) {
      state = yield* stateOf(group, question, stats);
      states.set(group, state);
    }
    const place: Place = { group, window, stats };
    if (isPruned(state, place)) {
      stats.pagesPruned++;
      continue;
    }
    stats.pages++;
    yield* collect(best, question, state, source, place);
  }
  return { records: yield* recordsOf(best.finish(), stats), stats };
}

function spentBy(check: () => void): BudgetSpent | undefined {
  try {
    check();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof BudgetSpent) return thrown;
    throw thrown;
  }
}

/**
 * What is certain of a search that stops before a window: the records that stand before all that it holds, and where to go on.
 * @throws BudgetSpent where that is where it began
 */
function* stoppedAt(best: BestHits, plan: SearchPlan, window: Window, spent: BudgetSpent, stats: ReadStats): Steps<SearchResult> {
  const isDescending = plan.order === 'desc';
  const edge = isDescending ? window.maxTimestamp : window.minTimestamp;
  const hits = best.finish().filter(({ timestamp }) => (isDescending ? timestamp > edge : timestamp < edge));
  const beganUs = plan.after?.timestamp ?? (isDescending ? plan.time.toUs : plan.time.fromUs);
  if (hits.length === 0 && (isDescending ? edge + 1 >= beganUs : edge <= beganUs)) throw spent;
  const resume = { timestamp: isDescending ? edge + 1 : edge, timestamp_ns: -1, generation: 0, partition: 0, offset: 0 };
  return { records: yield* recordsOf(hits, stats), stats, reasons: [spent.detail], resume };
}

function* collect(best: BestHits, question: Question, state: GroupState, source: SourceWindow, place: Place): Steps<void> {
  const time = commonTime(best.time, source.time);
  let selection: Selection;
  if (!state.runs) selection = yield* matchingInTable(question, source, place, time);
  else {
    const spans = yield* spansOf(state.runs, place, time);
    if (spans.length === 0) return;
    const isAny = isAnyRow(question) && !source.visibility && !best.after;
    selection = yield* matchingOf(isAny ? spans.map((span) => best.endOf(span)) : spans, question, source, place);
  }
  if (selection.count > 0) yield* addHits(best, place, selection);
}

function* addHits(best: BestHits, place: Place, selection: Selection): Steps<void> {
  const { group, window, stats } = place;
  const { values, base } = yield* timesOf(place);
  selection.keep((row) => best.isWanted(values[row - base]!, values[row - base]!));
  const rows = [...selection.rows.subarray(0, selection.count)];
  const nanoseconds = yield* group.pick('timestamp_ns', window, rows, stats);
  const generations = yield* group.pick('generation', window, rows, stats);
  const partitions = yield* group.pick('partition', window, rows, stats);
  const offsets = yield* group.pick('offset', window, rows, stats);
  rows.forEach((row, i) => {
    const timestamp = values[row - base]!;
    if (!best.isWanted(timestamp, timestamp)) return;
    best.add({
      group,
      window,
      row,
      timestamp,
      timestamp_ns: nanoseconds[i] as number,
      generation: generations[i] as number,
      partition: partitions[i] as number,
      offset: offsets[i] as number,
    });
  });
}

/** The best rows found so far. */
class BestHits {
  /** The range of times that can still be wanted: it narrows as hits are found. */
  time: { fromUs: number; toUs: number };
  readonly after: SortKey | undefined;
  readonly #limit: number;
  readonly #isDescending: boolean;
  #hits: Hit[] = [];
  #isSorted = true;

  constructor({ time, after, limit, order }: SearchPlan) {
    this.#limit = limit;
    this.#isDescending = order === 'desc';
    this.after = after;
    this.time = { ...time };
    if (after && this.#isDescending) this.time.toUs = Math.min(time.toUs, after.timestamp + 1);
    else if (after) this.time.fromUs = Math.max(time.fromUs, after.timestamp);
  }

  isWanted(minTimestamp: number, maxTimestamp: number): boolean {
    return this.#limit > 0 && maxTimestamp >= this.time.fromUs && minTimestamp < this.time.toUs;
  }

  /** The rows of a span, in the order of time, that alone can be among the best. */
  endOf({ service, from, to }: Span): Span {
    if (this.#isDescending) return { service, from: Math.max(from, to - this.#limit), to };
    return { service, from, to: Math.min(to, from + this.#limit) };
  }

  add(hit: Hit): void {
    if (this.after && this.#order(hit, this.after) <= 0) return;
    this.#hits.push(hit);
    this.#isSorted = false;
    const isFirstFull = this.#hits.length === this.#limit;
    if (isFirstFull || this.#hits.length >= this.#limit * 2 + 1024) this.#cut();
  }

  finish(): Hit[] {
    if (!this.#isSorted) this.#cut();
    return this.#hits;
  }

  #order = (a: SortKey, b: SortKey): number => (this.#isDescending ? compareSortKeys(b, a) : compareSortKeys(a, b));

  #cut(): void {
    this.#hits.sort(this.#order);
    this.#isSorted = true;
    if (this.#hits.length < this.#limit) return;
    this.#hits.length = this.#limit;
    const worst = this.#hits[this.#limit - 1]!.timestamp;
    if (this.#isDescending) this.time.fromUs = Math.max(this.time.fromUs, worst);
    else this.time.toUs = Math.min(this.time.toUs, worst + 1);
  }
}

export type { SourceRef };
