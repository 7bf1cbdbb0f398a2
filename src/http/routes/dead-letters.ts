import * as z from 'zod';
import { AppError } from '../../core/errors.ts';
import type { DeadLetter } from '../../core/ports/dead-letters.ts';
import { empty, json } from '../answer.ts';
import { timeOfMs } from '../record-json.ts';
import { defineRoute } from '../route.ts';
import { count, countParameter, listOf, signalParameter, time } from '../schemas/common.ts';

const ofSignal = z.object({ signal: signalParameter });
const idPath = z.object({ id: z.string().min(1).max(200) });

const letter = z
  .object({
    id: z.string(),
    position: z.object({ generation: count, partition: count, offset: count }),
    sink: z.enum(['hot', 'warm', 'aggregate', 'both']),
    code: z.string(),
    detail: z.string(),
    cause: z.string().meta({ description: 'Groups letters: the code and the kind of detail' }),
    attempts: count,
    first_at: time,
    last_at: time,
    state: z.enum(['dead', 'redriven', 'discarded']),
  })
  .meta({ id: 'DeadLetter' });

const wholeLetter = letter
  .extend({ body: z.string().meta({ description: 'The record as JSON text, masked' }), code_version: z.string() })
  .meta({ id: 'DeadLetterWithBody' });

const group = z.object({ cause: z.string(), count, sample_id: z.string() });

export const deadLetterRoutes = [
  defineRoute({
    method: 'GET',
    path: '/api/dlq',
    operationId: 'listDeadLetters',
    tag: 'operations',
    summary: 'Records that could not pass, oldest first, and how many by cause',
    scope: 'query',
    query: z.object({
      cause: z.string().max(1_000).optional(),
      limit: countParameter(1, 1_000).default(100),
      cursor: z.string().max(200).optional(),
      signal: signalParameter,
    }),
    answers: { 200: { description: 'Letters', content: { 'application/json': listOf(letter).extend({ groups: z.array(group) }) } } },
    handle: async ({ platform, caller, query: { cause, limit, cursor, signal } }) => {
      const { letters, groups } = await platform.storeOf(signal).deadLetters(caller.tenant, {
        limit: limit + 1,
        ...(cause === undefined ? {} : { cause }),
        ...(cursor === undefined ? {} : { after: cursor }),
      });
      const page = letters.slice(0, limit);
      return json({
        items: page.map(letterJson),
        next_cursor: letters.length > limit ? page.at(-1)!.id : null,
        groups: groups.map(({ sampleId, ...rest }) => ({ ...rest, sample_id: sampleId })),
      });
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/dlq/{id}',
    operationId: 'getDeadLetter',
    tag: 'operations',
    summary: 'One dead letter with its record',
    scope: 'query',
    pathParameters: idPath,
    query: ofSignal,
    answers: { 200: { description: 'The letter', content: { 'application/json': wholeLetter } } },
    errors: ['NOT_FOUND'],
    handle: async ({ platform, caller, path, query }) => {
      const found = await platform.storeOf(query.signal).deadLetter(caller.tenant, path.id);
      if (!found) throw noLetter(path.id);
      return json({ ...letterJson(found), body: found.body, code_version: found.codeVersion });
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/api/dlq/{id}',
    operationId: 'discardDeadLetter',
    tag: 'operations',
    summary: 'Gives a dead letter up for good; the ledger keeps counting it as dead',
    scope: 'admin',
    pathParameters: idPath,
    query: ofSignal,
    answers: { 204: { description: 'Discarded' } },
    errors: ['NOT_FOUND'],
    handle: async ({ platform, caller, path, query }) => {
      if (!(await platform.storeOf(query.signal).discardDeadLetter(caller.tenant, path.id))) throw noLetter(path.id);
      return empty();
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/api/dlq/redrive',
    operationId: 'redriveDeadLetters',
    tag: 'operations',
    summary: 'Sends dead letters the whole way again, by id or by cause',
    description: 'Doing it twice, or twice at once, is doing it once. With `dry_run` it only counts.',
    scope: 'admin',
    query: ofSignal,
    json: z
      .strictObject({
        ids: z.array(z.string().min(1).max(200)).min(1).max(10_000).optional(),
        cause: z.string().min(1).max(1_000).optional(),
        dry_run: z.boolean().optional(),
        rate: z.number().positive().max(1_000_000).optional().meta({ description: 'Letters a second' }),
      })
      .refine(({ ids, cause }) => (ids === undefined) !== (cause === undefined), 'give either ids or cause')
      .meta({ id: 'Redrive' }),
    answers: {
      200: { description: 'What was done', content: { 'application/json': z.object({ matched: count, redriven: count, skipped: count }) } },
    },
    handle: async ({ platform, caller, query, body: { ids, cause, dry_run, rate } }) =>
      json(
        await platform.storeOf(query.signal).redrive(caller.tenant, {
          ...(ids ? { ids } : {}),
          ...(cause === undefined ? {} : { cause }),
          ...(dry_run === undefined ? {} : { dryRun: dry_run }),
          ...(rate === undefined ? {} : { ratePerS: rate }),
        }),
      ),
  }),
];

const noLetter = (id: string) => new AppError('NOT_FOUND', `there is no dead letter with the id ${id}`);

const letterJson = ({ id, position, sink, code, detail, cause, attempts, firstAtMs, lastAtMs, state }: DeadLetter) => ({
  id,
  position: { generation: position.generation, partition: position.partition, offset: position.offset },
  sink,
  code,
  detail,
  cause,
  attempts,
  first_at: timeOfMs(firstAtMs),
  last_at: timeOfMs(lastAtMs),
  state,
});
