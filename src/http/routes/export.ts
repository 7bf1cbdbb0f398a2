import * as z from 'zod';
import { allOf } from '../../query/ast/expression.ts';
import { parseLine } from '../../query/parse/line.ts';
import { beginExport } from '../export-stream.ts';
import { readQueryBody, timeOf } from '../read-query.ts';
import { defineRoute } from '../route.ts';
import { bothRanges, timeQuery, timeRangeOf } from '../schemas/common.ts';
import { conditionOf, filterQuery } from '../schemas/filters.ts';
import { queryBody } from '../schemas/query.ts';

const extensions = { 'application/x-ndjson': 'ndjson', 'text/csv': 'csv' } as const;

/** The body says what `q` would. */
const { q: _, ...optionFilters } = filterQuery;

export const exportRoutes = [
  defineRoute({
    method: 'POST',
    path: '/api/export',
    operationId: 'exportLogs',
    tag: 'query',
    summary: 'Streams every record that matches, in one answer',
    description:
      'The query is as for `POST /api/query`, without groups; without a limit it means all, without a body everything. Parameters narrow it further. A snapshot is taken first, so the answer is exact while records arrive: it has as many as the ' +
      'header `export-records` says. An export that cannot go on breaks the connection: an answer that ends well is whole. ' +
      'NDJSON, or CSV in which no text is a formula to a spreadsheet, by the Accept header.',
    scope: 'query',
    query: z.object({ ...optionFilters, ...timeQuery }),
    rawBody: { required: false, content: { 'application/json': queryBody, 'application/edn': z.string(), 'text/plain': z.string() } },
    answers: {
      200: { description: 'The records, as they are read', content: { 'application/x-ndjson': undefined, 'text/csv': undefined } },
    },
    errors: ['INVALID_QUERY', 'RATE_LIMITED'],
    waits: true,
    handle: async ({ platform, options, caller, query: filters, request, header, answerType }) => {
      const type = answerType === 'text/csv' ? answerType : 'application/x-ndjson';
      const isEmpty = request.body === null || header('content-length') === '0';
      const asked = isEmpty ? parseLine('') : await readQueryBody(request, options);
      const where = allOf(asked.where, conditionOf(filters).where);
      const query = { ...asked, where };
      const time = bothRanges(timeOf(query, options), timeRangeOf(filters, options.clock.nowMs() * 1000));
      const { records, stream } = await beginExport(platform, options, { tenant: caller.tenant, query, time, type, gone: request.signal });
      const stamp = new Date(options.clock.nowMs()).toISOString().replaceAll(/[-:]|\.\d+/g, '');
      const headers = {
        'export-records': String(records),
        'content-disposition': `attachment; filename="${query.from}-${stamp}.${extensions[type]}"`,
      };
      return { kind: 'stream', status: 200, type: type === 'text/csv' ? 'text/csv; charset=utf-8; header=present' : type, headers, stream };
    },
  }),
];
