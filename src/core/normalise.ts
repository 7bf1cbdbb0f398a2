import { isObject } from './attributes.ts';
import { readLevel, unspecified } from './level.ts';
import { normaliseAny } from './normalise-any.ts';
import { maxAheadUs, type NormaliseContext } from './normalise-context.ts';
import type { Attributes, LogRecord } from './record.ts';
import type { RecordFault } from './record-fault.ts';
import { fastTimeUs } from './time.ts';

/**
 * Makes a record of a parsed JSON value, or says why it is none; which of the two depends on the value alone, as `check` tells. Total and
 * deterministic. May take over the value's `attributes` object, and write to it.
 */
export function normalise(raw: unknown, context: NormaliseContext): LogRecord | RecordFault {
  return (isObject(raw) && normaliseCommon(raw, context)) || normaliseAny(raw, context);
}

/** Records with the vocabulary's own names and flat attributes, as most are: one pass and no copies. Gives up on anything else. */
function normaliseCommon(raw: Record<string, unknown>, context: NormaliseContext): LogRecord | undefined {
  const { observedUs, defaults } = context;
  let timestamp = observedUs;
  let grade = unspecified;
  let fields = 0;
  let service: string | undefined;
  let env: string | undefined;
  let host: string | undefined;
  let message: string | undefined;
  let traceId: string | undefined;
  let spanId: string | undefined;
  let attributes: Attributes | undefined;
  for (const key in raw) {
    const value = raw[key];
    fields++;
    switch (key) {
      case 'timestamp':
        if (typeof value !== 'string') return undefined;
        timestamp = fastTimeUs(value);
        if (!(timestamp <= observedUs + maxAheadUs)) return undefined;
        break;
      case 'level': {
        const named = typeof value === 'string' ? readLevel(value) : undefined;
        if (named === undefined) return undefined;
        grade = named;
        break;
      }
      case 'service':
        if (typeof value !== 'string' || value === '') return undefined;
        service = value;
        break;
      case 'env':
        if (typeof value !== 'string' || value === '') return undefined;
        env = value;
        break;
      case 'host':
        if (typeof value !== 'string' || value === '') return undefined;
        host = value;
        break;
      case 'message':
        if (typeof value !== 'string') return undefined;
        message = value;
        break;
      case 'trace_id':
        if (!isLowerHexId(value, 32)) return undefined;
        traceId = value;
        break;
      case 'attributes':
        if (!isObject(value) || !isFlat(value)) return undefined;
        attributes = value;
        break;
      default:
        return undefined;
    }
  }
  if (fields === 0) return undefined;
  if (attributes === undefined) attributes = {};
  else if (attributes.trace_id !== undefined || attributes.span_id !== undefined) {
    const { trace_id, span_id, ...rest } = attributes;
    if (traceId !== undefined || !isLowerHexId(trace_id, 32)) return undefined;
    if (span_id !== undefined && !isLowerHexId(span_id, 16)) return undefined;
    traceId = trace_id;
    spanId = span_id;
    attributes = rest;
  }
  return {
    timestamp,
    timestamp_ns: 0,
    observed_timestamp: observedUs,
    level: grade.level,
    severity: grade.severity,
    service: service ?? defaults.service ?? 'unknown',
    env: env ?? defaults.env,
    host: host ?? defaults.host,
    message,
    trace_id: traceId,
    span_id: spanId,
    attributes,
    client_id: undefined,
  };
}

function isFlat(value: Record<string, unknown>): value is Attributes {
  for (const key in value) {
    const item = value[key];
    if (typeof item === 'string') continue;
    if (typeof item === 'number' ? !Number.isFinite(item) : typeof item !== 'boolean') return false;
  }
  return true;
}

/** Lower-case hex digits that are not all zero: the form of an id that needs no change. */
function isLowerHexId(value: unknown, length: 16 | 32): value is string {
  if (typeof value !== 'string' || value.length !== length) return false;
  let zero = true;
  for (let i = 0; i < length; i++) {
    const c = value.charCodeAt(i);
    if (c < 0x30 || c > 0x66 || (c > 0x39 && c < 0x61)) return false;
    if (c !== 0x30) zero = false;
  }
  return !zero;
}
