import { slack } from '../columnar/json-text.ts';
import type { Lines } from '../columnar/line-reader.ts';
import { needsExactParse, parseExactly } from '../core/exact-json.ts';
import { type Scanned, scanJson, skipBlank } from '../core/json-scan.ts';
import { normalise } from '../core/normalise.ts';
import type { NormaliseContext } from '../core/normalise-context.ts';
import type { QueueBatch } from '../core/ports/queue.ts';
import type { LogRecord } from '../core/record.ts';
import { RecordFault } from '../core/record-fault.ts';
import { type Refused, refusedOf } from '../core/refused.ts';

/** What decoding needs from outside, and whom it tells. */
export type DecodeHooks = Pick<NormaliseContext, 'hash' | 'unknownLevel'>;

/** An accepted record with its offset; or why it cannot be read any more, with its bytes. */
export type Decoded = { offset: number; record: LogRecord } | { offset: number; fault: RecordFault; bytes: Uint8Array };

/**
 * The accepted records of what was appended of one request, by their places in its bytes: decoded one by one, or read from there. Every offset of the
 * batch is a record or a fault. Deterministic, and total.
 */
export class BatchRecords {
  readonly lines: Lines;
  readonly count: number;
  readonly #baseOffset: number;
  readonly #context: NormaliseContext;

  constructor(batch: QueueBatch, hooks: DecodeHooks) {
    const { tenant, generation, partition, observedUs, defaults, payload } = batch;
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
    const readable = Math.min(payload.length + slack, payload.buffer.byteLength - payload.byteOffset);
    const view = new DataView(payload.buffer, payload.byteOffset, readable);
    this.lines = { bytes, view, places: placesOf(bytes, batch), tenant, generation, partition, observedUs, defaults };
    this.count = batch.count;
    this.#baseOffset = batch.baseOffset;
    this.#context = { tenant, observedUs, defaults, ...hooks };
  }

  /** Parses and normalises a record. */
  at(index: number): Decoded {
    const { bytes, places } = this.lines;
    const offset = this.#baseOffset + index;
    const from = places[index * 2]!;
    const to = places[index * 2 + 1]!;
    if (from === to) return { offset, fault: new RecordFault('', 'MISSING', 'the batch ends before this record'), bytes: noBytes };
    const made = parseRecord(bytes, from, to, this.#context);
    if ('body' in made) return { offset, fault: new RecordFault('', made.code, made.detail), bytes: Buffer.from(made.body) };
    return made instanceof RecordFault ? { offset, fault: made, bytes: bytes.subarray(from, to) } : { offset, record: made };
  }

  /** Parses and normalises the records from `index` on. */
  *from(index: number): Generator<Decoded> {
    for (let i = index; i < this.count; i++) yield this.at(i);
  }
}

const noBytes = new Uint8Array(0);

/** Decodes what was appended of one request: parses and normalises each accepted record, in order of offsets. */
export const recordsOf = (batch: QueueBatch, hooks: DecodeHooks): Decoded[] => [...new BatchRecords(batch, hooks).from(0)];

/** Where the accepted records begin and end; 0 and 0 for those that are not there. */
function placesOf(bytes: Buffer, { format, accepted, count }: QueueBatch): Uint32Array {
  const places = new Uint32Array(count * 2);
  let index = 0;
  let found = 0;
  const visit = (from: number, to: number): void => {
    const isSkipped = accepted !== undefined && (accepted[index >> 3]! & (1 << (index & 7))) === 0;
    index++;
    if (isSkipped || found === count) return;
    places[found * 2] = from;
    places[found * 2 + 1] = to;
    found++;
  };
  if (format === 'ndjson') eachLine(bytes, visit);
  else eachItem(bytes, visit);
  return places;
}

function parseRecord(bytes: Buffer, from: number, to: number, context: NormaliseContext): LogRecord | RecordFault | Refused {
  const text = bytes.toString('utf8', from, to);
  let raw: unknown;
  try {
    raw = needsExactParse(bytes.subarray(from, to)) ? parseExactly(text) : JSON.parse(text);
  } catch (error) {
    return new RecordFault('', 'NOT_JSON', `not JSON: ${(error as Error).message}`);
  }
  return refusedOf(raw) ?? normalise(raw, context);
}

function eachLine(bytes: Buffer, visit: (from: number, to: number) => void): void {
  for (let at = 0; at < bytes.length; ) {
    const feed = bytes.indexOf(newline, at);
    const to = feed < 0 ? bytes.length : feed;
    let from = at;
    while (from < to && isBlank(bytes[from]!)) from++;
    if (from < to) visit(from, to);
    at = to + 1;
  }
}

const newline = 0x0a;
const comma = 0x2c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const isBlank = (c: number): boolean => c === 0x20 || c === 0x0d || c === 0x09;

/** One JSON value, or the items of an array. What is no JSON ends it. */
function eachItem(bytes: Buffer, visit: (from: number, to: number) => void): void {
  const scanned: Scanned = { depth: 0, watched: false };
  let at = skipBlank(bytes, 0, bytes.length);
  const isArray = bytes[at] === openBracket;
  if (isArray) at = skipBlank(bytes, at + 1, bytes.length);
  if (isArray && bytes[at] === closeBracket) return;
  for (;;) {
    const end = scanJson(bytes, at, bytes.length, scanned);
    if (end < 0) return;
    visit(at, end);
    at = skipBlank(bytes, end, bytes.length);
    if (!isArray || bytes[at] !== comma) return;
    at = skipBlank(bytes, at + 1, bytes.length);
  }
}
