import { randomUUID } from 'node:crypto';

const saneId = /^[A-Za-z0-9._:-]{1,128}$/;

/** The request's own id when it is sane (128 characters of letters, digits and `._:-` at most), else a fresh one. */
export const requestIdOf = (header: string | undefined): string => (header !== undefined && saneId.test(header) ? header : randomUUID());

const traceparent = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-|$)/;

/** The trace and the caller's span of a `traceparent` (https://www.w3.org/TR/trace-context/), for log lines; empty where it is none. */
export function traceOf(header: string | undefined): { trace_id?: string; span_id?: string } {
  const [, traceId, spanId] = (header === undefined ? undefined : traceparent.exec(header)) ?? [];
  if (traceId === undefined || spanId === undefined || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return {};
  return { trace_id: traceId, span_id: spanId };
}
