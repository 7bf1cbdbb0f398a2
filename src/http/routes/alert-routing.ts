import * as z from 'zod';
import { routingSchema } from '../../alerts/routing/schema.ts';
import { AppError } from '../../core/errors.ts';
import type { NotifyApi, RoutingAnswer } from '../../pipeline/notify/api.ts';
import { json } from '../answer.ts';
import { actorOf } from '../authenticate.ts';
import { maxBytesOf, parseJson, readText } from '../read-body.ts';
import { timeOfMs } from '../record-json.ts';
import { defineRoute } from '../route.ts';
import { labels, silence, silenceJson } from '../schemas/alerts.ts';
import { count, time } from '../schemas/common.ts';

const answer = z
  .object({
    version: count.meta({ description: '0: the one of logdrive.yaml, or the default' }),
    by: z.string().nullable(),
    at: time.nullable(),
    routing: routingSchema,
  })
  .meta({ id: 'RoutingOfTenant' });
const request = z
  .strictObject({
    version: count.optional().meta({ description: 'What was read; refused with 409 where somebody has changed it since' }),
    by: z.string().nullish(),
    at: z.string().nullish(),
    routing: routingSchema,
  })
  .meta({ id: 'NewRouting', description: 'What GET answers can be sent back; `by` and `at` are passed over' });
/** The tree is checked apart, so that each fault has its place and a suggestion. */
const envelope = z.strictObject({ ...request.shape, routing: z.unknown() });

const explanation = z
  .object({
    labels,
    told: z.boolean().meta({ description: 'Whether anybody would be told' }),
    routes: z.array(
      z.object({
        route: z.string().meta({ description: 'The matchers on the way to it, or `action` where the rule names the receiver' }),
        receiver: z.string(),
        channels: z.array(z.string()),
        group: z.string().meta({ description: 'The id of the group it would be in' }),
        group_labels: labels,
        group_wait_s: z.number(),
        group_interval_s: z.number(),
        repeat_interval_s: z.number(),
        escalate: z.array(z.object({ after_s: z.number(), receiver: z.string() })),
        muted_by_time: z.boolean(),
      }),
    ),
    silences: z.array(silence),
    inhibited_by: z.object({ rule: count, labels }).nullable(),
  })
  .meta({ id: 'AlertExplanation' });

export const alertRoutingRoutes = [
  defineRoute({
    method: 'GET',
    path: '/api/alerts/routing',
    operationId: 'getRouting',
    tag: 'alerts',
    summary: 'Who is told what, and when: the routing tree',
    scope: 'query',
    answers: { 200: { description: 'The tree and its version', content: { 'application/json': answer } } },
    handle: async ({ platform, caller }) => json(routingJson(await (await platform.notify()).routing(caller.tenant))),
  }),
  defineRoute({
    method: 'PUT',
    path: '/api/alerts/routing',
    operationId: 'putRouting',
    tag: 'alerts',
    summary: 'Replaces the routing tree',
    description:
      "With Alertmanager's words and meaning, and `escalate` and `flap_damping` besides. Groups that fire go on under the new tree.",
    scope: 'admin',
    rawBody: { content: { 'application/json': request }, required: true },
    answers: { 200: { description: 'The tree and its version', content: { 'application/json': answer } } },
    errors: ['INVALID_BODY', 'INVALID_CONFIG', 'CONFLICT', 'BODY_TOO_LARGE'],
    handle: async ({ platform, options, caller, request: raw }) => {
      const parsed = envelope.safeParse(parseJson(await readText(raw, maxBytesOf(options))));
      if (!parsed.success) throw new AppError('INVALID_BODY', 'body: give {"version": …, "routing": {"route": {…}}}, as GET answers it');
      return json(routingJson(await (await platform.notify()).putRouting(actorOf(caller), parsed.data.routing, parsed.data.version)));
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/api/alerts/routing/explain',
    operationId: 'explainRouting',
    tag: 'alerts',
    summary: 'What would become of an alert now: routes, receivers, silences, inhibition',
    scope: 'query',
    json: z
      .strictObject({
        labels,
        action: z.array(z.string().min(1).max(200)).max(20).default([]).meta({ description: 'Receivers that the rule names itself' }),
      })
      .meta({ id: 'AlertToExplain' }),
    answers: { 200: { description: 'What would be done', content: { 'application/json': explanation } } },
    handle: async ({ platform, caller, body }) =>
      json(explanationJson(await (await platform.notify()).explain(caller.tenant, body.labels, body.action))),
  }),
];

const routingJson = ({ routing, version, by, atMs }: RoutingAnswer) => ({ version, by, at: timeOfMs(atMs ?? undefined), routing });
const seconds = (us: number): number => us / 1e6;

const explanationJson = ({ labels: of, isTold, routes, silences, inhibitedBy }: Awaited<ReturnType<NotifyApi['explain']>>) => ({
  labels: of,
  told: isTold,
  routes: routes.map((route) => ({
    ...{ route: route.place, receiver: route.receiver, channels: route.channels, group: route.groupId, group_labels: route.groupLabels },
    ...{
      group_wait_s: seconds(route.groupWaitUs),
      group_interval_s: seconds(route.groupIntervalUs),
      repeat_interval_s: seconds(route.repeatIntervalUs),
    },
    escalate: route.escalate.map(({ afterUs, receiver }) => ({ after_s: seconds(afterUs), receiver })),
    muted_by_time: route.isTimeMuted,
  })),
  silences: silences.map((one) => silenceJson({ ...one, state: 'active' })),
  inhibited_by: inhibitedBy,
});
