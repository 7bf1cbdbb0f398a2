import { setAttribute } from '../../../core/attributes.ts';
import { idOf } from '../../../core/ids.ts';
import type { Attributes, AttributeValue, Level, StoredRecord } from '../../../core/record.ts';
import {
  attributeMark,
  isColumnKey,
  longFields,
  markOf,
  maxRunUnits,
  maxTermUnits,
  messageMark,
  valueMarkOf,
} from '../../../query/compile/opensearch/layout.ts';

/** Whether an attribute may be a column of the index the record goes to. */
export type IsColumn = (key: string, type: 'string' | 'number' | 'boolean') => boolean;

/** A document as it is read back from `_source`. */
export type Source = {
  tenant: string;
  timestamp: number;
  timestamp_ns: number;
  observed_timestamp: number;
  level: Level;
  severity: number;
  service?: string;
  env?: string;
  host?: string;
  message?: string;
  trace_id?: string;
  span_id?: string;
  client_id?: string;
  generation: number;
  partition: number;
  offset: number;
  attributes?: Attributes;
  numbers?: Attributes;
  flags?: Attributes;
  rest?: Record<string, AttributeValue>;
};

const known = new Map<string, string | undefined>();
const maxKnown = 20_000;

/** A key as JSON with its colon where it can be a column, or undefined; remembered, since the keys of records repeat. */
function columnKey(key: string): string | undefined {
  if (known.has(key)) return known.get(key);
  if (known.size >= maxKnown) known.clear();
  const spelt = isColumnKey(key) ? `${JSON.stringify(key)}:` : undefined;
  known.set(key, spelt);
  return spelt;
}

const everyColumn: IsColumn = () => true;
const longRun = new RegExp(`[0-9A-Za-z_\\u0080-\\uffff]{${maxRunUnits + 1}}`);

/** Spells a record as the JSON of its document. By hand: a third of what `JSON.stringify` of a new object costs. */
export function documentOf(record: StoredRecord, isColumn: IsColumn = everyColumn): string {
  const { message, attributes } = record;
  let rest = '';
  const marks: string[] = [];
  const putAside = (name: string, value: AttributeValue): void => {
    rest += `${rest === '' ? '' : ','}${JSON.stringify(name)}:${scalar(value)}`;
    marks.push(markOf(name), valueMarkOf(name, value));
  };
  let texts = '';
  let numbers = '';
  let flags = '';
  for (const key in attributes) {
    const value = attributes[key]!;
    const spelt = columnKey(key);
    const type = typeof value as 'string' | 'number' | 'boolean';
    if (spelt === undefined || !isColumn(key, type) || isOutsideColumns(value)) {
      putAside(attributeMark(key), value);
    } else if (type === 'string') texts += `${texts === '' ? '' : ','}${spelt}${JSON.stringify(value)}`;
    else if (type === 'number') numbers += `${numbers === '' ? '' : ','}${spelt}${value}`;
    else flags += `${flags === '' ? '' : ','}${spelt}${value}`;
  }
  let json = `{"tenant":"${record.tenant}","timestamp":${record.timestamp},"timestamp_ns":${record.timestamp_ns},"observed_timestamp":${record.observed_timestamp},"level":"${record.level}","severity":${record.severity}`;
  for (const field of longFields) {
    const value = record[field];
    if (value === undefined) continue;
    if (value.length > maxTermUnits) putAside(field, value);
    else json += `,"${field}":${JSON.stringify(value)}`;
  }
  if (message !== undefined) {
    json += `,"message":${JSON.stringify(message)}`;
    if (message.length > maxRunUnits && longRun.test(message)) marks.push(messageMark);
  }
  if (record.trace_id !== undefined) json += `,"trace_id":${JSON.stringify(record.trace_id)}`;
  if (record.span_id !== undefined) json += `,"span_id":${JSON.stringify(record.span_id)}`;
  if (record.client_id !== undefined) json += `,"client_id":${JSON.stringify(record.client_id)}`;
  json += `,"generation":${record.generation},"partition":${record.partition},"offset":${record.offset}`;
  if (texts !== '') json += `,"attributes":{${texts}}`;
  if (numbers !== '') json += `,"numbers":{${numbers}}`;
  if (flags !== '') json += `,"flags":{${flags}}`;
  if (rest !== '') json += `,"rest":{${rest}}`;
  if (marks.length > 0) json += `,"marks":${JSON.stringify(marks)}`;
  return `${json}}`;
}

/** Too long for a term; or -0, which the index would tell from 0. */
const isOutsideColumns = (value: AttributeValue): boolean =>
  typeof value === 'string' ? value.length > maxTermUnits : Object.is(value, -0);

/** A value as JSON that reads back as it is: -0 too. */
const scalar = (value: AttributeValue): string => (Object.is(value, -0) ? '-0.0' : JSON.stringify(value));

/** Reads a document back as the record it was made from. */
export function recordOf(source: Source): StoredRecord {
  const { tenant, generation, partition, offset, client_id, rest } = source;
  const attributes: Attributes = {};
  for (const values of [source.attributes, source.numbers, source.flags]) {
    if (values) for (const key in values) setAttribute(attributes, key, values[key]!);
  }
  const record: StoredRecord = {
    timestamp: source.timestamp,
    timestamp_ns: source.timestamp_ns,
    observed_timestamp: source.observed_timestamp,
    level: source.level,
    severity: source.severity,
    service: source.service ?? '',
    env: source.env,
    host: source.host,
    message: source.message,
    trace_id: source.trace_id,
    span_id: source.span_id,
    attributes,
    client_id,
    tenant,
    id: client_id ?? idOf({ generation, partition, offset }),
    generation,
    partition,
    offset,
  };
  if (rest) {
    for (const field of longFields) if (Object.hasOwn(rest, field)) record[field] = rest[field] as string;
    for (const name in rest) if (name.startsWith('a.')) setAttribute(attributes, name.slice('a.'.length), rest[name]!);
  }
  return record;
}
