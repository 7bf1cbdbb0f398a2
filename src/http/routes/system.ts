import * as z from 'zod';
import { metricsMediaType } from '../../pipeline/metrics.ts';
import { json, text } from '../answer.ts';
import { homePage } from '../home-page.ts';
import { probes } from '../probes.ts';
import { defineRoute } from '../route.ts';

const dependency = z.object({ name: z.string(), state: z.enum(['ok', 'degraded', 'down']), detail: z.string().optional() });
const readiness = z.object({ status: z.enum(['ready', 'not ready']), dependencies: z.array(dependency) }).meta({ id: 'Readiness' });
const openapi = z.record(z.string(), z.unknown());

const links = {
  search: '/api/logs',
  tail: '/api/logs/tail',
  services: '/api/services',
  ledger: '/api/ledger',
  ready: '/ready',
  metrics: '/metrics',
  openapi: '/openapi.json',
};

export const systemRoutes = [
  defineRoute({
    method: 'GET',
    path: '/',
    operationId: 'home',
    tag: 'system',
    summary: 'A page to begin with in a browser, links for programs',
    scope: 'none',
    answers: {
      200: {
        description: 'Where everything is',
        content: {
          'application/json': z.object({ name: z.string(), version: z.string(), links: z.record(z.string(), z.string()) }),
          'text/html': undefined,
        },
      },
    },
    handle: ({ options, answerType, header }) => {
      if (answerType === 'application/json') return json({ name: 'logdrive', version: options.version, links });
      return { ...text('text/html; charset=utf-8', homePage(options.version, header('host') ?? '127.0.0.1:4318')), headers: pageHeaders };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/live',
    operationId: 'live',
    tag: 'system',
    summary: 'Whether the process runs',
    scope: 'none',
    answers: { 200: { description: 'It does', content: { 'application/json': z.object({ status: z.literal('ok') }) } } },
    handle: ({ platform, options }) => probes['/live']!(platform, options),
  }),
  defineRoute({
    method: 'GET',
    path: '/ready',
    operationId: 'ready',
    tag: 'system',
    summary: 'Whether requests should be sent here, and the state of each dependency',
    scope: 'none',
    answers: {
      200: { description: 'Ready', content: { 'application/json': readiness } },
      503: { description: 'Not ready', content: { 'application/json': readiness } },
    },
    handle: ({ platform, options }) => probes['/ready']!(platform, options),
  }),
  defineRoute({
    method: 'GET',
    path: '/health',
    operationId: 'health',
    tag: 'system',
    summary: 'How the process is',
    scope: 'none',
    answers: {
      200: {
        description: 'It answers',
        content: { 'application/json': z.object({ status: z.enum(['ok', 'degraded']), version: z.string() }) },
      },
    },
    handle: ({ platform, options }) => probes['/health']!(platform, options),
  }),
  defineRoute({
    method: 'GET',
    path: '/stats',
    operationId: 'processStats',
    tag: 'system',
    summary: 'The process: memory, event-loop lag, queue depth, uptime',
    scope: 'query',
    answers: { 200: { description: 'Figures', content: { 'application/json': z.record(z.string(), z.unknown()) } } },
    handle: async ({ platform }) => json(await platform.stats()),
  }),
  defineRoute({
    method: 'GET',
    path: '/metrics',
    operationId: 'prometheusMetrics',
    tag: 'system',
    summary: 'Metrics as Prometheus text 0.0.4',
    scope: 'query',
    answers: { 200: { description: 'Metrics', content: { 'text/plain': z.string() } } },
    handle: async ({ platform }) => text(metricsMediaType, await platform.metrics()),
  }),
  defineRoute({
    method: 'GET',
    path: '/openapi.json',
    operationId: 'openapi',
    tag: 'system',
    summary: 'This document (OpenAPI 3.1)',
    scope: 'none',
    answers: { 200: { description: 'OpenAPI 3.1', content: { 'application/json': openapi } } },
    // Loaded when asked for: nothing else needs the generator.
    handle: async ({ options }) => {
      const [{ openapiOf }, { routes }] = await Promise.all([import('../openapi.ts'), import('./index.ts')]);
      return json(openapiOf(routes, options.version));
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/api/profile',
    operationId: 'takeProfile',
    tag: 'operations',
    summary: 'Writes a CPU or heap profile of the running process',
    scope: 'admin',
    json: z
      .strictObject({ kind: z.enum(['cpu', 'heap']), seconds: z.number().min(0.1).max(300).default(10) })
      .meta({ id: 'ProfileRequest' }),
    answers: {
      201: { description: 'The file it was written to', content: { 'application/json': z.object({ files: z.array(z.string()) }) } },
    },
    waits: true,
    handle: async ({ platform, body }) => json({ files: await platform.profile(body.kind, body.seconds) }, 201),
  }),
];

/** The page needs nothing but itself. */
const pageHeaders = { 'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'" };
