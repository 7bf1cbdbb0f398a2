import * as z from 'zod';
import type { Translate } from '../../pipeline/accept/translate.ts';
import { takeIn } from '../ingest.ts';
import type { OtlpSignal } from '../otlp.ts';
import { otlpStatusOf } from '../otlp-status.ts';
import { defineRoute } from '../route.ts';

/** The messages are loaded with the first request of one, so that a host without such senders starts without them. */
const translators: Record<OtlpSignal, () => Promise<Translate>> = {
  logs: async () => (await import('../../pipeline/otlp/translate-logs.ts')).translateLogs,
  metrics: async () => (await import('../../pipeline/otlp/translate-metrics.ts')).translateMetrics,
  traces: async () => (await import('../../pipeline/otlp/translate-spans.ts')).translateSpans,
};

const noBytes = new Uint8Array(0);
const message = z.record(z.string(), z.unknown()).meta({ description: 'The message of OTLP, as JSON: opentelemetry.io/docs/specs/otlp' });
const answer = z.object({ partialSuccess: z.record(z.string(), z.unknown()).optional() }).meta({ id: 'OtlpAnswer' });
const status = z
  .object({ code: z.int().optional(), message: z.string().optional() })
  .meta({ id: 'OtlpStatus', description: 'google.rpc.Status' });

const otlpRoute = (signal: OtlpSignal, what: string) =>
  defineRoute({
    method: 'POST',
    path: `/v1/${signal}`,
    operationId: `takeOtlp${what}`,
    tag: 'ingest',
    summary: `Takes ${signal} in as OpenTelemetry's SDKs and collectors send them (OTLP/HTTP)`,
    description:
      'Protobuf or JSON, answered in the same form, once what was accepted is durable. `partialSuccess` counts what must not be sent again; where anything may pass ' +
      'later the whole request is 429 or 503 with `retry-after`. The same body within 15 minutes is one request.',
    scope: 'ingest',
    rawBody: { required: true, content: { 'application/json': message, 'application/x-protobuf': undefined } },
    answers: {
      200: {
        description: 'What could be accepted is durable',
        content: { 'application/json': answer, 'application/x-protobuf': undefined },
      },
    },
    errors: [
      'INVALID_RECORD',
      'IDEMPOTENCY_IN_FLIGHT',
      'IDEMPOTENCY_MISMATCH',
      'SERIES_BUDGET',
      'RATE_LIMITED',
      'QUEUE_UNAVAILABLE',
      'DISK_FULL',
    ],
    failures: { 'application/json': status, 'application/x-protobuf': undefined },
    failureStatus: otlpStatusOf,
    spellFailure: async (thrown, problem, { header }) => {
      const { isProtobuf, otlpFailure } = await import('../otlp.ts');
      return otlpFailure(thrown, problem, isProtobuf(header('content-type')));
    },
    handle: async ({ platform, options, exchange, caller, request, header }) => {
      const [{ isProtobuf, otlpAnswer }, translate] = await Promise.all([import('../otlp.ts'), translators[signal]()]);
      const body = request.body ?? noBytes;
      const taken = await takeIn(platform, options, {
        exchange,
        caller,
        query: {},
        body,
        gone: undefined,
        signal,
        translate,
        impliesKey: true,
      });
      return otlpAnswer(signal, taken, isProtobuf(header('content-type')));
    },
  });

export const otlpRoutes = [otlpRoute('logs', 'Logs'), otlpRoute('metrics', 'Metrics'), otlpRoute('traces', 'Traces')];
