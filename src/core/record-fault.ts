import { isObject } from './attributes.ts';
import { strictTimeNames } from './record-aliases.ts';
import { fastTimeUs, readTime } from './time.ts';

/** Why a JSON value is no record: the place within it (empty: the whole), a stable code, and what to do. */
export class RecordFault {
  readonly path: string;
  readonly code: string;
  readonly detail: string;

  constructor(path: string, code: string, detail: string) {
    this.path = path;
    this.code = code;
    this.detail = detail;
  }
}

/**
 * Tells why a parsed JSON value cannot become a record, or `undefined` where it can. It must be an object with at least one field, and its
 * time, where it names one, must be a time; everything else can be kept. Accepts exactly what `normalise` accepts.
 */
export function check(raw: unknown): RecordFault | undefined {
  if (!isObject(raw)) return new RecordFault('', 'NOT_AN_OBJECT', `${quoted(raw)} is not a record; give a JSON object`);
  const { timestamp } = raw;
  if (typeof timestamp === 'string' && fastTimeUs(timestamp) >= 0) return undefined;
  const name = strictTimeName(raw);
  if (name !== undefined) return readTime(raw[name]) ? undefined : notATime(name, raw[name]);
  for (const _ in raw) return undefined;
  return new RecordFault('', 'EMPTY_RECORD', 'the record is empty; give at least a message');
}

/** The strongest strict name of a time that the record uses. */
export function strictTimeName(raw: Record<string, unknown>): string | undefined {
  return strictTimeNames.find((name) => {
    const value = raw[name];
    return typeof value === 'string' || typeof value === 'number' || (name === 'timestamp' && value !== null && value !== undefined);
  });
}

function notATime(name: string, value: unknown): RecordFault {
  return new RecordFault(name, 'INVALID_TIMESTAMP', `${quoted(value)} is not a time; give RFC 3339 or epoch`);
}

/** A value as it is quoted in a detail: JSON, cut to 60 characters. */
function quoted(value: unknown): string {
  const text = typeof value === 'string' && value.length > 60 ? JSON.stringify(value.slice(0, 60)) : (JSON.stringify(value) ?? 'nothing');
  return text.length > 62 ? `${text.slice(0, 60)}…` : text;
}
