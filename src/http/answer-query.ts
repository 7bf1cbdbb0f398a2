import type { StoredRecord } from '../core/record.ts';
import type { Platform } from '../pipeline/platform.ts';
import { isAggregate, type Query } from '../query/ast/query.ts';
import { deriveGroups } from '../query/derive.ts';
import type { HttpOptions } from './options.ts';
import { groupRows, type Rows, recordRows } from './query-rows.ts';
import { storeOf, timeOf } from './read-query.ts';
import { readPage, storesOf, tookMs } from './search-page.ts';

const defaultRecords = 100;
const defaultGroups = 1_000;

/** What a query is answered, before it is spelt: records with the fields that were selected of them, or rows of groups. */
export type QueryAnswer = ({ records: StoredRecord[]; select: readonly string[] | undefined } | { groups: Rows }) & {
  nextCursor: string | null;
  stores: Record<string, unknown>;
  tookMs: number;
  /** Why it is not whole, where it is not. */
  reasons: string[];
  /** Columns that may be wrong within 1 %. */
  approximate: string[];
};

/**
 * Answers one query of a tenant, until `signal` says that nobody waits for it.
 * @throws AppError INVALID_PARAMETER for a foreign cursor, QUERY_TIMEOUT, QUERY_TOO_LARGE, QUERY_CANCELLED, STORE_UNAVAILABLE
 */
export const answerQuery = (
  platform: Platform,
  options: HttpOptions,
  tenant: string,
  query: Query,
  signal?: AbortSignal,
): Promise<QueryAnswer> =>
  isAggregate(query) ? groups(platform, options, tenant, query, signal) : records(platform, options, tenant, query, signal);

/** The answer as rows, whatever was asked. */
export const rowsOf = (answer: QueryAnswer): Rows => ('groups' in answer ? answer.groups : recordRows(answer.records, answer.select));

type Signal = AbortSignal | undefined;

async function records(platform: Platform, options: HttpOptions, tenant: string, query: Query, signal: Signal): Promise<QueryAnswer> {
  const page = await readPage(platform, options, {
    store: storeOf(query, platform),
    tenant,
    where: query.where,
    time: timeOf(query, options),
    order: query.orderBy[0]?.[1] ?? 'desc',
    limit: query.limit ?? defaultRecords,
    cursor: query.cursor,
    signal,
  });
  const { nextCursor, stores: read, tookMs: took, reasons } = page;
  return { records: page.records, select: query.select, nextCursor, stores: read, tookMs: took, reasons, approximate: [] };
}

async function groups(platform: Platform, options: HttpOptions, tenant: string, query: Query, signal: Signal): Promise<QueryAnswer> {
  const startedMs = options.clock.monotonicMs();
  const { limit = defaultGroups } = query;
  const { plan, finish } = deriveGroups(query, tenant, timeOf(query, options), limit, options.clock.nowMs() * 1_000);
  const found = finish(await storeOf(query, platform).aggregate(plan, signal));
  const cut = found.truncated ? [`there are more than ${limit} groups; narrow the query or raise its limit`] : [];
  const reasons = [...cut, ...(found.reasons ?? [])];
  const { approximate = [] } = found;
  return {
    groups: groupRows(found, query),
    nextCursor: null,
    stores: storesOf(found),
    tookMs: tookMs(options, startedMs),
    reasons,
    approximate,
  };
}
