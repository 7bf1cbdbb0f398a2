import * as z from 'zod';
import { empty, json, list } from '../answer.ts';
import { importRules } from '../import-rules.ts';
import { defineRoute } from '../route.ts';
import { readRuleBody } from '../rule-body.ts';
import { ruleJson, stateOfRule, versionsJson } from '../rule-json.ts';
import { listOf } from '../schemas/common.ts';
import { ruleAnswer, ruleBody, rulePath, versionAnswer } from '../schemas/rules.ts';

const openEpisodes = { limit: 100_000, isOpen: true };
const spellings = { 'application/json': ruleBody, 'application/edn': z.string() };
const tag = 'alerts';

export const alertRuleRoutes = [
  defineRoute({
    method: 'GET',
    path: '/api/alerts/rules',
    operationId: 'listRules',
    tag,
    summary: 'The alert rules of your tenant, by name',
    scope: 'query',
    answers: { 200: { description: 'Rules with their states', content: { 'application/json': listOf(ruleAnswer) } } },
    errors: ['INVALID_RULE'],
    handle: async ({ platform, caller }) => {
      const rules = await platform.rules();
      const stored = await rules.list(caller.tenant);
      if (stored.length === 0) return list([]);
      const episodes = await rules.episodes(caller.tenant, openEpisodes);
      return list(stored.map((item) => ruleJson(item, stateOfRule(episodes, String(item.source.name)))));
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/api/alerts/rules',
    operationId: 'createRule',
    tag,
    summary: 'Makes an alert rule',
    description:
      'As JSON or EDN. Its tests are run, and it is refused where one fails. As YAML (`application/yaml`), a rule file of Prometheus: every alert of it becomes a rule, ' +
      'or, where one has no equal here, none does and the answer says why; with `skip=true` the others do.',
    scope: 'admin',
    query: z.object({
      skip: z.enum(['true', 'false']).optional().meta({ description: 'YAML: leave out what has no equal' }),
      staging: z.enum(['true', 'false']).optional().meta({ description: 'Save into staging, whatever the rule says' }),
      replace: z.enum(['true', 'false']).optional().meta({ description: 'Replace a rule of the same name; YAML always does' }),
    }),
    rawBody: { required: true, content: { ...spellings, 'application/yaml': z.string() } },
    answers: {
      201: {
        description: 'The rule; of a file of rules, what was made of each',
        content: {
          'application/json': z.union([
            ruleAnswer,
            z.object({
              items: z.array(ruleAnswer),
              skipped: z.array(z.object({ name: z.string(), path: z.string(), detail: z.string() })),
            }),
          ]),
        },
      },
    },
    errors: ['INVALID_RULE', 'ALREADY_EXISTS'],
    handle: async ({ platform, options, caller, request, query }) => {
      const body = await readRuleBody(request, options);
      const rules = await platform.rules();
      if (body.kind === 'import') {
        const { made, skipped } = await importRules(rules, caller, body.imported, {
          skip: query.skip === 'true',
          staging: query.staging === 'true',
        });
        return json({ items: made.map((item) => ruleJson(item, 'inactive')), skipped }, 201);
      }
      const source = query.staging === 'true' ? staged(body.source) : body.source;
      const save = query.replace === 'true' ? rules.save : rules.create;
      return json(ruleJson(await save(caller.tenant, source, caller.keyId), 'inactive'), 201);
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/alerts/rules/{name}',
    operationId: 'getRule',
    tag,
    summary: 'One alert rule',
    scope: 'query',
    pathParameters: rulePath,
    answers: { 200: { description: 'The rule', content: { 'application/json': ruleAnswer } } },
    errors: ['NOT_FOUND', 'INVALID_RULE'],
    handle: async ({ platform, caller, path }) => {
      const rules = await platform.rules();
      const stored = await rules.get(caller.tenant, path.name);
      return json(ruleJson(stored, stateOfRule(await rules.episodes(caller.tenant, { rule: path.name, ...openEpisodes }), path.name)));
    },
  }),
  defineRoute({
    method: 'PUT',
    path: '/api/alerts/rules/{name}',
    operationId: 'putRule',
    tag,
    summary: 'Replaces an alert rule, or makes it',
    description: 'A new version, whoever changed it beside it. Alerts that are open go on where their labels are the same.',
    scope: 'admin',
    pathParameters: rulePath,
    rawBody: { required: true, content: spellings },
    answers: { 200: { description: 'The rule as it is now', content: { 'application/json': ruleAnswer } } },
    errors: ['INVALID_RULE'],
    handle: async ({ platform, options, caller, request, path }) => {
      const body = await readRuleBody(request, options);
      const source = body.kind === 'rule' ? named(body.source, path.name) : undefined;
      return json(ruleJson(await (await platform.rules()).replace(caller.tenant, path.name, source, caller.keyId), 'inactive'));
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/api/alerts/rules/{name}',
    operationId: 'deleteRule',
    tag,
    summary: 'Deletes an alert rule; its open alerts end with the next window',
    scope: 'admin',
    pathParameters: rulePath,
    answers: { 204: { description: 'Deleted' } },
    errors: ['NOT_FOUND', 'INVALID_RULE'],
    handle: async ({ platform, caller, path }) => {
      await (await platform.rules()).remove(caller.tenant, path.name, caller.keyId);
      return empty();
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/api/alerts/rules/{name}/promote',
    operationId: 'promoteRule',
    tag,
    summary: 'Takes a rule out of staging: people are told from now on',
    scope: 'admin',
    pathParameters: rulePath,
    answers: { 200: { description: 'The rule as it is now', content: { 'application/json': ruleAnswer } } },
    errors: ['NOT_FOUND', 'INVALID_RULE'],
    handle: async ({ platform, caller, path }) =>
      json(ruleJson(await (await platform.rules()).promote(caller.tenant, path.name, caller.keyId), 'inactive')),
  }),
  defineRoute({
    method: 'GET',
    path: '/api/alerts/rules/{name}/versions',
    operationId: 'listRuleVersions',
    tag,
    summary: 'Every version of a rule, newest first: who changed what',
    scope: 'query',
    pathParameters: rulePath,
    answers: { 200: { description: 'Versions', content: { 'application/json': listOf(versionAnswer) } } },
    errors: ['NOT_FOUND'],
    handle: async ({ platform, caller, path }) => list(versionsJson(await (await platform.rules()).versions(caller.tenant, path.name))),
  }),
];

const staged = (source: unknown): unknown => (isObject(source) ? { ...source, staging: true } : source);

/** The name of the path stands for one that the body leaves out. */
const named = (source: unknown, name: string): unknown => (isObject(source) ? { name, ...source } : source);

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
