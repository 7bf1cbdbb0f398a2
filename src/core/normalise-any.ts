import { isObject, keepAttribute, setAttribute } from './attributes.ts';
import { defaultGrade, type Grade, readLevel, readPythonLevel, readSeverity, readSyslogLevel, unspecified } from './level.ts';
import { maxAheadUs, type NormaliseContext } from './normalise-context.ts';
import type { Attributes, LogRecord } from './record.ts';
import { type Alias, type AliasedField, aliasOf, strictTimeNames } from './record-aliases.ts';
import { check, type RecordFault } from './record-fault.ts';
import { readTime } from './time.ts';

type Scalar = string | number | boolean;
/** The value that stands for a field so far, under which name it came, and how strong that is. */
type Candidate = { key: string; value: unknown; rank: number };
type Found = Partial<Record<AliasedField, Candidate>>;

/** Makes a record of any parsed JSON value: aliases, nested objects, numbers for levels and times. See `normalise`. */
export function normaliseAny(raw: unknown, context: NormaliseContext): LogRecord | RecordFault {
  const fault = check(raw);
  if (fault) return fault;
  const found: Found = {};
  const attributes: Attributes = {};
  const fields = raw as Record<string, unknown>;
  for (const key in fields) sort(found, attributes, key, fields[key]);
  return recordOf(found, attributes, context);
}

/** Puts a top-level value where it belongs: a field it is a name of, or the attributes. Nested names are tried too. */
function sort(found: Found, attributes: Attributes, key: string, value: unknown): void {
  if (value === null || value === undefined) return;
  const alias = aliasFor(key, value);
  if (alias) offer(found, attributes, alias, key, value);
  else if (!isObject(value)) keepAttribute(attributes, key, value);
  else if (key === 'attributes') for (const name in value) sortAttribute(found, attributes, name, value[name]);
  else if (key.length > 200) keepAttribute(attributes, key, value);
  else for (const name in value) sortNested(found, attributes, `${key}.${name}`, value[name]);
}

function sortNested(found: Found, attributes: Attributes, key: string, value: unknown): void {
  const alias = value === null ? undefined : aliasFor(key, value);
  if (alias) offer(found, attributes, alias, key, value);
  else keepAttribute(attributes, key, value, 2);
}

/** Trace and span ids count wherever a sender put them; other attributes stay what they are called. */
function sortAttribute(found: Found, attributes: Attributes, name: string, value: unknown): void {
  const alias = name === 'trace_id' || name === 'span_id' ? aliasFor(`attributes.${name}`, value) : undefined;
  if (alias) offer(found, attributes, alias, name, value);
  else keepAttribute(attributes, name, value);
}

function offer(found: Found, attributes: Attributes, { field, rank }: Alias, key: string, value: unknown): void {
  const held = found[field];
  if (held && held.rank <= rank) {
    keepAttribute(attributes, key, value);
    return;
  }
  if (held) keepAttribute(attributes, held.key, held.value);
  found[field] = { key, value, rank };
}

const severityAlias: Alias = { field: 'severity', rank: 2 };
const severityAsLevel: Alias = { field: 'level', rank: 2 };

/** The field that this name and value can stand for. */
function aliasFor(key: string, value: unknown): Alias | undefined {
  const alias = key === 'severity' ? (readSeverity(value) ? severityAlias : severityAsLevel) : aliasOf.get(key);
  return alias && usable[alias.field](value, alias.rank) ? alias : undefined;
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isScalar = (value: unknown): boolean => isText(value) || typeof value === 'number' || typeof value === 'boolean';

/** Whether a value can be used for a field; one that cannot stays an attribute. */
const usable: Record<AliasedField, (value: unknown, rank: number) => boolean> = {
  timestamp: (value, rank) =>
    rank === 0 || (rank < strictTimeNames.length ? typeof value === 'string' || typeof value === 'number' : readTime(value) !== undefined),
  level: (value) => isText(value) || typeof value === 'number',
  severity: (value) => readSeverity(value) !== undefined,
  service: isScalar,
  env: isScalar,
  host: isScalar,
  // `message`, `msg` and `body` are the message whatever they hold; the other names only as text.
  message: (value, rank) => rank < 3 || typeof value === 'string',
  trace_id: (value) => isHexId(value, 32),
  span_id: (value) => isHexId(value, 16),
  id: (value) => isText(value) || typeof value === 'number',
};

function recordOf(found: Found, attributes: Attributes, context: NormaliseContext): LogRecord {
  const { observedUs, defaults, tenant } = context;
  const { level, severity } = gradeOf(found, attributes, context);
  let time = found.timestamp === undefined ? undefined : readTime(found.timestamp.value);
  if (time && time.us > observedUs + maxAheadUs) {
    setAttribute(attributes, 'timestamp_original', found.timestamp!.value as Scalar);
    time = undefined;
  }
  return {
    timestamp: time ? time.us : observedUs,
    timestamp_ns: time ? time.ns : 0,
    observed_timestamp: observedUs,
    level,
    severity,
    service: textOf(found.service) ?? defaults.service ?? 'unknown',
    env: textOf(found.env) ?? defaults.env,
    host: textOf(found.host) ?? defaults.host,
    message: messageOf(found.message),
    trace_id: textOf(found.trace_id)?.toLowerCase(),
    span_id: textOf(found.span_id)?.toLowerCase(),
    attributes,
    client_id: found.id && context.hash(`${tenant}\0${found.id.value}`),
  };
}

/** Level and severity, which may come apart: the severity refines its own level, and beside another level it stays an attribute. */
function gradeOf({ level, severity }: Found, attributes: Attributes, context: NormaliseContext): Grade {
  const numbered = severity && readSeverity(severity.value);
  if (!level) return numbered ?? unspecified;
  const value = level.value as string | number;
  const named = level.key === 'levelno' ? readPythonLevel(value) : level.key === 'PRIORITY' ? readSyslogLevel(value) : readLevel(value);
  if (!named) {
    keepAttribute(attributes, 'level', value);
    context.unknownLevel?.(value);
    return numbered ?? defaultGrade;
  }
  if (!numbered || numbered.level === named.level) return numbered ?? named;
  keepAttribute(attributes, severity!.key, severity!.value);
  return named;
}

const textOf = (candidate: Candidate | undefined): string | undefined => (candidate ? String(candidate.value) : undefined);

function messageOf(candidate: Candidate | undefined): string | undefined {
  if (!candidate) return undefined;
  return typeof candidate.value === 'string' ? candidate.value : JSON.stringify(candidate.value);
}

const isHexId = (value: unknown, length: number): boolean =>
  typeof value === 'string' && value.length === length && /^[0-9a-f]+$/i.test(value) && !/^0+$/.test(value);
