import { type DescMessage, fromBinary, fromJson, type JsonValue, type MessageShape } from '@bufbuild/protobuf';
import { isObject } from '../../core/attributes.ts';
import { AppError } from '../../core/errors.ts';

export const protobufType = 'application/x-protobuf';
export const jsonType = 'application/json';

/** The names of ids in OTLP's JSON, which are hex there and not base64 as protobuf's JSON has bytes. */
const idNames = ['traceId', 'spanId', 'parentSpanId', 'trace_id', 'span_id', 'parent_span_id'];

/**
 * Reads an OTLP request, protobuf or JSON, as its message. Source of both forms: https://opentelemetry.io/docs/specs/otlp/.
 * @throws AppError INVALID_BODY, MEDIA_TYPE
 */
export function readRequest<Desc extends DescMessage>(schema: Desc, body: Uint8Array, contentType: string | undefined): MessageShape<Desc> {
  try {
    if (contentType === protobufType || contentType === 'application/protobuf')
      return fromBinary(schema, body, { readUnknownFields: false });
    if (contentType === jsonType) return fromJson(schema, idsAsBase64(parse(body)), { ignoreUnknownFields: true });
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError('INVALID_BODY', `the body is no OTLP request: ${(cause as Error).message.slice(0, 200)}`, { cause });
  }
  throw new AppError('MEDIA_TYPE', `OTLP comes as ${protobufType} or ${jsonType}, not "${(contentType ?? '').slice(0, 100)}"`);
}

function parse(body: Uint8Array): JsonValue {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as JsonValue;
  } catch (cause) {
    throw new AppError('INVALID_BODY', `the body is not JSON: ${(cause as Error).message.toLowerCase().slice(0, 200)}`, { cause });
  }
}

/** Ids stand beside attributes, never inside one: attributes are left as they are. */
function idsAsBase64(value: JsonValue): JsonValue {
  if (Array.isArray(value)) {
    for (const item of value) idsAsBase64(item);
  } else if (isObject(value)) {
    for (const [name, member] of Object.entries(value)) {
      if (typeof member === 'string' && idNames.includes(name)) (value as Record<string, JsonValue>)[name] = base64OfHex(name, member);
      else if (name !== 'attributes' && name !== 'body') idsAsBase64(member as JsonValue);
    }
  }
  return value;
}

function base64OfHex(name: string, text: string): string {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text))
    throw new AppError('INVALID_BODY', `${name}: "${text.slice(0, 40)}" is no hex`);
  return Buffer.from(text, 'hex').toString('base64');
}
