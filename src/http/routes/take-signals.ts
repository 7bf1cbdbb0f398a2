import * as z from 'zod';
import type { ErrorCode } from '../../core/errors.ts';
import { ingest } from '../ingest.ts';
import { defineRoute } from '../route.ts';
import { ingestAnswer, ingestQuery, partialAnswer } from '../schemas/ingest.ts';

const noBytes = new Uint8Array(0);
const anything = z.record(z.string(), z.unknown());

const point = anything.meta({
  id: 'MetricToAccept',
  description: '`name` and `value`; `type` gauge (unless given), counter or histogram; labels in `attributes`',
  examples: [{ name: 'queue_depth', value: 12, service: 'worker', attributes: { queue: 'mail' } }],
});
const event = anything.meta({
  id: 'EventToAccept',
  description: 'A CloudEvent 1.0, or any object in the words of a log record',
  examples: [{ specversion: '1.0', id: 'A-17', source: '/orders', type: 'order.placed', data: { total: 42 } }],
});

const answers = {
  200: { description: 'All accepted, and with `wait` all closed in the store', content: { 'application/json': ingestAnswer } },
  202: { description: 'All accepted and durable', content: { 'application/json': ingestAnswer } },
  207: { description: 'Some accepted and durable; `items` names the others', content: { 'application/json': partialAnswer } },
};

const errors: ErrorCode[] = [
  ...(['INVALID_BODY', 'INVALID_RECORD', 'REQUEST_TIMEOUT', 'IDEMPOTENCY_IN_FLIGHT', 'BODY_TOO_LARGE', 'MEDIA_TYPE'] as const),
  ...(['IDEMPOTENCY_MISMATCH', 'RATE_LIMITED', 'QUEUE_UNAVAILABLE', 'DISK_FULL'] as const),
];

/** How metrics and events come in, in our own words. */
export const takeSignalRoutes = [
  defineRoute({
    method: 'POST',
    path: '/metrics',
    operationId: 'ingestMetrics',
    tag: 'ingest',
    summary: 'Takes points of metrics in',
    description:
      'One JSON object, an array of them, or an object a line. A histogram has `count`, `sum`, `bounds` and `counts` (one more than bounds), or is one observation as `value`. ' +
      'Counters are cumulative and histograms deltas unless `temporality` says otherwise. New series beyond the budget of the day are refused (SERIES_BUDGET); known ones go on.',
    scope: 'ingest',
    query: ingestQuery,
    rawBody: { required: true, content: { 'application/json': z.union([point, z.array(point)]), 'application/x-ndjson': z.string() } },
    answers,
    errors: [...errors, 'SERIES_BUDGET'],
    handle: async ({ platform, options, exchange, caller, query, request }) => {
      exchange.waits = query.wait !== undefined;
      const gone = query.wait ? request.signal : undefined;
      const { translatePoints: translate } = await import('../../pipeline/measure/read-points.ts');
      return ingest(platform, options, { exchange, caller, query, body: request.body ?? noBytes, gone, signal: 'metrics', translate });
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/events',
    operationId: 'ingestEvents',
    tag: 'ingest',
    summary: 'Takes events in',
    description:
      'CloudEvents 1.0, structured, batched or binary (headers `ce-*`), or JSON objects, arrays of them, an object a line. The same source and id is the same event, ' +
      'however often it is sent.',
    scope: 'ingest',
    query: ingestQuery,
    rawBody: {
      required: true,
      content: {
        'application/json': z.union([event, z.array(event)]),
        'application/x-ndjson': z.string(),
        'application/cloudevents+json': event,
        'application/cloudevents-batch+json': z.array(event),
      },
    },
    answers,
    errors,
    handle: async ({ platform, options, exchange, caller, query, request, header }) => {
      exchange.waits = query.wait !== undefined;
      const gone = query.wait ? request.signal : undefined;
      const { eventTranslator } = await import('../../pipeline/events/translate-events.ts');
      const translate = eventTranslator(header, () => request.headers);
      return ingest(platform, options, { exchange, caller, query, body: request.body ?? noBytes, gone, signal: 'events', translate });
    },
  }),
];
