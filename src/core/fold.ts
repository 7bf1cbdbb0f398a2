import { keepAttribute, setAttribute } from './attributes.ts';
import { normalise } from './normalise.ts';
import type { NormaliseContext } from './normalise-context.ts';
import type { LogRecord } from './record.ts';
import { RecordFault } from './record-fault.ts';
import { formatTime } from './time.ts';

export type Folded = {
  /** The record with what the object has besides, its message still the original. */
  record: LogRecord;
  /** The object's own message. */
  message: string | undefined;
  /** Whether everything in the object found its place in the record. */
  isWhole: boolean;
};

/**
 * Folds an object that was found in a record's message into the record, by the normaliser's names. What the sender gave stays: a value of the object
 * that differs from it becomes the attribute of the same name, or stays in the message only. `undefined` where the object makes no record.
 */
export function fold(record: LogRecord, raw: Record<string, unknown>): Folded | undefined {
  const inner = normaliseInner(record, raw);
  if (!inner) return undefined;
  const attributes = inner.attributes;
  let isWhole = true;
  const own = record.attributes;
  for (const key in own) {
    if (Object.hasOwn(attributes, key) && attributes[key] !== own[key]) isWhole = false;
    setAttribute(attributes, key, own[key]!);
  }
  const setAside = (name: string, value: string): void => {
    if (!Object.hasOwn(attributes, name)) attributes[name] = value;
    else if (attributes[name] !== value) isWhole = false;
  };
  const pick = (name: 'service' | 'env' | 'host' | 'trace_id' | 'span_id', absent: string | undefined): string | undefined => {
    const ours = record[name];
    const theirs = inner[name];
    if (ours === absent) return theirs;
    if (theirs !== absent && theirs !== ours) setAside(name, theirs!);
    return ours;
  };

  const isTimeFree = record.timestamp === record.observed_timestamp;
  const isTimeFound = inner.timestamp !== inner.observed_timestamp;
  const differs = inner.timestamp !== record.timestamp || inner.timestamp_ns !== record.timestamp_ns;
  if (!isTimeFree && isTimeFound && differs) setAside('timestamp', formatTime(inner.timestamp, inner.timestamp_ns));
  const isLevelFree = record.severity === 0;
  if (!isLevelFree && inner.severity !== 0 && inner.severity !== record.severity) setAside('level', inner.level);
  const graded = isLevelFree ? inner : record;
  const timed = isTimeFree ? inner : record;
  return {
    record: {
      timestamp: timed.timestamp,
      timestamp_ns: timed.timestamp_ns,
      observed_timestamp: record.observed_timestamp,
      level: graded.level,
      severity: graded.severity,
      service: pick('service', 'unknown')!,
      env: pick('env', undefined),
      host: pick('host', undefined),
      message: record.message,
      trace_id: pick('trace_id', undefined),
      span_id: pick('span_id', undefined),
      attributes,
      client_id: record.client_id,
    },
    message: inner.message,
    isWhole,
  };
}

/** Normalises the object; its `id` and what is no time in place of one become attributes, since the record stands without them. */
function normaliseInner(record: LogRecord, raw: Record<string, unknown>): LogRecord | undefined {
  const context: NormaliseContext = { tenant: '', observedUs: record.observed_timestamp, defaults: {}, hash: (text) => text };
  const fields = { ...raw };
  const aside: [name: string, value: unknown][] = [];
  const putAside = (name: string): void => {
    aside.push([name, fields[name]]);
    delete fields[name];
  };
  if (Object.hasOwn(fields, 'id')) putAside('id');
  let inner = normalise(fields, context);
  while (inner instanceof RecordFault && inner.code === 'INVALID_TIMESTAMP' && Object.hasOwn(fields, inner.path)) {
    putAside(inner.path);
    inner = normalise(fields, context);
  }
  if (inner instanceof RecordFault && aside.length > 0) inner = normalise({ attributes: {} }, context);
  if (inner instanceof RecordFault) return undefined;
  for (const [name, value] of aside) keepAttribute(inner.attributes, name, value);
  return inner;
}
