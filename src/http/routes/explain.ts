import * as z from 'zod';
import { AppError } from '../../core/errors.ts';
import { formatTime } from '../../core/time.ts';
import { isAggregate } from '../../query/ast/query.ts';
import { printQuery } from '../../query/ast/query-json.ts';
import { json } from '../answer.ts';
import { maxBytesOf, parseJson, readText } from '../read-body.ts';
import { readQueryBody, timeOf } from '../read-query.ts';
import { defineRoute } from '../route.ts';
import { count, time } from '../schemas/common.ts';
import { queryBody } from '../schemas/query.ts';

const explainedQuery = z
  .object({
    query: z.record(z.string(), z.unknown()).meta({ description: 'As it was understood, in JSON' }),
    kind: z.enum(['search', 'aggregate']),
    time: z.object({ from: time, to: time }),
    reads_at_most: z.array(z.object({ tier: z.string(), files: count, bytes: z.number(), rows: count })),
    estimate: z
      .object({ files: count, bytes: z.number(), rows: count })
      .meta({ description: 'Upper bounds: pruning by time, words and filters comes on top' }),
  })
  .meta({ id: 'ExplainedQuery' });

const explainedRecord = z
  .object({
    record: z.record(z.string(), z.unknown()),
    steps: z.array(z.object({ verb: z.string(), name: z.string(), change: z.record(z.string(), z.unknown()) })),
    outcome: z.enum(['keep', 'drop', 'dead']),
    reason: z.string().optional(),
  })
  .meta({ id: 'ExplainedRecord' });

/** What a query reads stands in these; the log and the summaries are no part of it. */
const queried = new Set(['memory', 'level0', 'compacted']);

export const explainRoutes = [
  defineRoute({
    method: 'POST',
    path: '/api/explain',
    operationId: 'explain',
    tag: 'query',
    summary: 'Says what a query would read, or with `?record` what would become of a record; nothing is run, nothing is stored',
    scope: 'query',
    query: z.object({
      record: z
        .enum(['', 'true', 'false'], 'expected no value, true or false')
        .optional()
        .meta({ description: 'The body is a record, not a query' }),
    }),
    rawBody: {
      required: true,
      content: {
        'application/json': z.union([queryBody, z.record(z.string(), z.unknown())]),
        'application/edn': z.string(),
        'text/plain': z.string(),
      },
    },
    answers: { 200: { description: 'The explanation', content: { 'application/json': z.union([explainedQuery, explainedRecord]) } } },
    errors: ['INVALID_QUERY', 'INVALID_RECORD'],
    handle: async ({ platform, options, caller, query, request }) => {
      if (query.record !== undefined && query.record !== 'false') {
        const raw = parseJson(await readText(request, maxBytesOf(options)));
        if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
          throw new AppError('INVALID_RECORD', 'the body is no record; give one JSON object');
        return json(await platform.store.explain(caller.tenant, raw));
      }
      const asked = await readQueryBody(request, options);
      const { fromUs, toUs } = timeOf(asked, options);
      const tiers = (await platform.store.storage(caller.tenant)).filter(({ tier }) => queried.has(tier));
      const sum = (of: 'files' | 'bytes' | 'rows') => tiers.reduce((total, tier) => total + tier[of], 0);
      return json({
        query: printQuery(asked),
        kind: isAggregate(asked) ? 'aggregate' : 'search',
        time: { from: formatTime(fromUs), to: formatTime(toUs) },
        reads_at_most: tiers,
        estimate: { files: sum('files'), bytes: sum('bytes'), rows: sum('rows') },
      });
    },
  }),
];
