import * as z from 'zod';
import type {} from 'zod-openapi';
import { AppError } from '../../core/errors.ts';
import { levels } from '../../core/record.ts';
import { signals } from '../../core/signal.ts';
import { readTime } from '../../core/time.ts';
import type { TimeSpan } from '../../query/ast/query.ts';
import { durationLiteral } from '../../query/ast/time.ts';
import type { TimeRange } from '../../query/plan.ts';

/** A point in time as a parameter, read as epoch microseconds. */
export const timeParameter = z
  .string()
  .transform((text, context) => {
    const us = readTime(text)?.us;
    if (us === undefined) context.addIssue({ code: 'custom', message: `"${text.slice(0, 60)}" is not a time; give RFC 3339 or epoch` });
    return us ?? 0;
  })
  .meta({ description: 'RFC 3339, or epoch seconds, milliseconds, microseconds or nanoseconds', example: '2026-11-21T08:00:00Z' });

/** A length of time as a parameter, read as microseconds. */
export const durationParameter = z
  .string()
  .transform((text, context) => {
    const us = durationLiteral(text);
    if (us === undefined) {
      context.addIssue({
        code: 'custom',
        message: `"${text.slice(0, 60)}" is not a length of time; give a number and ms, s, m, h, d or w`,
      });
    }
    return us ?? 0;
  })
  .meta({ description: 'A number and ms, s, m, h, d or w', example: '15m' });

/** The time of a query: `from` and `to`, or `last` up to now; everything without them. */
export const timeQuery = {
  from: timeParameter.optional().meta({ description: 'Records at this time or later' }),
  to: timeParameter.optional().meta({ description: 'Records before this time' }),
  last: durationParameter.optional().meta({ description: 'Records of the last so long; not together with from' }),
};

/** From 1970 to the end of the year 9999, in microseconds: every time that a record can have. */
const allTime: TimeRange = { fromUs: 0, toUs: 253_402_300_799_000_000 };

/**
 * The half-open range that `from`, `to` and `last` name; `last` counts from `to` or `nowUs` back.
 * @throws AppError INVALID_PARAMETER where `last` and `from` both say when it begins
 */
export function timeRangeOf(
  { from, to, last }: { from?: number | undefined; to?: number | undefined; last?: number | undefined },
  nowUs: number,
): TimeRange {
  if (last !== undefined && from !== undefined)
    throw new AppError('INVALID_PARAMETER', 'last: from says already when to begin; give one of the two');
  // Records may be a day ahead of the clock: `last` begins in the past and has no end.
  if (last !== undefined) return { fromUs: Math.max(0, (to ?? nowUs) - last), toUs: to ?? allTime.toUs };
  return { fromUs: from ?? allTime.fromUs, toUs: to ?? allTime.toUs };
}

/** The range that a time span of the query language means now; everything where it names none. */
export function rangeOfSpan(span: TimeSpan | undefined, nowUs: number): TimeRange {
  if (!span) return allTime;
  return 'lastUs' in span ? timeRangeOf({ last: span.lastUs }, nowUs) : timeRangeOf({ from: span.fromUs, to: span.toUs }, nowUs);
}

/** What lies in both ranges; empty where nothing does. */
export const bothRanges = (a: TimeRange, b: TimeRange): TimeRange => ({
  fromUs: Math.max(a.fromUs, b.fromUs),
  toUs: Math.min(a.toUs, b.toUs),
});

/** Whose records are meant. */
export const signalParameter = z.enum(signals).default('logs').meta({ description: 'Of which kind of records; logs unless given' });

/** A whole number given as text. */
export const countParameter = (least: number, most: number) =>
  z.coerce
    .number(`expected a whole number of ${least} to ${most}`)
    .int(`expected a whole number of ${least} to ${most}`)
    .min(least)
    .max(most)
    .meta({ override: { type: 'integer', minimum: least, maximum: most } });

export const time = z.string().meta({ format: 'date-time', description: 'RFC 3339 in UTC' });
export const count = z.int().min(0);
export const level = z.enum(levels).meta({ id: 'Level' });
export const scalar = z.union([z.string(), z.number(), z.boolean()]);

export const record = z
  .object({
    id: z.string().meta({ description: 'Unique and stable: the position in base 32, or a digest of the id the record brought' }),
    timestamp: time,
    observed_timestamp: time,
    level,
    severity: z.int().min(0).max(24),
    service: z.string(),
    env: z.string().optional(),
    host: z.string().optional(),
    message: z.string().optional(),
    trace_id: z.string().optional(),
    span_id: z.string().optional(),
    attributes: z.record(z.string(), scalar),
  })
  .meta({ id: 'LogRecord' });

export const listOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next_cursor: z.string().nullable() });

export const problem = z
  .object({
    type: z.string(),
    code: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    errors: z.array(z.object({ path: z.string(), code: z.string(), detail: z.string() })).optional(),
    at: z.int().optional().meta({ description: 'Offset in the text of the query' }),
    request_id: z.string().optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' });
