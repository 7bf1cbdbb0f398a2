import { isObject, keepAttribute } from '../../core/attributes.ts';
import { AppError } from '../../core/errors.ts';
import type { Attributes } from '../../core/record.ts';
import { RecordFault } from '../../core/record-fault.ts';
import { readTime } from '../../core/time.ts';
import { bodyKind } from '../accept/body-kind.ts';
import { readRecords } from '../accept/read-records.ts';
import { tooManyRecords } from '../accept/record-limit.ts';
import { Lines, type Translate } from '../accept/translate.ts';
import { checkUtf8 } from '../accept/utf8.ts';

const structuredType = 'application/cloudevents+json';
const batchedType = 'application/cloudevents-batch+json';
/** The context attributes that the specification names, besides those with a place of their own. */
const contextNames = ['specversion', 'type', 'source', 'subject', 'dataschema', 'datacontenttype'];
const required = ['id', 'source', 'type'];

/**
 * Makes the reader of the events of `POST /events`: JSON objects, arrays of them or an object a line; those with a `specversion` are CloudEvents 1.0
 * (https://github.com/cloudevents/spec), structured or batched. With the headers `ce-*` the request is one event in binary mode, and the body its data.
 */
export function eventTranslator(header: (name: string) => string | undefined, headers: () => Iterable<[string, string]>): Translate {
  return (body, { contentType, limits }) => {
    const lines = new Lines(limits.records, () => tooManyRecords(limits));
    for (const raw of eventsOf(body, contentType, header, headers)) {
      const line = raw instanceof RecordFault ? raw : lineOf(raw);
      if (line instanceof RecordFault) lines.refuse(line);
      else lines.add(line);
    }
    return lines.done();
  };
}

function* eventsOf(
  body: Uint8Array,
  contentType: string | undefined,
  header: (name: string) => string | undefined,
  headers: () => Iterable<[string, string]>,
): Generator<unknown> {
  if (contentType === structuredType || contentType === batchedType) {
    yield* readRecords(checkUtf8(body), 'json');
  } else if (header('ce-specversion') !== undefined) {
    yield binaryEvent(body, contentType, headers());
  } else {
    const bytes = checkUtf8(body);
    const kind = bodyKind(contentType, bytes);
    if (kind !== 'json' && kind !== 'ndjson') throw new AppError('MEDIA_TYPE', `events come as application/json or ${structuredType}`);
    yield* readRecords(bytes, kind);
  }
}

/** The event of a request in binary mode: its context stands in headers, percent-encoded. */
function binaryEvent(body: Uint8Array, contentType: string | undefined, headers: Iterable<[string, string]>): Record<string, unknown> {
  const event: Record<string, unknown> = {};
  for (const [name, value] of headers) if (name.startsWith('ce-')) event[name.slice(3)] = decoded(value);
  if (contentType !== undefined) event.datacontenttype = contentType;
  if (body.length === 0) return event;
  const text = new TextDecoder('utf-8', { fatal: true });
  try {
    const data = text.decode(body);
    event.data = isJsonType(contentType) ? JSON.parse(data) : data;
  } catch {
    event.data_base64 = Buffer.from(body).toString('base64');
  }
  return event;
}

const isJsonType = (type: string | undefined): boolean => type === undefined || type === 'application/json' || type.endsWith('+json');

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function lineOf(raw: unknown): string | RecordFault {
  if (!isObject(raw)) return new RecordFault('', 'NOT_AN_OBJECT', 'an event is a JSON object');
  // What is no CloudEvent is a record in our own words.
  return raw.specversion === undefined ? JSON.stringify(raw) : cloudEvent(raw);
}

/**
 * A CloudEvent as a record. `source` and `id` together name it, so the same event sent twice is one. Its time is the record's, `source` the service unless an
 * extension names one; the message is its type and subject.
 */
function cloudEvent(event: Record<string, unknown>): string | RecordFault {
  if (event.specversion !== '1.0')
    return new RecordFault('specversion', 'INVALID_EVENT', `${JSON.stringify(event.specversion)?.slice(0, 40)} is not known; give "1.0"`);
  const missing = required.find((name) => typeof event[name] !== 'string' || event[name] === '');
  if (missing) return new RecordFault(missing, 'INVALID_EVENT', `a CloudEvent has ${required.join(', ')} as texts that are not empty`);
  const { id, source, type, subject, time, data, data_base64, service, host, env, traceparent, ...rest } = event as Record<string, string>;
  if (time !== undefined && !readTime(time)) return new RecordFault('time', 'INVALID_TIMESTAMP', 'it is not a time; give RFC 3339');
  const attributes: Attributes = {};
  for (const name of contextNames) if (event[name] !== undefined && event[name] !== null) keepAttribute(attributes, name, event[name]);
  keepAttribute(attributes, 'event_id', id);
  for (const [name, value] of Object.entries(rest)) if (!contextNames.includes(name)) keepAttribute(attributes, name, value);
  if (data !== undefined && data !== null) keepAttribute(attributes, 'data', data);
  if (data_base64 !== undefined) keepAttribute(attributes, 'data_base64', data_base64);
  const [, trace, span] = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(traceparent ?? '') ?? [];
  if (trace) attributes.trace_id = trace;
  if (span) attributes.span_id = span;
  return JSON.stringify({
    id: `${source} ${id}`,
    timestamp: time,
    service: service ?? source,
    host,
    env,
    message: subject === undefined ? type : `${type} ${subject}`,
    attributes,
  });
}
