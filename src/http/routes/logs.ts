import * as z from 'zod';
import { AppError } from '../../core/errors.ts';
import type { StoredRecord } from '../../core/record.ts';
import { allOf, type Expression } from '../../query/ast/expression.ts';
import { json } from '../answer.ts';
import { recordJson } from '../record-json.ts';
import { type Context, defineRoute } from '../route.ts';
import { bothRanges, countParameter, listOf, rangeOfSpan, record, timeRangeOf } from '../schemas/common.ts';
import { conditionOf, searchQuery } from '../schemas/filters.ts';
import { stores } from '../schemas/stores.ts';
import { readPage } from '../search-page.ts';

const idPath = z.object({ id: z.string().min(1).max(64) });
/** How far around a record its neighbours are looked for: an hour to each side, in microseconds. */
const contextUs = 3_600_000_000;

const found = async ({ platform, caller, path }: Context<{ id: string }, unknown, unknown>): Promise<StoredRecord> => {
  const stored = await platform.store.record(caller.tenant, path.id);
  if (!stored) throw new AppError('NOT_FOUND', `there is no record with the id ${path.id}`);
  return stored;
};

export const logRoutes = [
  defineRoute({
    method: 'GET',
    path: '/api/logs',
    aliases: ['/logs/search'],
    operationId: 'searchLogs',
    tag: 'query',
    summary: 'Finds log records, newest first',
    description: 'All filters must hold. Follow `next_cursor` for more: a walk sees what was there at its first page, each record once.',
    scope: 'query',
    query: searchQuery,
    answers: {
      200: {
        description: 'A page of records',
        content: {
          'application/json': listOf(record)
            .extend({ took_ms: z.number(), stores, partial: z.boolean(), reasons: z.array(z.string()) })
            .meta({ id: 'LogPage' }),
        },
      },
    },
    errors: ['INVALID_QUERY'],
    handle: async ({ platform, options, caller, query }) => {
      const { limit, order, cursor } = query;
      const nowUs = options.clock.nowMs() * 1000;
      const { where, time: named } = conditionOf(query);
      const time = bothRanges(timeRangeOf(query, nowUs), rangeOfSpan(named, nowUs));
      const page = await readPage(platform, options, { tenant: caller.tenant, where, time, order, limit, cursor });
      return json({
        items: page.records.map(recordJson),
        next_cursor: page.nextCursor,
        took_ms: page.tookMs,
        stores: page.stores,
        partial: page.reasons.length > 0,
        reasons: page.reasons,
      });
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/logs/{id}',
    operationId: 'getLog',
    tag: 'query',
    summary: 'One record by its id',
    scope: 'query',
    pathParameters: idPath,
    answers: { 200: { description: 'The record', content: { 'application/json': record } } },
    errors: ['NOT_FOUND'],
    handle: async (context) => json(recordJson(await found(context))),
  }),
  defineRoute({
    method: 'GET',
    path: '/api/logs/{id}/context',
    operationId: 'getLogContext',
    tag: 'query',
    summary: 'The records around one, of the same service and host, within an hour',
    scope: 'query',
    pathParameters: idPath,
    query: z.object({ before: countParameter(0, 1_000).default(10), after: countParameter(0, 1_000).default(10) }),
    answers: {
      200: {
        description: 'The record between its neighbours, oldest first',
        content: { 'application/json': z.object({ before: z.array(record), record, after: z.array(record) }).meta({ id: 'LogContext' }) },
      },
    },
    errors: ['NOT_FOUND'],
    handle: async (context) => {
      const stored = await found(context);
      const { platform, query } = context;
      const { tenant, service, host, timestamp, timestamp_ns, generation, partition, offset } = stored;
      const where = allOf(equals('service', service), host === undefined ? lacks('host') : equals('host', host));
      const key = { timestamp, timestamp_ns, generation, partition, offset };
      const time = { fromUs: Math.max(0, timestamp - contextUs), toUs: timestamp + contextUs };
      const side = async (order: 'desc' | 'asc', limit: number) =>
        limit === 0 ? [] : (await platform.store.search({ tenant, where, time, order, limit, after: key })).records.map(recordJson);
      const [before, after] = await Promise.all([side('desc', query.before), side('asc', query.after)]);
      return json({ before: before.reverse(), record: recordJson(stored), after });
    },
  }),
];

const equals = (field: string, value: string): Expression => ({ kind: 'compare', op: '=', field, value });
const lacks = (field: string): Expression => ({ kind: 'not', item: { kind: 'exists', field } });
