import * as z from 'zod';
import { matcherText } from '../../alerts/routing/matcher.ts';
import { timeIntervalSchema } from '../../alerts/routing/schema.ts';
import { formatTime } from '../../core/time.ts';
import type { ShownSilence } from '../../pipeline/notify/api.ts';
import { time } from './common.ts';

export const labels = z
  .record(z.string().max(500), z.string().max(10_000))
  .meta({ description: 'By name; `alertname` is the rule', example: { alertname: 'high-error-rate', service: 'api' } });

export const silence = z
  .object({
    id: z.string(),
    state: z.enum(['pending', 'active', 'waiting', 'expired']).meta({ description: '`waiting`: between two of its recurring windows' }),
    matchers: z.array(z.string()),
    starts_at: time,
    ends_at: time.nullable(),
    created_by: z.string(),
    comment: z.string(),
    created_at: time,
    updated_at: time,
    time_intervals: z.array(timeIntervalSchema).optional(),
  })
  .meta({ id: 'Silence' });

export const silenceJson = ({
  id,
  state,
  matchers,
  startsUs,
  endsUs,
  createdBy,
  comment,
  createdUs,
  updatedUs,
  timeIntervals,
}: ShownSilence) => ({
  ...{
    id,
    state,
    matchers: matchers.map(matcherText),
    starts_at: formatTime(startsUs),
    ends_at: endsUs === null ? null : formatTime(endsUs),
  },
  ...{ created_by: createdBy, comment, created_at: formatTime(createdUs), updated_at: formatTime(updatedUs) },
  ...(timeIntervals ? { time_intervals: timeIntervals } : {}),
});
