import type { StoredRecord } from '../core/record.ts';
import type { Platform } from '../pipeline/platform.ts';
import type { StoreApi } from '../pipeline/store-api.ts';
import type { Expression } from '../query/ast/expression.ts';
import type { ReadStats, SearchPlan, SearchResult, SortKey, TimeRange } from '../query/plan.ts';
import { printCursor, queryDigest, readCursor } from './cursor.ts';
import type { HttpOptions } from './options.ts';

export type PageRequest = {
  /** Whose records; the logs unless given. */
  store?: StoreApi;
  tenant: string;
  where: Expression;
  time: TimeRange;
  order: 'desc' | 'asc';
  limit: number;
  cursor: string | undefined;
  /** Aborts when the client goes away. */
  signal?: AbortSignal | undefined;
};

export type Page = {
  records: StoredRecord[];
  nextCursor: string | null;
  stores: Record<string, unknown>;
  tookMs: number;
  /** Why the page is not whole, where it is not. */
  reasons: string[];
};

/**
 * Reads one page of a walk. The first page takes a snapshot of what is visible, which its cursor carries on, so that later pages neither
 * repeat nor skip a record, whatever arrives meanwhile. One record more than asked is read, to know whether there is another page.
 * @throws AppError INVALID_PARAMETER for a foreign cursor
 */
export async function readPage(platform: Platform, options: HttpOptions, request: PageRequest): Promise<Page> {
  const { tenant, where, order, limit, store = platform.store } = request;
  const startedMs = options.clock.monotonicMs();
  const digest = queryDigest([tenant, where, order]);
  const walk = request.cursor === undefined ? undefined : readCursor(options.cursorKey, digest, request.cursor);
  const time = walk?.time ?? request.time;
  const plan: SearchPlan = {
    ...{ tenant, where, order, time, limit: limit + 1 },
    ...(walk ? { after: walk.after, snapshot: walk.snapshot } : {}),
  };
  const result = await store.search(plan, request.signal);
  const { snapshot } = result;
  const records = result.records.slice(0, limit);
  const last = records.at(-1);
  const more = result.records.length > limit && last !== undefined;
  const after = more ? sortKeyOf(last) : result.resume;
  return {
    records,
    nextCursor: after ? printCursor(options.cursorKey, digest, { time, after, snapshot }) : null,
    stores: storesOf(result),
    tookMs: tookMs(options, startedMs),
    reasons: result.reasons ?? [],
  };
}

/** Milliseconds since a start, to a tenth. */
export const tookMs = ({ clock }: HttpOptions, startedMs: number): number => Math.round((clock.monotonicMs() - startedMs) * 10) / 10;

/** Where a walk goes on behind a record. */
export const sortKeyOf = ({ timestamp, timestamp_ns, generation, partition, offset }: StoredRecord): SortKey => ({
  timestamp,
  timestamp_ns,
  generation,
  partition,
  offset,
});

/** What was read, as `stores` of an answer has it: by store, where an answer says which. */
export const storesOf = ({ stats, stores }: Pick<SearchResult, 'stats' | 'stores'>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(stores ?? { warm: stats }).map(([store, read]) => [store, statsJson(read)]));

const statsJson = ({ files, filesPruned, pages, pagesPruned, bytes, rows }: ReadStats) => ({
  files,
  files_pruned: filesPruned,
  pages,
  pages_pruned: pagesPruned,
  bytes,
  rows,
});
