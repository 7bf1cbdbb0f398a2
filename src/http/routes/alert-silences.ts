import * as z from 'zod';
import { firingOf, type Group } from '../../alerts/routing/group.ts';
import { matchersSchema, timeIntervalSchema } from '../../alerts/routing/schema.ts';
import { AppError } from '../../core/errors.ts';
import { formatTime } from '../../core/time.ts';
import { json, list } from '../answer.ts';
import { actorOf } from '../authenticate.ts';
import { defineRoute } from '../route.ts';
import { labels, silence, silenceJson } from '../schemas/alerts.ts';
import { durationParameter, listOf, time, timeParameter } from '../schemas/common.ts';

const idPath = z.object({ id: z.string().min(1).max(200) });
const who = z.string().min(1).max(200);

const acknowledged = z.object({ by: z.string(), at: time, comment: z.string() });
const group = z
  .object({
    id: z.string(),
    group_key: z.string(),
    receiver: z.string(),
    labels,
    opened_at: time,
    told_at: time.nullable().meta({ description: 'When somebody was told first; null while nobody has been' }),
    escalated: z.array(z.string()),
    acknowledged: acknowledged.nullable(),
    alerts: z.array(z.object({ id: z.string(), rule: z.string(), labels, since: time, unknown: z.boolean() })),
  })
  .meta({ id: 'AlertGroup' });

export const alertSilenceRoutes = [
  defineRoute({
    method: 'GET',
    path: '/api/alerts/silences',
    operationId: 'listSilences',
    tag: 'alerts',
    summary: 'Silences, newest first; those that have ended for five days more',
    scope: 'query',
    query: z.object({ state: z.enum(['pending', 'active', 'waiting', 'expired']).optional() }),
    answers: { 200: { description: 'Silences', content: { 'application/json': listOf(silence) } } },
    handle: async ({ platform, caller, query }) => {
      const all = await (await platform.notify()).silences(caller.tenant);
      return list(all.filter(({ state }) => query.state === undefined || state === query.state).map(silenceJson));
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/api/alerts/silences',
    operationId: 'createSilence',
    tag: 'alerts',
    summary: 'Keeps alerts from being told for a time, or in recurring windows',
    scope: 'admin',
    json: z
      .strictObject({
        matchers: matchersSchema.min(1),
        comment: z.string().min(1).max(2_000),
        created_by: who.optional().meta({ description: 'The key unless given' }),
        starts_at: timeParameter.optional(),
        ends_at: timeParameter.optional(),
        duration: durationParameter.optional().meta({ description: 'Instead of ends_at: 2h' }),
        time_intervals: z
          .array(timeIntervalSchema)
          .min(1)
          .max(50)
          .optional()
          .meta({ description: 'It holds within these times alone: a maintenance window' }),
      })
      .meta({ id: 'NewSilence' }),
    answers: { 201: { description: 'The silence', content: { 'application/json': silence } } },
    errors: ['INVALID_CONFIG', 'RATE_LIMITED'],
    handle: async ({ platform, options, caller, body }) => {
      const { matchers, comment, created_by = caller.keyId, starts_at, ends_at, duration, time_intervals } = body;
      if (ends_at !== undefined && duration !== undefined)
        throw new AppError('INVALID_BODY', 'body.duration: ends_at says already when it ends');
      if (ends_at === undefined && duration === undefined && !time_intervals)
        throw new AppError(
          'INVALID_BODY',
          'body.ends_at: give ends_at or duration; only a silence with time_intervals may go without an end',
        );
      const endsUs = ends_at ?? (duration === undefined ? null : (starts_at ?? options.clock.nowMs() * 1000) + duration);
      const made = await (await platform.notify()).addSilence(actorOf(caller), {
        ...{ matchers, comment, createdBy: created_by, startsUs: starts_at, endsUs, timeIntervals: time_intervals },
      });
      return json(silenceJson(made), 201);
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/api/alerts/silences/{id}',
    operationId: 'endSilence',
    tag: 'alerts',
    summary: 'Ends a silence now',
    scope: 'admin',
    pathParameters: idPath,
    answers: { 200: { description: 'The silence, ended', content: { 'application/json': silence } } },
    errors: ['NOT_FOUND', 'CONFLICT'],
    handle: async ({ platform, caller, path }) => json(silenceJson(await (await platform.notify()).endSilence(actorOf(caller), path.id))),
  }),
  defineRoute({
    method: 'GET',
    path: '/api/alerts/groups',
    operationId: 'listAlertGroups',
    tag: 'alerts',
    summary: 'Alerts as they are told: by group, with who was told and who has acknowledged',
    scope: 'query',
    answers: { 200: { description: 'Groups', content: { 'application/json': listOf(group) } } },
    handle: async ({ platform, caller }) => list((await (await platform.notify()).groups(caller.tenant)).map(groupJson)),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/alerts/{id}/ack',
    operationId: 'acknowledgeAlert',
    tag: 'alerts',
    summary: 'Acknowledges the groups that an alert is in: no repeats and no escalation until something new joins them',
    scope: 'admin',
    pathParameters: idPath,
    json: z
      .strictObject({ by: who.optional().meta({ description: 'The key unless given' }), comment: z.string().max(2_000).default('') })
      .meta({ id: 'Acknowledgement' }),
    answers: { 200: { description: 'The groups', content: { 'application/json': listOf(group) } } },
    errors: ['NOT_FOUND', 'CONFLICT'],
    handle: async ({ platform, caller, path, body: { by = caller.keyId, comment } }) =>
      list((await (await platform.notify()).acknowledge(actorOf(caller), path.id, { by, comment })).map(groupJson)),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/api/alerts/{id}/ack',
    operationId: 'takeBackAcknowledgement',
    tag: 'alerts',
    summary: 'Takes an acknowledgement back',
    scope: 'admin',
    pathParameters: idPath,
    answers: { 200: { description: 'The groups', content: { 'application/json': listOf(group) } } },
    errors: ['NOT_FOUND', 'CONFLICT'],
    handle: async ({ platform, caller, path }) =>
      list((await (await platform.notify()).acknowledge(actorOf(caller), path.id, undefined)).map(groupJson)),
  }),
];

const groupJson = (of: Group) => ({
  ...{ id: of.id, group_key: of.key, receiver: of.receiver, labels: of.labels, opened_at: formatTime(of.openedUs) },
  told_at: of.firstToldUs === null ? null : formatTime(of.firstToldUs),
  escalated: of.escalated,
  acknowledged: of.ack && { by: of.ack.by, at: formatTime(of.ack.atUs), comment: of.ack.comment },
  alerts: firingOf(of).map(({ episode, rule, labels: own, startedUs, unknown }) => ({
    id: episode,
    rule,
    labels: own,
    since: formatTime(startedUs),
    unknown,
  })),
});
