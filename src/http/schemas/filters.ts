import * as z from 'zod';
import { AppError } from '../../core/errors.ts';
import { readLevel } from '../../core/level.ts';
import { nearest } from '../../core/nearest.ts';
import { levels } from '../../core/record.ts';
import { allOf, type Expression } from '../../query/ast/expression.ts';

import type { TimeSpan } from '../../query/ast/query.ts';
import { parseFilter } from '../../query/parse/text.ts';
import { countParameter, timeQuery } from './common.ts';

const levelParameter = z
  .string()
  .transform((text, context) => {
    const level = readLevel(text)?.level;
    if (level === undefined) {
      const meant = nearest(text.slice(0, 40), levels);
      context.addIssue({
        code: 'custom',
        message: `"${text.slice(0, 40)}" is no level; ${meant ? `did you mean ${meant}?` : `give ${levels.join(', ')}`}`,
      });
    }
    return level ?? 'info';
  })
  .meta({ description: 'trace, debug, info, warn, error or fatal, in any common spelling', example: 'error' });

const anyOf = (what: string) =>
  z
    .array(z.string())
    .optional()
    .meta({ description: `${what}; repeat the parameter for any of several`, param: { explode: true } });

/** The filters of lists and of the live tail. */
export const filterQuery = {
  q: z
    .string()
    .max(4_000)
    .optional()
    .meta({ description: 'The query language as text: `level:error "timed out" -service:canary latency_ms>500`' }),
  search: z.string().max(1_000).optional().meta({ description: 'Text that the message contains, in any case' }),
  service: anyOf('The service'),
  level: z
    .array(levelParameter)
    .optional()
    .meta({ description: 'The level; repeat the parameter for any of several', param: { explode: true } }),
  min_level: levelParameter.optional().meta({ description: 'This level or a higher one' }),
  env: anyOf('The environment'),
  host: anyOf('The host'),
  trace_id: z.string().max(64).optional().meta({ description: 'The trace' }),
};

/** The same, checked by itself. */
export const tailFilters = z.object(filterQuery);

export type Filters = z.output<typeof tailFilters>;

/** The whole query of `GET /api/logs`. */
export const searchQuery = z.object({
  ...filterQuery,
  ...timeQuery,
  limit: countParameter(1, 10_000).default(100),
  order: z.enum(['desc', 'asc']).default('desc').meta({ description: 'By timestamp, then position: newest first (desc) or oldest first' }),
  cursor: z.string().max(4_000).optional().meta({ description: '`next_cursor` of the page before, with all else unchanged' }),
});

/** Joins all filters by AND; `time` is what `q` says of it. @throws AppError INVALID_QUERY for a `q` that cannot be read */
export function conditionOf(filters: Filters): { where: Expression; time: TimeSpan | undefined } {
  const { q, search, service, level, min_level, env, host, trace_id } = filters;
  const line = q === undefined ? undefined : parseFilter(q);
  const least = min_level === undefined ? -1 : levels.indexOf(min_level);
  const where = allOf(
    line?.where,
    search ? { kind: 'contains', field: 'message', text: search } : undefined,
    oneOf('service', service),
    oneOf('level', level),
    least > 0 ? { kind: 'in', field: 'level', values: levels.slice(least) } : undefined,
    oneOf('env', env),
    oneOf('host', host),
    trace_id === undefined ? undefined : { kind: 'compare', op: '=', field: 'trace_id', value: trace_id.toLowerCase() },
  );
  return { where, time: line?.time };
}

/** The condition of a live tail. @throws AppError INVALID_QUERY for one that names a time, too */
export function tailCondition(filters: Filters): Expression {
  const { where, time } = conditionOf(filters);
  if (time) throw new AppError('INVALID_QUERY', 'q: a live tail shows what comes; leave last, from and to out');
  return where;
}

function oneOf(field: string, values: string[] | undefined): Expression | undefined {
  if (values === undefined || values.length === 0) return undefined;
  return values.length === 1 ? { kind: 'compare', op: '=', field, value: values[0]! } : { kind: 'in', field, values };
}
