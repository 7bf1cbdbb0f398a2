import { AppError } from '../core/errors.ts';
import type { StoredRecord } from '../core/record.ts';
import type { Platform } from '../pipeline/platform.ts';
import { isAggregate, type Query } from '../query/ast/query.ts';
import type { TimeRange } from '../query/plan.ts';
import { csvHead, csvRows } from './csv.ts';
import type { HttpOptions } from './options.ts';
import { recordRows } from './query-rows.ts';
import { storeOf } from './read-query.ts';
import { walkRecords } from './walk-records.ts';

export type ExportRequest = { tenant: string; query: Query; time: TimeRange; type: 'application/x-ndjson' | 'text/csv'; gone: AbortSignal };
export type Export = { records: number; stream: ReadableStream<Uint8Array> };

const defaultMaxExports = 4;
/** Exports that each host has under way, by its options. */
const underWay = new WeakMap<HttpOptions, { count: number }>();
const encoder = new TextEncoder();

/**
 * Begins an export: counts the records that match in a snapshot, then streams exactly these, a page at a time, as fast as they are read. A stream that ends
 * well has all of them; one that cannot go on breaks, so that no client takes a part for the whole.
 * @throws AppError INVALID_QUERY for one that groups or has a cursor, RATE_LIMITED, STORE_UNAVAILABLE, QUERY_TIMEOUT
 */
export async function beginExport(
  platform: Platform,
  options: HttpOptions,
  { tenant, query, time, type, gone }: ExportRequest,
): Promise<Export> {
  if (isAggregate(query)) throw new AppError('INVALID_QUERY', 'an export lists records; groups are answered whole by POST /api/query');
  if (query.cursor !== undefined) throw new AppError('INVALID_QUERY', 'cursor: an export has all pages in one; leave it out');
  const release = take(options);
  try {
    const store = storeOf(query, platform);
    const { where, select } = query;
    const snapshot = await store.snapshot();
    const matching = { tenant, where, time, snapshot };
    const counted = await store.aggregate({ ...matching, groupBy: [], aggregates: [{ fn: 'count', as: 'n' }], orderBy: [], limit: 1 });
    const reasons = counted.reasons ?? [];
    if (reasons.length > 0)
      throw new AppError('STORE_UNAVAILABLE', `not all records can be read: ${reasons.join('; ')}`, { retryAfterS: 5 });
    const records = Math.min(Number(counted.rows[0]?.n ?? 0), query.limit ?? Number.POSITIVE_INFINITY);
    const pages = walkRecords(store, { ...matching, order: query.orderBy[0]?.[1] ?? 'desc', limit: records });
    return { records, stream: streamOf(spell(pages, select, type), records, options, gone, release) };
  } catch (thrown) {
    release();
    throw thrown;
  }
}

/** Takes one of the places for exports. */
function take(options: HttpOptions): () => void {
  const { maxExports = defaultMaxExports } = options;
  const taken = underWay.get(options) ?? { count: 0 };
  underWay.set(options, taken);
  if (taken.count >= maxExports)
    throw new AppError('RATE_LIMITED', `${maxExports} exports are under way already; wait for one to end`, { retryAfterS: 30 });
  taken.count++;
  let isReleased = false;
  return () => {
    if (!isReleased) taken.count--;
    isReleased = true;
  };
}

type Piece = { records: number; text: string };

/** The pages as text: a line of JSON each, or CSV under a header row. */
async function* spell(
  pages: AsyncIterable<StoredRecord[]>,
  select: readonly string[] | undefined,
  type: 'application/x-ndjson' | 'text/csv',
): AsyncGenerator<Piece> {
  const names = recordRows([], select).columns.map(({ name }) => name);
  if (type === 'text/csv') yield { records: 0, text: csvHead(names) };
  for await (const page of pages) {
    const { rows } = recordRows(page, select);
    const text = type === 'text/csv' ? csvRows(names, rows) : rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    yield { records: page.length, text };
  }
}

function streamOf(
  pieces: AsyncGenerator<Piece>,
  promised: number,
  { stopping, log }: HttpOptions,
  gone: AbortSignal,
  release: () => void,
): ReadableStream<Uint8Array> {
  let sent = 0;
  const end = () => {
    release();
    gone.removeEventListener('abort', end);
    void pieces.return(undefined);
  };
  gone.addEventListener('abort', end);
  if (gone.aborted) end();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          if (stopping?.aborted) throw new AppError('SHUTTING_DOWN', 'the server stops; begin the export again');
          const { value, done } = await pieces.next();
          if (!done) {
            sent += value.records;
            controller.enqueue(encoder.encode(value.text));
            return;
          }
          if (sent !== promised && !gone.aborted)
            throw new AppError('STORE_UNAVAILABLE', `${sent} of ${promised} records are still there; begin the export again`);
          controller.close();
        } catch (thrown) {
          log.warn({ error: thrown, sent, promised }, 'export broke off');
          controller.error(thrown);
        }
        end();
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
}
