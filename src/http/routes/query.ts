import * as z from 'zod';
import type { Platform } from '../../pipeline/platform.ts';
import { isAggregate, type Query } from '../../query/ast/query.ts';
import { deriveGroups } from '../../query/derive.ts';
import { type Answer, json } from '../answer.ts';
import { csvText } from '../csv.ts';
import type { HttpOptions } from '../options.ts';
import { groupRows, type Rows, recordRows } from '../query-rows.ts';
import { readQueryBody, storeOf, timeOf } from '../read-query.ts';
import { defineRoute } from '../route.ts';
import { queryBody } from '../schemas/query.ts';
import { stores } from '../schemas/stores.ts';
import { readPage, storesOf, tookMs } from '../search-page.ts';

const defaultRecords = 100;
const defaultGroups = 1_000;

type Result = Rows & {
  nextCursor: string | null;
  stores: Record<string, unknown>;
  tookMs: number;
  reasons: string[];
  approximate: string[];
};

export const queryRoutes = [
  defineRoute({
    method: 'POST',
    path: '/api/query',
    operationId: 'query',
    tag: 'query',
    summary: 'Answers a query: records, or groups with their values',
    description:
      'As JSON, as EDN (`application/edn`), or as the line of the search bar (`text/plain`). Answers JSON, NDJSON (a row a line) or CSV with a header row, by the Accept header; ' +
      'the last two carry the cursor in the header `next-cursor`.',
    scope: 'query',
    rawBody: { required: true, content: { 'application/json': queryBody, 'application/edn': z.string(), 'text/plain': z.string() } },
    answers: {
      200: {
        description: 'Rows',
        content: {
          'application/json': z
            .object({
              items: z.array(z.record(z.string(), z.unknown())),
              columns: z.array(z.object({ name: z.string(), type: z.enum(['string', 'number', 'boolean', 'time', 'any']) })),
              next_cursor: z.string().nullable(),
              partial: z.boolean(),
              reasons: z.array(z.string()).meta({ description: 'Why the answer is not whole' }),
              approximate: z.array(z.string()).meta({ description: 'Columns that may be wrong within 1 %' }),
              stores,
              took_ms: z.number(),
            })
            .meta({ id: 'QueryAnswer' }),
          'application/x-ndjson': z.string(),
          'text/csv': z.string(),
        },
      },
    },
    errors: ['INVALID_QUERY'],
    handle: async ({ platform, options, caller, request, answerType }) => {
      const query = await readQueryBody(request, options);
      const result = isAggregate(query)
        ? await groups(platform, options, caller.tenant, query)
        : await records(platform, options, caller.tenant, query);
      return spell(result, answerType);
    },
  }),
];

async function records(platform: Platform, options: HttpOptions, tenant: string, query: Query): Promise<Result> {
  const page = await readPage(platform, options, {
    store: storeOf(query, platform),
    tenant,
    where: query.where,
    time: timeOf(query, options),
    order: query.orderBy[0]?.[1] ?? 'desc',
    limit: query.limit ?? defaultRecords,
    cursor: query.cursor,
  });
  const { nextCursor, stores: read, tookMs: took, reasons } = page;
  return { ...recordRows(page.records, query.select), nextCursor, stores: read, tookMs: took, reasons, approximate: [] };
}

async function groups(platform: Platform, options: HttpOptions, tenant: string, query: Query): Promise<Result> {
  const startedMs = options.clock.monotonicMs();
  const { limit = defaultGroups } = query;
  const { plan, finish } = deriveGroups(query, tenant, timeOf(query, options), limit, options.clock.nowMs() * 1_000);
  const found = finish(await storeOf(query, platform).aggregate(plan));
  const cut = found.truncated ? [`there are more than ${limit} groups; narrow the query or raise its limit`] : [];
  const reasons = [...cut, ...(found.reasons ?? [])];
  const { approximate = [] } = found;
  return {
    ...groupRows(found, query),
    nextCursor: null,
    stores: storesOf(found),
    tookMs: tookMs(options, startedMs),
    reasons,
    approximate,
  };
}

function spell({ rows, columns, nextCursor, stores: read, tookMs: took, reasons, approximate }: Result, type: string): Answer {
  if (type === 'application/json') {
    return json({
      items: rows,
      columns,
      next_cursor: nextCursor,
      partial: reasons.length > 0,
      reasons,
      approximate,
      stores: read,
      took_ms: took,
    });
  }
  const headers: Record<string, string> = nextCursor === null ? {} : { 'next-cursor': nextCursor };
  if (type === 'text/csv') {
    const names = columns.map(({ name }) => name);
    return { kind: 'text', status: 200, headers, type: 'text/csv; charset=utf-8; header=present', text: csvText(names, rows) };
  }
  return { kind: 'text', status: 200, headers, type, text: rows.map((row) => `${JSON.stringify(row)}\n`).join('') };
}
