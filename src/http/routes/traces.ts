import * as z from 'zod';
import { AppError } from '../../core/errors.ts';
import type { StoredRecord } from '../../core/record.ts';
import { formatTime } from '../../core/time.ts';
import type { StoreApi } from '../../pipeline/store-api.ts';
import type { Expression } from '../../query/ast/expression.ts';
import { json } from '../answer.ts';
import { recordJson } from '../record-json.ts';
import { defineRoute } from '../route.ts';
import { count, record, scalar, time, timeRangeOf } from '../schemas/common.ts';

/** Of one trace; a larger one is cut, and the answer says so. */
const maxSpans = 10_000;
const maxLogs = 1_000;
const ownFields = new Set(['parent_span_id', 'kind', 'status', 'status_message', 'duration_ms', 'trace_state', 'events', 'links']);

const items = z.array(z.record(z.string(), z.unknown()));
const span = z
  .object({
    span_id: z.string(),
    parent_span_id: z.string().nullable(),
    name: z.string(),
    service: z.string(),
    kind: z.string(),
    status: z.string(),
    status_message: z.string().nullable(),
    start: time,
    duration_ms: z.number().nullable(),
    attributes: z.record(z.string(), scalar),
    events: items,
    links: items,
    get children() {
      return z.array(span);
    },
  })
  .meta({ id: 'Span' });
type Span = z.output<typeof span>;

export const traceRoutes = [
  defineRoute({
    method: 'GET',
    path: '/api/traces/{trace_id}',
    operationId: 'getTrace',
    tag: 'query',
    summary: 'One trace: its spans as a tree, and the logs that carry its id',
    description: 'Spans whose parent is not there are roots. A span that was sent twice is there once. Logs are the oldest 1,000.',
    scope: 'query',
    pathParameters: z.object({ trace_id: z.string().regex(/^[0-9a-fA-F]{32}$/, 'expected 32 hex digits') }),
    answers: {
      200: {
        description: 'The trace',
        content: {
          'application/json': z
            .object({
              trace_id: z.string(),
              start: time.nullable(),
              duration_ms: z.number().nullable(),
              services: z.array(z.string()),
              span_count: count,
              errors: count,
              spans: z.array(span),
              logs: z.array(record),
              partial: z.boolean(),
            })
            .meta({ id: 'Trace' }),
        },
      },
    },
    errors: ['NOT_FOUND'],
    handle: async ({ platform, options, caller, path }) => {
      const id = path.trace_id.toLowerCase();
      const where: Expression = { kind: 'compare', op: '=', field: 'trace_id', value: id };
      const everyTime = timeRangeOf({}, options.clock.nowMs() * 1000);
      const find = async (store: StoreApi, limit: number) =>
        (await store.search({ tenant: caller.tenant, where, time: everyTime, order: 'asc', limit: limit + 1 })).records;
      const [spans, logs] = await Promise.all([find(platform.storeOf('traces'), maxSpans), find(platform.storeOf('logs'), maxLogs)]);
      if (spans.length + logs.length === 0) throw new AppError('NOT_FOUND', `there is no span and no log of the trace ${id}`);
      const known = uniqueSpans(spans.slice(0, maxSpans));
      return json({
        trace_id: id,
        ...extentOf(known),
        services: [...new Set(known.map(({ service }) => service))].sort(),
        span_count: known.length,
        errors: known.filter(({ attributes }) => attributes.status === 'error').length,
        spans: treeOf(known),
        logs: logs.slice(0, maxLogs).map(recordJson),
        partial: spans.length > maxSpans || logs.length > maxLogs,
      });
    },
  }),
];

const uniqueSpans = (spans: StoredRecord[]): StoredRecord[] => [...new Map(spans.map((one) => [one.span_id, one])).values()];

function extentOf(spans: StoredRecord[]): { start: string | null; duration_ms: number | null } {
  const [first] = spans;
  if (!first) return { start: null, duration_ms: null };
  const startUs = Math.min(...spans.map(({ timestamp }) => timestamp));
  const endUs = Math.max(...spans.map(({ timestamp, attributes }) => timestamp + Number(attributes.duration_ms ?? 0) * 1_000));
  return { start: formatTime(startUs), duration_ms: (endUs - startUs) / 1_000 };
}

/** Spans below their parents, in order of their start. Where spans are each other's ancestors, the first of them is a root. */
function treeOf(records: StoredRecord[]): Span[] {
  const spans = new Map(records.map((stored) => [stored.span_id!, spanOf(stored)]));
  const roots: Span[] = [];
  for (const one of spans.values()) {
    const parent = one.parent_span_id === null ? undefined : spans.get(one.parent_span_id);
    if (parent && !isBelow(one, parent, spans)) parent.children.push(one);
    else roots.push(one);
  }
  return roots;
}

/** Whether `one` would stand above itself below that parent, and is the first of the circle. */
function isBelow(one: Span, parent: Span, spans: Map<string, Span>): boolean {
  const met = new Set([one.span_id]);
  for (let at: Span | undefined = parent; at; at = at.parent_span_id === null ? undefined : spans.get(at.parent_span_id)) {
    if (at === one) return [...spans.keys()].find((id) => met.has(id)) === one.span_id;
    if (met.has(at.span_id)) return false;
    met.add(at.span_id);
  }
  return false;
}

function spanOf({ span_id, service, message, timestamp, timestamp_ns, attributes }: StoredRecord): Span {
  const { parent_span_id, kind, status, status_message, duration_ms, events, links } = attributes;
  return {
    span_id: span_id!,
    parent_span_id: typeof parent_span_id === 'string' ? parent_span_id : null,
    name: message ?? '',
    service,
    kind: String(kind ?? 'unspecified'),
    status: String(status ?? 'unset'),
    status_message: typeof status_message === 'string' ? status_message : null,
    start: formatTime(timestamp, timestamp_ns),
    duration_ms: typeof duration_ms === 'number' ? duration_ms : null,
    attributes: Object.fromEntries(Object.entries(attributes).filter(([name]) => !ownFields.has(name))),
    events: parsed(events),
    links: parsed(links),
    children: [],
  };
}

function parsed(text: unknown): Record<string, unknown>[] {
  try {
    return typeof text === 'string' ? (JSON.parse(text) as Record<string, unknown>[]) : [];
  } catch {
    return []; // masking may have reached into it; the text is among the record's attributes
  }
}
