import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import type { Expression } from '../../query/ast/expression.ts';
import type { PlanPositions, SearchPlan, SearchResult, Snapshot } from '../../query/plan.ts';
import { always } from '../store/overviews.ts';
import { parseCursor, printCursor } from '../store/tails.ts';
import type { TailSlice } from '../store-api.ts';

export type TailDeps = {
  generation: number;
  snapshot(): Promise<Snapshot>;
  search(plan: SearchPlan): Promise<SearchResult>;
  clock: Clock;
};

/** Most records of a slice; where more came, it ends sooner. */
const maxRecords = 2_000;
/** Most offsets of a partition that a slice looks through. */
const maxOffsets = 100_000;
const firstPollMs = 200;
const lastPollMs = 1_000;

/**
 * The next slice of a live tail, from positions alone: nothing is kept between two slices, so any process may give the next. Looks at how far the
 * stores have come until there is something new or time has run out. Without a cursor the tail begins now.
 * @throws AppError INVALID_PARAMETER for a cursor that is none
 */
export async function nextSlice(
  deps: TailDeps,
  tenant: string,
  where: Expression,
  cursor: string | undefined,
  timeoutMs: number,
): Promise<TailSlice> {
  const { clock, generation } = deps;
  if (cursor === undefined) return { records: [], cursor: printCursor(endsOf(await deps.snapshot(), generation)), missed: 0 };
  const from = parseCursor(cursor);
  if (!from) throw new AppError('INVALID_PARAMETER', `Last-Event-ID: "${cursor.slice(0, 100)}" is no position of a tail`);
  const endMs = clock.monotonicMs() + timeoutMs;
  for (let waitMs = firstPollMs; ; waitMs = Math.min(waitMs * 1.5, lastPollMs)) {
    const ends = endsOf(await deps.snapshot(), generation);
    for (const [key, end] of from) if (!ends.has(key) && key.startsWith(`${generation}.`)) ends.set(key, end);
    const slice = await sliceOf(deps, tenant, where, from, ends);
    const leftMs = endMs - clock.monotonicMs();
    if (slice.records.length > 0 || leftMs <= 0) return slice;
    for (const [key, end] of parseCursor(slice.cursor) ?? []) from.set(key, end);
    await sleep(Math.min(waitMs, leftMs));
  }
}

/** What matches between two vectors of positions, or in the first part of it that is not too much. */
async function sliceOf(
  deps: TailDeps,
  tenant: string,
  where: Expression,
  from: Map<string, number>,
  ends: Map<string, number>,
): Promise<TailSlice> {
  for (let most = maxOffsets; ; most = Math.ceil(most / 4)) {
    const to = new Map([...ends].map(([key, end]) => [key, Math.max(from.get(key) ?? 0, Math.min(end, (from.get(key) ?? 0) + most))]));
    const positions = [...to].flatMap(([key, end]): PlanPositions => {
      const [generation, partition] = key.split('.').map(Number) as [number, number];
      const start = from.get(key) ?? 0;
      return end > start ? [{ generation, partition, offsets: [[start, end]] }] : [];
    });
    if (positions.length === 0) return { records: [], cursor: printCursor(to), missed: 0 };
    const { records } = await deps.search({ tenant, time: always, where, order: 'asc', limit: maxRecords + 1, positions });
    if (records.length <= maxRecords || most === 1) return { records, cursor: printCursor(to), missed: 0 };
  }
}

const endsOf = (snapshot: Snapshot, generation: number): Map<string, number> =>
  new Map(Object.entries(snapshot).map(([partition, end]) => [`${generation}.${partition}`, end]));
