import { ExportTraceServiceRequestSchema, type Span } from '../../../gen/opentelemetry/proto/trace_pb.ts';
import { RecordFault } from '../../core/record-fault.ts';
import { tooManyRecords } from '../accept/record-limit.ts';
import { Lines, type Translate } from '../accept/translate.ts';
import { readRequest } from './read-request.ts';
import { attributesOf, idOf, jsonOf, type Origin, originOf, timeOf } from './values.ts';

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const statuses = ['unset', 'ok', 'error'];

/** What a span's own fields are called among its attributes; an attribute of such a name gets the prefix `span.`. */
const spanFields = new Set([
  'trace_id',
  'span_id',
  'parent_span_id',
  'kind',
  'status',
  'status_message',
  'duration_ms',
  'trace_state',
  'events',
  'links',
]);

/** Turns an ExportTraceServiceRequest into records: a span each, its name the message, its start the time. */
export const translateSpans: Translate = (body, { contentType, limits }) => {
  const lines = new Lines(limits.records, () => tooManyRecords(limits));
  const request = readRequest(ExportTraceServiceRequestSchema, body, contentType);
  for (const { resource, scopeSpans } of request.resourceSpans) {
    for (const { scope, spans } of scopeSpans) {
      const origin = originOf(resource, scope);
      for (const span of spans) {
        const line = lineOf(span, origin);
        if (line instanceof RecordFault) lines.refuse(line);
        else lines.add(line);
      }
    }
  }
  return lines.done();
};

function lineOf(span: Span, origin: Origin): string | RecordFault {
  const trace = idOf(span.traceId, 16);
  const id = idOf(span.spanId, 8);
  if (!trace) return new RecordFault('trace_id', 'INVALID_SPAN', 'a span has a trace id of 16 bytes that are not all zero');
  if (!id) return new RecordFault('span_id', 'INVALID_SPAN', 'a span has a span id of 8 bytes that are not all zero');
  const start = timeOf(span.startTimeUnixNano);
  const head = [
    start === undefined ? '' : `"timestamp":"${start}"`,
    `"level":"${span.status?.code === 2 ? 'error' : 'info'}"`,
    origin.fields,
    `"message":${JSON.stringify(span.name)}`,
  ].filter((part) => part !== '');
  return `{${head.join(',')},"attributes":{${attributesOf(origin, span.attributes, ownMembers(span, trace, id), spanFields, 'span.')}}}`;
}

function ownMembers(span: Span, trace: string, id: string): string {
  const parent = idOf(span.parentSpanId, 8);
  const members = [`"trace_id":"${trace}"`, `"span_id":"${id}"`, `"kind":"${kinds[span.kind] ?? 'unspecified'}"`];
  members.push(`"status":"${statuses[span.status?.code ?? 0] ?? 'unset'}"`);
  // Both in nanoseconds: what is left of the difference is exact in a double up to 104 days.
  if (span.endTimeUnixNano !== 0n) members.push(`"duration_ms":${Number(span.endTimeUnixNano - span.startTimeUnixNano) / 1e6}`);
  if (parent) members.push(`"parent_span_id":"${parent}"`);
  if (span.status?.message) members.push(`"status_message":${JSON.stringify(span.status.message)}`);
  if (span.traceState !== '') members.push(`"trace_state":${JSON.stringify(span.traceState)}`);
  if (span.events.length > 0) members.push(`"events":${JSON.stringify(JSON.stringify(span.events.map(eventOf)))}`);
  if (span.links.length > 0) members.push(`"links":${JSON.stringify(JSON.stringify(span.links.map(linkOf)))}`);
  return members.join(',');
}

const eventOf = ({ timeUnixNano, name, attributes }: Span['events'][number]) => ({
  time: timeOf(timeUnixNano) ?? null,
  name,
  attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, jsonOf(value)])),
});

const linkOf = ({ traceId, spanId, attributes }: Span['links'][number]) => ({
  trace_id: idOf(traceId, 16) ?? null,
  span_id: idOf(spanId, 8) ?? null,
  attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, jsonOf(value)])),
});
