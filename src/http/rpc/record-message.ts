import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { LogRecord, LogRecordSchema } from '../../../gen/logdrive/v1/record_pb.ts';
import type { StoredRecord } from '../../core/record.ts';
import { formatTime } from '../../core/time.ts';

type Instant = { seconds: bigint; nanos: number };

const maxSeconds = 253_402_300_799n;

/** Spells a stored record as the message of the RPCs. */
export function recordMessage(record: StoredRecord): MessageInitShape<typeof LogRecordSchema> {
  const { id, timestamp, timestamp_ns, observed_timestamp, level, severity, service, env, host, message, trace_id, span_id } = record;
  return {
    ...{ id, level, severity, service, env: env ?? '', host: host ?? '', message: message ?? '' },
    timestamp: instantOf(timestamp, timestamp_ns),
    observedTimestamp: instantOf(observed_timestamp, 0),
    traceId: trace_id ?? '',
    spanId: span_id ?? '',
    attributes: record.attributes as JsonObject,
  };
}

/** The record of a message as JSON that accept takes; what is empty is left out. A time out of range is spelt so that accept refuses it by its place. */
export function jsonOfMessage(record: LogRecord): string {
  const { id, timestamp, level, severity, service, env, host, message, traceId, spanId, attributes } = record;
  return JSON.stringify({
    ...(id && { id }),
    ...(timestamp && { timestamp: timeOf(timestamp) }),
    ...(level && { level }),
    ...(severity !== 0 && !level && { severity }),
    ...(service && { service }),
    ...(env && { env }),
    ...(host && { host }),
    ...(message && { message }),
    ...(traceId && { trace_id: traceId }),
    ...(spanId && { span_id: spanId }),
    ...(attributes && { attributes }),
  });
}

function instantOf(us: number, ns: number): Instant {
  const seconds = Math.floor(us / 1e6);
  return { seconds: BigInt(seconds), nanos: Math.round((us - seconds * 1e6) * 1e3) + ns };
}

function timeOf({ seconds, nanos }: Timestamp): string {
  const isTime = seconds >= 0n && seconds <= maxSeconds && nanos >= 0 && nanos < 1e9;
  if (!isTime) return `${seconds} s and ${nanos} ns`;
  return formatTime(Number(seconds) * 1e6 + Math.floor(nanos / 1e3), nanos % 1e3);
}
