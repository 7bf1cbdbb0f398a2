import { AppError, type ErrorCode, errorTable } from '../../core/errors.ts';
import { hasKeyEndingInBackslash } from '../../core/json-keys.ts';
import { skipBlank } from '../../core/json-scan.ts';
import { check, RecordFault } from '../../core/record-fault.ts';
import { newRecordScan, scanRecord } from '../../core/record-scan.ts';
import { tooManyRecords } from './record-limit.ts';
import type { AcceptLimits, RejectedItem } from './types.ts';

/** A body that was looked through: its records one a line, which of them are accepted (bit i of `accepted`; all where undefined), and why not. */
export type CheckedBody = { total: number; count: number; accepted: Uint8Array | undefined; items: RejectedItem[] };

const lineFeed = 0x0a;
const space = 0x20;
const comma = 0x2c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const backslash = 0x5c;

const scan = newRecordScan();

/**
 * Looks through NDJSON. A line that is no record is an item of its own; blank lines count for nothing.
 * @throws AppError BODY_TOO_LARGE beyond the limit of records
 */
export function checkLines(bytes: Uint8Array, limits: AcceptLimits): CheckedBody {
  const faults = new Map<number, RecordFault>();
  nextEscape = -1;
  let total = 0;
  for (let at = skipBlank(bytes, 0, bytes.length); at < bytes.length; ) {
    if (total === limits.records) throw tooManyRecords(limits);
    const feed = bytes.indexOf(lineFeed, at);
    const to = feed < 0 ? bytes.length : feed;
    const end = scanRecord(bytes, at, to, scan);
    const stop = end < 0 ? -1 - end : skipBlank(bytes, end, to);
    const fault = end < 0 || stop < to ? notJson(stop - at) : faultOf(bytes, at, end, limits);
    if (fault) faults.set(total, fault);
    total++;
    at = skipBlank(bytes, to, bytes.length);
  }
  return checked(total, faults);
}

/**
 * Looks through one JSON value, an object or an array of them, and rewrites it in place as NDJSON of the same length: the array's own brackets
 * and commas, and line feeds inside records, become line feeds and spaces.
 * @throws AppError INVALID_BODY with line and column where it is not JSON, BODY_TOO_LARGE beyond the limit of records
 */
export function checkJson(bytes: Uint8Array, limits: AcceptLimits): CheckedBody {
  const faults = new Map<number, RecordFault>();
  nextEscape = -1;
  const ends: number[] = [];
  const isArray = bytes[skipBlank(bytes, 0, bytes.length)] === openBracket;
  const from = isArray ? skipBlank(bytes, 0, bytes.length) + 1 : 0;
  let at = skipBlank(bytes, from, bytes.length);
  while (at < bytes.length && !(ends.length === 0 && isArray && bytes[at] === closeBracket)) {
    const end = scanRecord(bytes, at, bytes.length, scan);
    if (end < 0) throw brokenJson(bytes, -1 - end);
    if (ends.length === limits.records) throw tooManyRecords(limits);
    const fault = faultOf(bytes, at, end, limits);
    if (fault) faults.set(ends.length, fault);
    ends.push(end);
    at = skipBlank(bytes, end, bytes.length);
    if (!isArray || bytes[at] !== comma) break;
    at = skipBlank(bytes, at + 1, bytes.length);
  }
  if (isArray && bytes[at++] !== closeBracket) throw brokenJson(bytes, at - 1);
  if (!isArray && ends.length === 0) throw new AppError('INVALID_BODY', 'the body is empty; give a JSON object or an array of them');
  const rest = skipBlank(bytes, at, bytes.length);
  if (rest < bytes.length) throw brokenJson(bytes, rest);
  for (let feed = bytes.indexOf(lineFeed); feed >= 0; feed = bytes.indexOf(lineFeed, feed + 1)) bytes[feed] = space;
  if (isArray) {
    bytes[from - 1] = space;
    bytes[at - 1] = space;
    for (const end of ends) separate(bytes, end, at);
  }
  return checked(ends.length, faults);
}

/** Makes a line feed of the comma behind a record. */
function separate(bytes: Uint8Array, end: number, to: number): void {
  const at = skipBlank(bytes, end, to);
  if (bytes[at] === comma) bytes[at] = lineFeed;
}

/** What speaks against a well-formed JSON value as a record. */
function faultOf(bytes: Uint8Array, from: number, to: number, limits: AcceptLimits): RecordFault | undefined {
  if (to - from > limits.recordBytes) {
    const what = `the record has ${to - from} bytes of at most ${limits.recordBytes}`;
    return new RecordFault('', 'RECORD_TOO_LARGE', `${what}; shorten it, or raise limits.recordBytes`);
  }
  if (scan.depth > limits.depth) {
    const what = `the record is nested ${scan.depth} deep of at most ${limits.depth}`;
    return new RecordFault('', 'RECORD_TOO_DEEP', `${what}; flatten it, or raise limits.depth`);
  }
  const hasEscapes = hasEscape(bytes, from, to);
  if (scan.sure && !hasEscapes) return undefined;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString();
  if (hasEscapes && hasKeyEndingInBackslash(text)) {
    return new RecordFault('', 'INVALID_KEY', 'a key ends with a backslash; rename it');
  }
  return scan.sure ? undefined : check(JSON.parse(text));
}

/** The first escape at or behind the last record looked at: one pass over a body finds them all. */
let nextEscape = -1;

function hasEscape(bytes: Uint8Array, from: number, to: number): boolean {
  if (nextEscape < from) {
    const found = bytes.indexOf(backslash, from);
    nextEscape = found < 0 ? Number.POSITIVE_INFINITY : found;
  }
  return nextEscape < to;
}

const notJson = (offset: number): RecordFault =>
  new RecordFault('', 'NOT_JSON', `the line is not JSON at column ${offset + 1}; give one JSON object a line`);

function brokenJson(bytes: Uint8Array, at: number): AppError {
  let line = 1;
  let lineFrom = 0;
  for (let feed = bytes.indexOf(lineFeed); feed >= 0 && feed < at; feed = bytes.indexOf(lineFeed, lineFrom)) {
    line++;
    lineFrom = feed + 1;
  }
  const what = at >= bytes.length ? 'the body ends too early' : `unexpected ${JSON.stringify(characterAt(bytes, at))}`;
  return new AppError('INVALID_BODY', `line ${line}, column ${at - lineFrom + 1}: ${what}; the body is not JSON`);
}

const characterAt = (bytes: Uint8Array, at: number): string => {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(4, bytes.length - at)).toString();
  return String.fromCodePoint(text.codePointAt(0)!);
};

function checked(total: number, faults: Map<number, RecordFault>): CheckedBody {
  if (faults.size === 0) return { total, count: total, accepted: undefined, items: [] };
  const accepted = new Uint8Array((total + 7) >> 3);
  for (let i = 0; i < total; i++) if (!faults.has(i)) accepted[i >> 3]! |= 1 << (i & 7);
  return { total, count: total - faults.size, accepted, items: [...faults].map(([index, fault]) => itemOf(index, fault)) };
}

/** The result with faults of records besides: those that a translation found, in place of what was found at their lines. */
export function withFaults({ total, items }: CheckedBody, faults: ReadonlyMap<number, RecordFault>): CheckedBody {
  const all = new Map(items.map((item) => [item.index, item]));
  for (const [index, fault] of faults) all.set(index, itemOf(index, fault));
  if (all.size === 0) return { total, count: total, accepted: undefined, items: [] };
  const accepted = new Uint8Array((total + 7) >> 3);
  for (let i = 0; i < total; i++) if (!all.has(i)) accepted[i >> 3]! |= 1 << (i & 7);
  return { total, count: total - all.size, accepted, items: [...all.values()].sort((a, b) => a.index - b.index) };
}

/** Faults that are more than an invalid record. */
const codeOf: Readonly<Record<string, ErrorCode>> = { RECORD_TOO_LARGE: 'BODY_TOO_LARGE', SERIES_BUDGET: 'SERIES_BUDGET' };

function itemOf(index: number, { path, code, detail }: RecordFault): RejectedItem {
  const place = path === '' ? `records[${index}]` : `records[${index}].${path}`;
  const known = codeOf[code] ?? 'INVALID_RECORD';
  return {
    index,
    status: errorTable[known].status,
    code: known,
    detail: `${place}: ${detail}`,
    retryable: false,
    errors: [{ path: place, code, detail }],
  };
}
