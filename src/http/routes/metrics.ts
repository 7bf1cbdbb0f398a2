import * as z from 'zod';
import { formatTime } from '../../core/time.ts';
import { type MetricAgg, metricAggs } from '../../pipeline/measure/cell.ts';
import { allOf, type Expression, everything } from '../../query/ast/expression.ts';
import { durationText } from '../../query/ast/time.ts';
import { json, list } from '../answer.ts';
import { defineRoute } from '../route.ts';
import { count, durationParameter, listOf, scalar, time, timeQuery, timeRangeOf } from '../schemas/common.ts';
import { tailCondition } from '../schemas/filters.ts';

const defaultLastUs = 3_600_000_000;
const agg = z
  .string()
  .refine((text): text is MetricAgg => (metricAggs as readonly string[]).includes(text) || /^p\d{1,2}(\.\d{1,3})?$/.test(text), {
    error: `expected ${metricAggs.join(', ')} or a percentile like p95`,
  })
  .meta({ description: `${metricAggs.join(', ')}, or a percentile: p50 to p99, p99.9. \`rate\` is a minute`, example: 'p95' });

const step = (what: string) =>
  durationParameter
    .refine((us) => us >= 1_000_000 && us <= 366 * 86_400e6, 'expected 1s to 366d')
    .optional()
    .meta({ description: what });

/** How long a step is where none is given: some hundred values at most. */
function defaultStep(spanUs: number): number {
  const steps = [10, 30, 60, 300, 900, 3_600, 6 * 3_600, 86_400].map((s) => s * 1e6);
  return steps.find((us) => spanUs / us <= 240) ?? 86_400e6;
}

export const metricRoutes = [
  defineRoute({
    method: 'GET',
    path: '/api/metrics/query',
    aliases: ['/metrics/query'],
    operationId: 'queryMetrics',
    tag: 'query',
    summary: 'Values of a metric over time, parted by labels',
    description:
      'Of the last hour unless `from`, `to` or `last` say otherwise. `rate` and the `sum` of a counter are how far it rose, over resets; a series that is silent for an hour begins anew. ' +
      'Percentiles of histograms are read off their merged buckets.',
    scope: 'query',
    query: z.object({
      ...timeQuery,
      name: z.string().min(1).max(255),
      agg: agg.default('avg'),
      service: z.string().max(200).optional(),
      by: z
        .string()
        .max(1_000)
        .optional()
        .meta({ description: 'Labels, or service, host, env, with commas between', example: 'service,path' }),
      q: z
        .string()
        .max(10_000)
        .optional()
        .meta({ description: 'Conditions in the words of the search bar', example: 'path:/api/* -host:a' }),
      step: step('Length of a step; such that there are at most some hundred unless given'),
      window: step('Each value covers so long up to the end of its step: a rolling average, say; one step unless given'),
    }),
    answers: {
      200: {
        description: 'A series for each combination of labels; steps without a value are left out',
        content: {
          'application/json': z
            .object({
              items: z.array(
                z.object({
                  labels: z.record(z.string(), scalar.nullable()),
                  points: z.array(z.array(z.union([time, z.number()])).length(2)),
                }),
              ),
              step: z.string(),
              partial: z.boolean(),
              rollup: z
                .string()
                .nullable()
                .meta({ description: 'The roll-up that stood for whole hours; percentiles of single values are then within 1 %' }),
            })
            .meta({ id: 'MetricAnswer' }),
        },
      },
    },
    errors: ['INVALID_QUERY'],
    handle: async ({ platform, options, caller, query }) => {
      const nowUs = Math.ceil(options.clock.nowMs() * 1000);
      const isOpen = query.from === undefined && query.last === undefined;
      const range = timeRangeOf(isOpen ? { ...query, last: defaultLastUs } : query, nowUs);
      const toUs = query.to ?? nowUs;
      const stepUs = query.step ?? defaultStep(toUs - range.fromUs);
      const service: Expression = query.service ? { kind: 'compare', op: '=', field: 'service', value: query.service } : everything;
      const {
        series,
        truncated,
        rollup = null,
      } = await platform.storeOf('metrics').metrics({
        tenant: caller.tenant,
        name: query.name,
        time: { fromUs: range.fromUs, toUs },
        where: allOf(service, query.q === undefined ? undefined : tailCondition({ q: query.q })),
        agg: query.agg,
        stepUs,
        windowUs: query.window ?? stepUs,
        by: (query.by ?? '')
          .split(',')
          .map((name) => name.trim().replace(/^attributes\./, ''))
          .filter((name) => name !== ''),
      });
      return json({
        items: series.map(({ labels, points }) => ({ labels, points: points.map(([us, value]) => [formatTime(us), value]) })),
        step: durationText(stepUs),
        partial: truncated,
        rollup,
      });
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/metrics/names',
    operationId: 'listMetricNames',
    tag: 'query',
    summary: 'The metrics seen, with their type, unit, services and how many points and series they have',
    scope: 'query',
    query: z.object(timeQuery),
    answers: {
      200: {
        description: 'Metrics by name',
        content: {
          'application/json': listOf(
            z.object({
              name: z.string(),
              type: z.string(),
              unit: z.string().nullable(),
              services: z.array(z.string()),
              points: count,
              series: count,
            }),
          ),
        },
      },
    },
    handle: async ({ platform, options, caller, query }) => {
      const nowUs = options.clock.nowMs() * 1000;
      const field = (name: string) => ({ kind: 'field', field: name, as: name.replace('attributes.', '') }) as const;
      const { rows } = await platform.storeOf('metrics').aggregate({
        tenant: caller.tenant,
        time: timeRangeOf(query, nowUs),
        where: { kind: 'exists', field: 'attributes.name' },
        groupBy: [field('attributes.name'), field('attributes.type'), field('attributes.unit'), field('service')],
        aggregates: [
          { fn: 'count', as: 'points' },
          { fn: 'distinct', field: 'attributes.series', as: 'series' },
        ],
        orderBy: [['name', 'asc']],
        limit: 10_000,
      });
      const metrics = new Map<
        string,
        { name: string; type: string; unit: string | null; services: string[]; points: number; series: number }
      >();
      for (const { name, type, unit, service, points, series } of rows) {
        const key = String(name);
        const metric = metrics.get(key) ?? {
          name: key,
          type: String(type),
          unit: unit === null ? null : String(unit),
          services: [],
          points: 0,
          series: 0,
        };
        metrics.set(key, metric);
        metric.services.push(String(service));
        metric.points += Number(points);
        metric.series += Number(series);
      }
      return list([...metrics.values()]);
    },
  }),
];
