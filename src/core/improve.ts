import type { Grade } from './level.ts';
import { maxAheadUs } from './normalise-context.ts';
import type { Attributes, LogRecord } from './record.ts';

/** What a parser found in a message. Absent is `undefined` or left out. */
export type Findings = {
  /** Epoch microseconds. */
  timestamp?: number | undefined;
  grade?: Grade | undefined;
  service?: string | undefined;
  host?: string | undefined;
  /** Own object of the caller: it becomes the record's. */
  attributes: Attributes;
};

/**
 * Adds what was found in the message where the record says nothing itself: what the sender gave is never overwritten. A record shows that it was
 * given no time by `timestamp` equal to `observed_timestamp`, no level by `severity` 0, no service by `unknown`.
 */
export function improve(record: LogRecord, found: Findings): LogRecord {
  const { timestamp, grade } = found;
  const isTimeFree = record.timestamp === record.observed_timestamp && timestamp !== undefined;
  const takesTime = isTimeFree && timestamp >= 0 && timestamp <= record.observed_timestamp + maxAheadUs;
  const takesLevel = record.severity === 0 && grade !== undefined;
  return {
    timestamp: takesTime ? timestamp : record.timestamp,
    timestamp_ns: takesTime ? 0 : record.timestamp_ns,
    observed_timestamp: record.observed_timestamp,
    level: takesLevel ? grade.level : record.level,
    severity: takesLevel ? grade.severity : record.severity,
    service: record.service === 'unknown' && found.service ? found.service : record.service,
    env: record.env,
    host: record.host ?? found.host,
    message: record.message,
    trace_id: record.trace_id,
    span_id: record.span_id,
    attributes: joined(found.attributes, record.attributes),
    client_id: record.client_id,
  };
}

/** The found attributes under those the record has; writes into `found`. */
function joined(found: Attributes, own: Attributes): Attributes {
  for (const key in own) found[key] = own[key]!;
  return found;
}
