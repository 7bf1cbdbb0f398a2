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
  if (ns === 0n) return undefined;
  const us = Number(ns / 1000n);
  const below = Number(ns - BigInt(us) * 1000n);
  const second = Math.floor(us / 1e6);
  if (second !== lastSecond) {
    lastSecond = second;
    lastHead = formatTime(second * 1e6).slice(0, 20);
  }
  const micros = us - second * 1e6;
  if (below > 0) return `${lastHead}${String(micros * 1_000 + below).padStart(9, '0')}Z`;
  return micros % 1_000 === 0 ? `${lastHead}${String(micros / 1_000).padStart(3, '0')}Z` : `${lastHead}${String(micros).padStart(6, '0')}Z`;
}

/** The records of a request are of few seconds: `2026-11-21T10:00:00.` of the last one. */
let lastSecond = Number.NaN;
let lastHead = '';

/** Names of attributes as they are spelt in JSON, with the colon: a service uses few. */
const spelt = new Map<string, string>();
const maxSpelt = 10_000;

function speltName(name: string): string {
  const known = spelt.get(name);
  if (known !== undefined) return known;
  if (spelt.size >= maxSpelt) spelt.clear();
  const made = `${JSON.stringify(name)}:`;
  spelt.set(name, made);
  return made;
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
    if (text !== '') text += ',';
    text += speltName(name) + JSON.stringify(held?.case === 'stringValue' ? held.value : jsonOf(value));
  }
  const head = isPlain ? origin.members : membersOf(new Map([...origin.values].filter(([key]) => !own.some((item) => item.key === key))));
  const both = head === '' || text === '' ? head + text : `${head},${text}`;
  return both === '' || more === '' ? both + more : `${both},${more}`;
}
