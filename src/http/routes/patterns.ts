import * as z from 'zod';
import { PatternMiner } from '../../alerts/patterns/miner.ts';
import { levels } from '../../core/record.ts';
import { formatTime } from '../../core/time.ts';
import { allOf, type Expression } from '../../query/ast/expression.ts';
import { json } from '../answer.ts';
import { defineRoute } from '../route.ts';
import { count, time, timeParameter, timeQuery, timeRangeOf } from '../schemas/common.ts';

/** The newest records of the range are looked at. */
const maxRecords = 10_000;

const pattern = z
  .object({
    id: z.string(),
    pattern: z.string().meta({ description: 'the words of the messages, `<*>` where they vary' }),
    count,
    services: z.record(z.string(), z.number()),
    levels: z.record(z.string(), z.number()),
    first_seen: time,
    last_seen: time,
    sample: z.string(),
    sample_ids: z.array(z.string()),
    new: z.boolean().meta({ description: 'whether all of its messages are of `new_since` or later' }),
  })
  .meta({ id: 'Pattern' });

export const patternRoutes = [
  defineRoute({
    method: 'GET',
    path: '/api/patterns',
    operationId: 'listPatterns',
    tag: 'query',
    summary: 'What kinds of messages there are, of the newest records, and which are new',
    scope: 'query',
    query: z.object({
      ...timeQuery,
      service: z.string().optional().meta({ description: 'One service; all unless given' }),
      level: z.enum(levels).optional().meta({ description: 'One level; all unless given' }),
      new_since: timeParameter.optional().meta({ description: 'Patterns without a message before this time are new' }),
    }),
    answers: {
      200: {
        description: 'Patterns, the most frequent first',
        content: {
          'application/json': z
            .object({
              items: z.array(pattern),
              next_cursor: z.null(),
              looked_at: count.meta({ description: 'records that were grouped' }),
              truncated: z.boolean().meta({ description: 'whether there may be older ones that were not looked at' }),
            })
            .meta({ id: 'Patterns' }),
        },
      },
    },
    handle: async ({ platform, options, caller, query }) => {
      const range = timeRangeOf(query, options.clock.nowMs() * 1_000);
      const equals = (field: string, value: string | undefined): Expression | undefined =>
        value === undefined ? undefined : { kind: 'compare', op: '=', field, value };
      const { records } = await platform.store.search({
        tenant: caller.tenant,
        time: range,
        where: allOf(equals('service', query.service), equals('level', query.level)),
        order: 'desc',
        limit: maxRecords,
      });
      const miner = new PatternMiner();
      for (const { id, message, service, level, timestamp, observed_timestamp } of records.toReversed()) {
        if (message) miner.add({ id, message, service, level, timestampUs: timestamp, observedUs: observed_timestamp });
      }
      const since = query.new_since ?? Number.POSITIVE_INFINITY;
      const items = miner.mined.patterns.map(({ id, tokens, firstUs, lastUs, sample, sampleIds, ...of }) => ({
        ...{ id, pattern: tokens.join(' '), count: of.count, services: of.services, levels: of.levels },
        ...{ first_seen: formatTime(firstUs), last_seen: formatTime(lastUs), sample, sample_ids: sampleIds, new: firstUs >= since },
      }));
      return json({ items, next_cursor: null, looked_at: records.length, truncated: records.length === maxRecords });
    },
  }),
];
