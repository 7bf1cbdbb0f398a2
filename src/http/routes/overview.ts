import * as z from 'zod';
import { AppError } from '../../core/errors.ts';
import { formatTime } from '../../core/time.ts';
import { json, list } from '../answer.ts';
import { recentMinutes } from '../recent-minutes.ts';
import { defineRoute } from '../route.ts';
import { count, durationParameter, listOf, scalar, signalParameter, time, timeQuery, timeRangeOf } from '../schemas/common.ts';
import { overview } from '../stats.ts';

const counts = z.record(z.string(), z.number());
const tier = z.object({
  tier: z.enum(['memory', 'level0', 'compacted', 'log', 'analytics']),
  files: count,
  bytes: z.number(),
  rows: count,
});
const sinkTotals = z.object({ records: count, in_flight: count, dead: count, dropped: count });

const latency = z
  .object({ count, avg: z.number(), p50: z.number().nullable(), p95: z.number().nullable(), p99: z.number().nullable(), max: z.number() })
  .meta({ id: 'Latency' });
const minute = z
  .object({
    minute: time,
    count,
    errors: count,
    late: count.meta({ description: 'Records that came when the minute was complete already' }),
    amended_at: time.nullable().meta({ description: 'When the last of those was observed' }),
    complete: z.boolean(),
  })
  .meta({ id: 'MinuteWindow' });

const overTime = z.object({ ...timeQuery, signal: signalParameter });

export const overviewRoutes = [
  defineRoute({
    method: 'GET',
    path: '/api/services',
    aliases: ['/services'],
    operationId: 'listServices',
    tag: 'query',
    summary: 'The services seen, with their counts by level',
    scope: 'query',
    query: overTime,
    answers: {
      200: {
        description: 'Services by name',
        content: {
          'application/json': listOf(
            z
              .object({ name: z.string(), first_seen: time, last_seen: time, count, levels: counts, error_rate: z.number() })
              .meta({ id: 'Service' }),
          ),
        },
      },
    },
    handle: async ({ platform, options, caller, query }) => {
      const { fromUs, toUs } = timeRangeOf(query, options.clock.nowMs() * 1000);
      const services = await platform.storeOf(query.signal).services(caller.tenant, fromUs, toUs);
      return list(services.map((item) => ({ ...item, first_seen: formatTime(item.first_seen), last_seen: formatTime(item.last_seen) })));
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/fields',
    operationId: 'listFields',
    tag: 'query',
    summary: 'The fields seen, with their types and most frequent values',
    scope: 'query',
    query: overTime,
    answers: {
      200: {
        description: 'Fields',
        content: {
          'application/json': listOf(
            z
              .object({ name: z.string(), types: z.array(z.string()), count, top: z.array(z.object({ value: scalar, count })) })
              .meta({ id: 'Field' }),
          ),
        },
      },
    },
    handle: async ({ platform, options, caller, query }) => {
      const { fromUs, toUs } = timeRangeOf(query, options.clock.nowMs() * 1000);
      return list(await platform.storeOf(query.signal).fields(caller.tenant, fromUs, toUs));
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/stats',
    operationId: 'getStats',
    tag: 'query',
    summary: 'Counts by level, service and store, sizes, and the time range',
    scope: 'query',
    query: overTime,
    answers: {
      200: {
        description: 'What is stored',
        content: {
          'application/json': z
            .object({
              total: count,
              by_level: counts,
              by_service: counts,
              first: time.nullable(),
              last: time.nullable(),
              stores: z.object({ hot: sinkTotals, warm: sinkTotals }),
              storage: z.array(tier),
            })
            .meta({ id: 'Stats' }),
        },
      },
    },
    handle: async ({ platform, options, caller, query }) => {
      const range = timeRangeOf(query, options.clock.nowMs() * 1000);
      return json(await overview(platform.storeOf(query.signal), caller.tenant, range));
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/metrics',
    operationId: 'getLiveMetrics',
    tag: 'query',
    summary: 'What happens now: records and errors of the last minutes, by service and level',
    scope: 'query',
    query: z.object({
      window: durationParameter
        .refine((us) => us >= 60e6 && us <= 3600e6, 'expected 1m to 1h')
        .default(60e6)
        .meta({ description: 'How far back, 1m unless given; 1m to 1h' }),
    }),
    answers: {
      200: {
        description: 'Windowed statistics by event time',
        content: {
          'application/json': z
            .object({
              window: z.string(),
              from: time,
              to: time,
              total: count,
              records_per_minute: z.number(),
              errors_per_minute: z.number(),
              by_service: counts,
              by_level: counts,
              errors_by_service: counts,
              latency_by_service: z.record(z.string(), latency),
              watermark: time.nullable().meta({ description: 'All that was observed before is counted; null where that is not known yet' }),
              lateness_s: z.number().meta({ description: 'A minute is complete when the watermark is so long past its end' }),
              minutes: z.array(minute),
            })
            .meta({ id: 'LiveMetrics' }),
        },
      },
    },
    handle: async ({ platform, options, caller, query }) => json(await recentMinutes(platform, options, caller.tenant, query.window)),
  }),
  defineRoute({
    method: 'GET',
    path: '/api/analytics',
    aliases: ['/analytics'],
    operationId: 'getHourlySummary',
    tag: 'query',
    summary: "An hour's summary",
    scope: 'query',
    query: z.object({
      hour: z
        .string()
        .regex(/^\d{4}-\d\d-\d\dT([01]\d|2[0-3])$/, 'expected an hour in UTC, like 2026-11-21T08')
        .optional()
        .meta({ description: 'The hour in UTC; the present one unless given', example: '2026-11-21T08' }),
    }),
    answers: {
      200: {
        description: 'The summary',
        content: {
          'application/json': z
            .object({ hour: z.string(), total: count, by_service: counts, by_level: counts, by_path: counts, by_user_agent: counts })
            .meta({ id: 'HourlySummary' }),
        },
      },
    },
    errors: ['NOT_FOUND'],
    handle: async ({ platform, options, caller, query }) => {
      const hour = query.hour ?? new Date(options.clock.nowMs()).toISOString().slice(0, 13);
      const summary = await platform.store.analytics(caller.tenant, hour);
      if (!summary) throw new AppError('NOT_FOUND', `there is no record of the hour ${hour}`);
      return json(summary);
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/storage',
    operationId: 'getStorage',
    tag: 'operations',
    summary: 'Files, bytes and rows by tier',
    scope: 'query',
    query: z.object({ signal: signalParameter }),
    answers: { 200: { description: 'Tiers', content: { 'application/json': listOf(tier) } } },
    handle: async ({ platform, caller, query }) => list(await platform.storeOf(query.signal).storage(caller.tenant)),
  }),
];
