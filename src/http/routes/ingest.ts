import * as z from 'zod';
import { ingest } from '../ingest.ts';
import { defineRoute } from '../route.ts';
import { ingestAnswer, ingestQuery, partialAnswer } from '../schemas/ingest.ts';

const anyRecord = z.record(z.string(), z.unknown()).meta({
  id: 'RecordToAccept',
  description: 'A log record: `timestamp`, `level`, `service`, `message`, ... in any common spelling; all else becomes an attribute',
  examples: [{ timestamp: '2026-11-21T08:00:00Z', level: 'error', service: 'auth-api', message: 'login failed', latency_ms: 12 }],
});

const noBytes = new Uint8Array(0);

export const ingestRoutes = [
  defineRoute({
    method: 'POST',
    path: '/logs',
    aliases: ['/ingest'],
    operationId: 'ingestLogs',
    tag: 'ingest',
    summary: 'Takes log records in',
    description:
      'Answers once the records are durable. The body is one JSON object, an array of them, NDJSON, or CSV with a header row; `content-encoding` gzip, deflate, br or zstd. ' +
      'With an `idempotency-key` the same request can be sent again without being taken twice.',
    scope: 'ingest',
    query: ingestQuery,
    rawBody: {
      required: true,
      content: {
        'application/json': z.union([anyRecord, z.array(anyRecord)]),
        'application/x-ndjson': z.string(),
        'text/csv': z.string(),
        'text/plain': z.string(),
      },
    },
    answers: {
      200: { description: 'All accepted, and with `wait` all closed in the store', content: { 'application/json': ingestAnswer } },
      202: { description: 'All accepted and durable', content: { 'application/json': ingestAnswer } },
      207: { description: 'Some accepted and durable; `items` names the others', content: { 'application/json': partialAnswer } },
    },
    errors: [
      'INVALID_BODY',
      'INVALID_RECORD',
      'REQUEST_TIMEOUT',
      'IDEMPOTENCY_IN_FLIGHT',
      'BODY_TOO_LARGE',
      'MEDIA_TYPE',
      'IDEMPOTENCY_MISMATCH',
      'RATE_LIMITED',
      'QUEUE_UNAVAILABLE',
      'DISK_FULL',
    ],
    handle: ({ platform, options, exchange, caller, query, request }) => {
      exchange.waits = query.wait !== undefined;
      const gone = query.wait ? request.signal : undefined;
      return ingest(platform, options, { exchange, caller, query, body: request.body ?? noBytes, gone });
    },
  }),
];
