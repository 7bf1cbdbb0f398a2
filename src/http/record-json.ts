import type { StoredRecord } from '../core/record.ts';
import { formatTime } from '../core/time.ts';

/** A record as every answer spells it: the vocabulary's names, times in RFC 3339, absent fields left out. */
export function recordJson(record: StoredRecord): Record<string, unknown> {
  const { id, timestamp, timestamp_ns, observed_timestamp, level, severity, service, env, host, message, trace_id, span_id } = record;
  return {
    id,
    timestamp: formatTime(timestamp, timestamp_ns),
    observed_timestamp: formatTime(observed_timestamp),
    level,
    severity,
    service,
    env,
    host,
    message,
    trace_id,
    span_id,
    attributes: record.attributes,
  };
}

/** Epoch milliseconds in RFC 3339, null where there are none. */
export const timeOfMs = (ms: number | undefined): string | null => (ms === undefined ? null : formatTime(ms * 1000));
