import * as z from 'zod';
import { LiveTail } from '../live-tail.ts';
import { defineRoute } from '../route.ts';
import { signalParameter } from '../schemas/common.ts';
import { filterQuery, tailCondition } from '../schemas/filters.ts';
import { tailStream } from '../tail-stream.ts';

export const tailRoutes = [
  defineRoute({
    method: 'GET',
    path: '/api/logs/tail',
    operationId: 'tailLogs',
    tag: 'query',
    summary: 'Shows records as they become searchable',
    description:
      'Server-Sent Events: each event is one record as JSON; `id:` resumes behind it (`Last-Event-ID`). `event: missed` counts records left out for a slow reader (`count`, and `total` since the connection began), ' +
      '`event: end` says that the server stops, and a comment each 15 s keeps the connection alive.',
    scope: 'query',
    query: z.object({
      ...filterQuery,
      signal: signalParameter,
      last_event_id: z
        .string()
        .max(4_000)
        .optional()
        .meta({ description: 'Resumes like the header `Last-Event-ID`, for clients that cannot set it' }),
    }),
    answers: { 200: { description: 'The records, until the client leaves', content: { 'text/event-stream': undefined } } },
    errors: ['INVALID_QUERY', 'RATE_LIMITED'],
    waits: true,
    handle: ({ platform, options, caller, query, header, requestId, request }) => {
      const where = tailCondition(query);
      const cursor = query.last_event_id ?? header('last-event-id');
      const tail = new LiveTail({ ...platform, store: platform.storeOf(query.signal) }, options, {
        requestId,
        tenant: caller.tenant,
        where,
        cursor,
        gone: request.signal,
      });
      return { kind: 'stream', status: 200, type: 'text/event-stream', stream: tailStream(tail, options, requestId) };
    },
  }),
];
