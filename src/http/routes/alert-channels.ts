import * as z from 'zod';
import { channelNamePattern, channelSchema } from '../../alerts/channels/schema.ts';
import { formatTime } from '../../core/time.ts';
import type { ShownDelivery } from '../../pipeline/notify/api.ts';
import { empty, json, list } from '../answer.ts';
import { actorOf } from '../authenticate.ts';
import { timeOfMs } from '../record-json.ts';
import { defineRoute } from '../route.ts';
import { labels } from '../schemas/alerts.ts';
import { count, countParameter, listOf, time } from '../schemas/common.ts';

const namePath = z.object({ name: z.string().regex(channelNamePattern, 'expected letters, digits, ".", "_" and "-"') });
const channel = z
  .object({
    name: z.string(),
    source: z.enum(['config', 'api']),
    config: z.record(z.string(), z.unknown()).meta({ description: 'Values of secrets are shown as ***' }),
  })
  .meta({ id: 'Channel' });

const states = ['pending', 'sent', 'dead'] as const;
const delivery = z
  .object({
    id: z.string().meta({ description: 'The dedup key: the same over all attempts' }),
    state: z.enum(states),
    channel: z.string(),
    receiver: z.string(),
    group: z.string(),
    kind: z.enum(['change', 'repeat', 'escalation', 'test']),
    status: z.enum(['firing', 'resolved']),
    created_at: time,
    settled_at: time.nullable(),
    next_at: time.nullable().meta({ description: 'When it is tried again' }),
    attempts: count,
    error: z.string().nullable(),
    alerts: z.array(z.object({ id: z.string(), status: z.enum(['firing', 'resolved']), labels })),
  })
  .meta({ id: 'Delivery' });

export const alertChannelRoutes = [
  defineRoute({
    method: 'GET',
    path: '/api/alerts/channels',
    operationId: 'listChannels',
    tag: 'alerts',
    summary: 'Ways to tell people',
    scope: 'query',
    answers: { 200: { description: 'Channels, without the values of their secrets', content: { 'application/json': listOf(channel) } } },
    handle: async ({ platform, caller }) => list(await (await platform.notify()).channels(caller.tenant)),
  }),
  defineRoute({
    method: 'PUT',
    path: '/api/alerts/channels/{name}',
    operationId: 'putChannel',
    tag: 'alerts',
    summary: 'Makes or replaces a channel',
    scope: 'admin',
    pathParameters: namePath,
    json: channelSchema.meta({ id: 'ChannelConfig' }),
    answers: { 200: { description: 'The channel', content: { 'application/json': channel } } },
    errors: ['INVALID_CONFIG', 'CONFLICT', 'RATE_LIMITED'],
    handle: async ({ platform, caller, path, body }) => json(await (await platform.notify()).putChannel(actorOf(caller), path.name, body)),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/api/alerts/channels/{name}',
    operationId: 'deleteChannel',
    tag: 'alerts',
    summary: 'Removes a channel that no route names',
    scope: 'admin',
    pathParameters: namePath,
    answers: { 204: { description: 'It is gone' } },
    errors: ['NOT_FOUND', 'ALREADY_EXISTS'],
    handle: async ({ platform, caller, path }) => {
      await (await platform.notify()).deleteChannel(actorOf(caller), path.name);
      return empty();
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/api/alerts/channels/{name}/test',
    operationId: 'testChannel',
    tag: 'alerts',
    summary: 'Sends a test to a channel at once, and says whether it was taken',
    scope: 'admin',
    pathParameters: namePath,
    answers: {
      200: {
        description: 'What came of it',
        content: {
          'application/json': z
            .object({ delivered: z.boolean(), took_ms: count, detail: z.string().nullable().meta({ description: 'Why not' }) })
            .meta({ id: 'ChannelTest' }),
        },
      },
    },
    errors: ['NOT_FOUND'],
    waits: true,
    handle: async ({ platform, caller, path }) => {
      const { delivered, tookMs, detail } = await (await platform.notify()).testChannel(actorOf(caller), path.name);
      return json({ delivered, took_ms: tookMs, detail });
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/alerts/deliveries',
    operationId: 'listDeliveries',
    tag: 'alerts',
    summary: 'What was told to whom, newest first; what is on its way; what could not be told',
    scope: 'query',
    query: z.object({
      state: z.enum(states).optional(),
      alert: z.string().min(1).max(300).optional().meta({ description: 'Only about this alert, group or rule' }),
      limit: countParameter(1, 1_000).default(100),
    }),
    answers: { 200: { description: 'Deliveries', content: { 'application/json': listOf(delivery) } } },
    handle: async ({ platform, caller, query: { state, alert, limit } }) => {
      const filter = { limit, ...(state === undefined ? {} : { state }), ...(alert === undefined ? {} : { alert }) };
      return list((await (await platform.notify()).deliveries(caller.tenant, filter)).map(deliveryJson));
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/api/alerts/deliveries/{id}/redrive',
    operationId: 'redriveDelivery',
    tag: 'alerts',
    summary: 'Sends a notification again that could not be told',
    scope: 'admin',
    pathParameters: z.object({ id: z.string().min(1).max(200) }),
    answers: { 200: { description: 'It is on its way', content: { 'application/json': delivery } } },
    errors: ['NOT_FOUND'],
    handle: async ({ platform, caller, path }) => json(deliveryJson(await (await platform.notify()).redrive(actorOf(caller), path.id))),
  }),
];

const deliveryJson = ({
  id,
  state,
  channel: on,
  receiver,
  group,
  notice,
  createdMs,
  settledMs,
  nextMs,
  attempts,
  lastError,
}: ShownDelivery) => ({
  ...{ id, state, channel: on, receiver, group, kind: notice.kind, status: notice.status, created_at: formatTime(createdMs * 1000) },
  ...{
    settled_at: timeOfMs(settledMs ?? undefined),
    next_at: state === 'pending' ? formatTime(nextMs * 1000) : null,
    attempts,
    error: lastError,
  },
  alerts: notice.alerts.map(({ episode, status, labels: of }) => ({ id: episode, status, labels: of })),
});
