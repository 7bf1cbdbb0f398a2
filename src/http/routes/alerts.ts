import * as z from 'zod';
import { alertStates } from '../../alerts/transition.ts';
import { json } from '../answer.ts';
import { backtestStream } from '../backtest-stream.ts';
import { check } from '../parameters.ts';
import { maxBytesOf, parseJson, readText } from '../read-body.ts';
import { defineRoute } from '../route.ts';
import { ruleWithin } from '../rule-body.ts';
import { amendmentJson, episodeJson } from '../rule-json.ts';
import { answerBacktest, routingOf } from '../run-backtest.ts';
import { countParameter } from '../schemas/common.ts';
import { amendment, backtestAnswer, backtestBody, episode, rulePath } from '../schemas/rules.ts';

const tag = 'alerts';
const testBody = z.strictObject({ rule: z.union([z.record(z.string(), z.unknown()), z.string()]).optional() });

export const alertRoutes = [
  defineRoute({
    method: 'GET',
    path: '/api/alerts',
    operationId: 'listAlerts',
    tag,
    summary: 'What fires now, and what has fired in the last 30 days, newest first',
    description:
      '`state=firing` is what fires now. `amendments` are windows of the last two days that records which came late would have decided otherwise.',
    scope: 'query',
    query: z.object({
      state: z.enum(alertStates).optional(),
      rule: z.string().max(100).optional(),
      limit: countParameter(1, 10_000).optional().meta({ description: '100 unless given' }),
    }),
    answers: {
      200: {
        description: 'Episodes: one from when an alert began until it ended',
        content: {
          'application/json': z.object({ items: z.array(episode), next_cursor: z.string().nullable(), amendments: z.array(amendment) }),
        },
      },
    },
    errors: ['INVALID_RULE'],
    handle: async ({ platform, caller, query }) => {
      const rules = await platform.rules();
      const items = await rules.episodes(caller.tenant, { state: query.state, rule: query.rule, limit: query.limit ?? 100 });
      const amendments = await rules.amendments(caller.tenant);
      return json({ items: items.map(episodeJson), next_cursor: null, amendments: amendments.map(amendmentJson) });
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/api/alerts/rules/{name}/test',
    operationId: 'testRule',
    tag,
    summary: "Runs a rule's inline tests, or those of a rule in the body that is not saved",
    scope: 'query',
    pathParameters: rulePath,
    rawBody: {
      required: false,
      content: { 'application/json': testBody },
    },
    answers: {
      200: {
        description: 'What is not as expected',
        content: {
          'application/json': z.object({
            tests: z.int(),
            passed: z.boolean(),
            failures: z.array(z.object({ test: z.string(), at: z.string(), expected: z.string(), got: z.string() })),
          }),
        },
      },
    },
    errors: ['INVALID_RULE', 'NOT_FOUND'],
    handle: async ({ platform, options, caller, path, request }) => {
      const content = (await readText(request, maxBytesOf(options))).trim();
      const given = content === '' ? {} : check(testBody, parseJson(content), 'INVALID_BODY', 'body');
      const which = given.rule === undefined ? { name: path.name } : { source: ruleWithin(given.rule) };
      const { tests, failures } = await (await platform.rules()).test(caller.tenant, which);
      return json({ tests, passed: failures.length === 0, failures });
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/api/alerts/rules/{name}/backtest',
    operationId: 'backtestRule',
    tag,
    summary: 'What a rule would have done over stored data',
    description:
      'The evaluator that runs in production, over what is stored: each transition, and how many notifications they would have been. The rule is the saved one, a former version, or one ' +
      'in the body that is not saved. With `Accept: application/x-ndjson` progress comes while it runs: a line `{"progress": 0.5, …}` now and then, then `{"result": …}`.',
    scope: 'query',
    pathParameters: rulePath,
    json: backtestBody,
    answers: {
      200: { description: 'Transitions in order', content: { 'application/json': backtestAnswer, 'application/x-ndjson': z.string() } },
    },
    errors: ['INVALID_RULE', 'INVALID_CONFIG', 'NOT_FOUND', 'RATE_LIMITED'],
    waits: true,
    handle: async ({ platform, options, caller, path, body, answerType, request, requestId }) => {
      const means = { rules: await platform.rules(), routing: await routingOf(platform, caller.tenant) };
      const order = { tenant: caller.tenant, name: path.name, input: body, nowUs: options.clock.nowMs() * 1_000 };
      if (answerType === 'application/json') return json(await answerBacktest(means, order, () => {}, request.signal));
      const stream = backtestStream(
        (progress, gone) => answerBacktest(means, order, progress, gone),
        requestId,
        () => options.clock.monotonicMs(),
      );
      return { kind: 'stream', status: 200, type: 'application/x-ndjson', stream };
    },
  }),
];
