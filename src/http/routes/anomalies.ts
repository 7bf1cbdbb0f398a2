import * as z from 'zod';
import { defaultThreshold, type Finding } from '../../alerts/anomaly/detect.ts';
import { measures } from '../../alerts/anomaly/measure.ts';
import { AppError } from '../../core/errors.ts';
import { formatTime } from '../../core/time.ts';
import { findAnomalies } from '../../pipeline/find-anomalies.ts';
import { json } from '../answer.ts';
import { defineRoute } from '../route.ts';
import { count, durationParameter, time, timeQuery, timeRangeOf } from '../schemas/common.ts';

const minuteUs = 60e6;
const dayUs = 86_400e6;
const maxRangeUs = 31 * dayUs;

const finding = z
  .object({
    measure: z.enum(measures).meta({ description: 'records a minute, the share of errors, or the 95th percentile of latency' }),
    service: z.string(),
    direction: z.enum(['up', 'down']),
    from: time,
    to: time,
    steps: count.meta({ description: 'steps that were not as usual' }),
    at: time.meta({ description: 'the step that differs most, of which the numbers are' }),
    value: z.number(),
    expected: z.number(),
    spread: z.number().meta({ description: 'one spread above what was expected is this much more' }),
    score: z.number().meta({ description: 'spreads between value and expected; below 0 where it is less' }),
    over: count.meta({ description: 'steps in a row that the score is of' }),
    baseline: z.object({
      kind: z.enum(['hour_of_week', 'recent']),
      samples: count.meta({ description: 'values that `expected` was learnt from' }),
      spread_samples: count.meta({ description: 'values that `spread` was learnt from' }),
    }),
    reason: z.string().meta({ description: 'the same in words' }),
  })
  .meta({ id: 'Anomaly' });

export const anomalyRoutes = [
  defineRoute({
    method: 'GET',
    path: '/api/anomalies',
    operationId: 'findAnomalies',
    tag: 'query',
    summary: 'What is not as usual: volume, errors and latency of each service against its own past',
    scope: 'query',
    query: z.object({
      ...timeQuery,
      service: z.string().optional().meta({ description: 'One service; all unless given' }),
      measure: z.enum(measures).optional().meta({ description: 'One measure; all unless given' }),
      step: durationParameter
        .refine((us) => us >= 5 * minuteUs && us <= 60 * minuteUs && (60 * minuteUs) % us === 0, 'expected 5m to 1h, a part of an hour')
        .default(15 * minuteUs)
        .meta({ description: 'What is judged at once, 15m unless given; 5m to 1h' }),
      threshold: z.coerce.number().min(1).max(100).default(defaultThreshold).meta({ description: 'Spreads that are news' }),
    }),
    answers: {
      200: {
        description: 'Findings, the strongest first',
        content: {
          'application/json': z
            .object({
              items: z.array(finding),
              next_cursor: z.null(),
              judged: z.object({ from: time, to: time }).meta({ description: 'whole steps whose windows are complete' }),
              services: count,
              truncated: z.boolean().meta({ description: 'whether there are more services than were looked at' }),
            })
            .meta({ id: 'Anomalies' }),
        },
      },
    },
    waits: true,
    handle: async ({ platform, options, caller, query }) => {
      const nowUs = options.clock.nowMs() * 1_000;
      const { step: stepUs, threshold, service, measure, from, to, last } = query;
      const asked = timeRangeOf({ from, to, last: last ?? (from === undefined ? dayUs : undefined) }, nowUs);
      const range = { fromUs: asked.fromUs, toUs: Math.min(asked.toUs, nowUs) };
      if (range.toUs - range.fromUs > maxRangeUs) throw new AppError('INVALID_PARAMETER', 'from: at most 31 days are judged at once');
      const found = await findAnomalies(platform.store, { tenant: caller.tenant, time: range, stepUs, threshold, service, measure });
      return json({
        items: found.findings.map(findingJson),
        next_cursor: null,
        judged: { from: formatTime(found.judged.fromUs), to: formatTime(found.judged.toUs) },
        services: found.services,
        truncated: found.truncated,
      });
    },
  }),
];

const units = { volume: 'records a minute', error_rate: 'of the records are errors', latency: 'at the 95th percentile of latency' };
const learntFrom = { hour_of_week: 'the same time of earlier weeks', recent: 'the 24 hours before' };

function findingJson({ measure, service, direction, fromUs, toUs, steps, peak }: Finding) {
  const { atUs, value, expected, spread, score, over, baseline } = peak;
  const [shown, usual] = [value, expected].map((x) => (measure === 'error_rate' ? `${round(x * 100)} %` : String(round(x))));
  const distance = `${round(Math.abs(score))} spreads ${score > 0 ? 'above' : 'below'}`;
  const together = over > 1 ? `, over ${over} steps together` : '';
  const reason = `${shown} ${units[measure]}, where ${learntFrom[baseline.kind]} (${baseline.samples} values) let expect ${usual}: ${distance}${together}`;
  return {
    ...{ measure, service, direction, from: formatTime(fromUs), to: formatTime(toUs), steps, at: formatTime(atUs) },
    ...{ value: round(value, 6), expected: round(expected, 6), spread: round(spread, 6), score: round(score), over },
    baseline: { kind: baseline.kind, samples: baseline.samples, spread_samples: baseline.spread_samples },
    reason,
  };
}

const round = (value: number, digits = 2): number => Number(value.toFixed(digits));
