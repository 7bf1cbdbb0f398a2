import * as z from 'zod';
import { type Answer, json } from '../answer.ts';
import { answerQuery, type QueryAnswer, rowsOf } from '../answer-query.ts';
import { csvText } from '../csv.ts';
import { readQueryBody } from '../read-query.ts';
import { defineRoute } from '../route.ts';
import { queryBody } from '../schemas/query.ts';
import { stores } from '../schemas/stores.ts';

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
    errors: ['INVALID_QUERY', 'QUERY_TOO_LARGE', 'QUERY_TIMEOUT', 'QUERY_CANCELLED'],
    handle: async ({ platform, options, caller, request, answerType }) => {
      const query = await readQueryBody(request, options);
      return spell(await answerQuery(platform, options, caller.tenant, query, request.signal), answerType);
    },
  }),
];

function spell(answer: QueryAnswer, type: string): Answer {
  const { rows, columns } = rowsOf(answer);
  const { nextCursor, stores: read, tookMs: took, reasons, approximate } = answer;
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
