import * as z from 'zod';
import { AppError } from '../../core/errors.ts';
import { defineRoute } from '../route.ts';
import { conditionOf, filterQuery } from '../schemas/filters.ts';
import { openTail } from '../tail-stream.ts';

const defaultMaxTails = 100;
/** Live tails of this process, by the tail's id. */
const open = new Set<string>();

export const tailRoutes = [
  defineRoute({
    method: 'GET',
    path: '/api/logs/tail',
    operationId: 'tailLogs',
    tag: 'query',
    summary: 'Shows records as they become searchable',
    description:
      'Server-Sent Events: each event is one record as JSON; `id:` resumes behind it (`Last-Event-ID`). `event: missed` counts records left out for a slow reader, ' +
      '`event: end` says that the server stops, and a comment each 15 s keeps the connection alive.',
    scope: 'query',
    query: z.object({
      ...filterQuery,
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
      const { maxTails = defaultMaxTails, metrics } = options;
      if (open.size >= maxTails)
        throw new AppError('RATE_LIMITED', `${maxTails} live tails are open already; close one, or ask again later`, { retryAfterS: 5 });
      const id = `${requestId}/${crypto.randomUUID()}`;
      const { where, time } = conditionOf(query);
      if (time) throw new AppError('INVALID_QUERY', 'q: a live tail shows what comes; leave last, from and to out');
      const cursor = query.last_event_id ?? header('last-event-id');
      const onEnd = () => {
        open.delete(id);
        metrics.tails.set(open.size);
      };
      open.add(id);
      metrics.tails.set(open.size);
      const stream = openTail(platform, options, { id, tenant: caller.tenant, where, cursor, gone: request.signal, onEnd });
      return { kind: 'stream', status: 200, type: 'text/event-stream', stream };
    },
  }),
];
