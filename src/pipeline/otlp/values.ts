import type { AnyValue, InstrumentationScope, KeyValue, Resource } from '../../../gen/opentelemetry/proto/common_pb.ts';
import { formatTime } from '../../core/time.ts';

/** An AnyValue as JSON: whole numbers beyond what a double holds as their digits, bytes in base64, absent as null. */
export function jsonOf(value: AnyValue | undefined): unknown {
  const held = value?.value;
  switch (held?.case) {
    case 'stringValue':
    case 'boolValue':
      return held.value;
    case 'intValue':
      return wholeNumber(held.value);
    case 'doubleValue':
      return Number.isFinite(held.value) ? held.value : String(held.value);
    case 'arrayValue':
      return held.value.values.map(jsonOf);
    case 'kvlistValue':
      return Object.fromEntries(held.value.values.map(({ key, value: of }) => [key, jsonOf(of)]));
    case 'bytesValue':
      return Buffer.from(held.value).toString('base64');
    default:
      return null;
  }
}

/** A 64-bit number as a number where that is exact, else as its digits. */
export function wholeNumber(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

/** Text of an AnyValue as a message has it: texts as they are, all else as JSON. */
export function textOf(value: AnyValue | undefined): string | undefined {
  if (value?.value.case === undefined) return undefined;
  const json = jsonOf(value);
  return typeof json === 'string' ? json : JSON.stringify(json);
}

/** Nanoseconds since the epoch as RFC 3339; undefined for 0, which says that the time is not known. */
export function timeOf(ns: bigint): string | undefined {
  return ns === 0n ? undefined : formatTime(Number(ns / 1000n), Number(ns % 1000n));
}

/** Lower-case hex of an id of so many bytes; undefined where it has another length or is all zero, which says that there is none. */
export function idOf(bytes: Uint8Array, length: 8 | 16): string | undefined {
  if (bytes.length !== length || bytes.every((byte) => byte === 0)) return undefined;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

/** What all records of one resource and scope have: our own fields as the head of a line, other attributes, spelt once. */
export type Origin = {
  /** `"service":"shop","host":"a"`, to begin a record's JSON with; empty where there is none. */
  fields: string;
  service: string | undefined;
  host: string | undefined;
  env: string | undefined;
  /** Attributes of resource and scope as members of a JSON object, without braces. */
  members: string;
  /** Their names: an attribute of the record's own stands in their place. */
  names: ReadonlySet<string>;
  values: ReadonlyMap<string, unknown>;
};

const envNames = ['deployment.environment.name', 'deployment.environment'];

/** Reads resource and scope: `service.name`, `host.name` and `deployment.environment.name` become fields, the rest attributes. */
export function originOf(resource: Resource | undefined, scope: InstrumentationScope | undefined): Origin {
  const values = new Map<string, unknown>();
  for (const { key, value } of resource?.attributes ?? []) values.set(key, jsonOf(value));
  if (scope?.name) values.set('otel.scope.name', scope.name);
  if (scope?.version) values.set('otel.scope.version', scope.version);
  for (const { key, value } of scope?.attributes ?? []) values.set(key, jsonOf(value));
  const take = (...names: string[]): string | undefined => {
    const name = names.find((candidate) => typeof values.get(candidate) === 'string' && values.get(candidate) !== '');
    if (name === undefined) return undefined;
    const value = values.get(name) as string;
    values.delete(name);
    return value;
  };
  const service = take('service.name');
  const host = take('host.name');
  const env = take(...envNames);
  const fields = Object.entries({ service, host, env }).flatMap(([name, value]) =>
    value === undefined ? [] : [`"${name}":${JSON.stringify(value)}`],
  );
  return { fields: fields.join(','), service, host, env, members: membersOf(values), names: new Set(values.keys()), values };
}

const membersOf = (values: ReadonlyMap<string, unknown>): string =>
  [...values].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',');

/**
 * The members of a record's attributes: the origin's, then its own, which stand in place of those of the same name, then `more`. An own attribute that is
 * called like one of ours (`taken`) gets the prefix.
 */
export function attributesOf(origin: Origin, own: readonly KeyValue[], more: string, taken: ReadonlySet<string>, prefix: string): string {
  let text = '';
  let isPlain = true;
  for (const { key, value } of own) {
    const name = taken.has(key) ? prefix + key : key;
    if (origin.names.has(name)) isPlain = false;
    const held = value?.value;
    const json = held?.case === 'stringValue' ? held.value : jsonOf(value);
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${JSON.stringify(json)}`;
  }
  const head = isPlain ? origin.members : membersOf(new Map([...origin.values].filter(([key]) => !own.some((item) => item.key === key))));
  return [head, text, more].filter((part) => part !== '').join(',');
}
