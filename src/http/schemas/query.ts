import * as z from 'zod';
import { maxLimit, querySources } from '../../query/ast/query.ts';

const condition = z
  .array(z.unknown())
  .min(1)
  .meta({
    id: 'Condition',
    description:
      'An operator and its operands: `= != > >= < <= in exists match phrase contains prefix wildcard regex`, and `and or not` over conditions. Values compare by type.',
    examples: [['and', ['=', 'level', 'error'], ['match', 'message', 'timed out'], ['>', 'attributes.latency_ms', 500]]],
  });

/** Documents the JSON spelling of a query; `parseQuery` reads it, and names the place of what is wrong. */
export const queryBody = z
  .strictObject({
    from: z.enum(querySources as [string, ...string[]]).optional(),
    time: z
      .strictObject({
        last: z.string().optional().meta({ example: '15m' }),
        from: z.union([z.string(), z.number()]).optional(),
        to: z.union([z.string(), z.number()]).optional(),
      })
      .optional(),
    where: condition.optional(),
    select: z.array(z.string().min(1)).optional(),
    group_by: z
      .array(z.union([z.string().min(1), z.array(z.unknown())]))
      .optional()
      .meta({ description: 'Fields, and `["bucket", "timestamp", "5m"]`, with a time zone behind the step where one is meant' }),
    aggregate: z.record(z.string(), z.array(z.unknown()).min(1)).optional().meta({
      description: 'Name to function: `["count"]`, `["avg", field]`, `["percentile", field, 95]`; also rate, sum, min, max, distinct',
    }),
    having: condition.optional().meta({ description: 'What a group must satisfy, by the names of its keys and values' }),
    order_by: z.array(z.unknown()).optional().meta({ description: '`[name, "asc" or "desc"]`' }),
    top: z
      .strictObject({ n: z.int().min(1).max(maxLimit), by: z.array(z.string().min(1)).min(1) })
      .optional()
      .meta({ description: 'The first `n` groups of each value of some keys' }),
    limit: z.int().min(1).max(maxLimit).nullish(),
    cursor: z.string().nullish(),
  })
  .meta({
    id: 'Query',
    examples: [
      {
        time: { last: '15m' },
        where: ['=', 'level', 'error'],
        group_by: ['service', ['bucket', 'timestamp', '5m']],
        aggregate: { n: ['count'] },
        order_by: [['n', 'desc']],
        limit: 100,
      },
    ],
  });
