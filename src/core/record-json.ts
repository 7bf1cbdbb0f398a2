import type { StoredRecord } from './record.ts';
import { formatTime } from './time.ts';

/** A record as every answer and every derived file spells it: the vocabulary's names, times in RFC 3339, absent fields left out. */
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
