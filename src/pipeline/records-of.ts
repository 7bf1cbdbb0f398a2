import { needsExactParse, parseExactly } from '../core/exact-json.ts';
import { normalise } from '../core/normalise.ts';
import type { NormaliseContext } from '../core/normalise-context.ts';
import type { QueueBatch } from '../core/ports/queue.ts';
import type { LogRecord } from '../core/record.ts';
import { RecordFault } from '../core/record-fault.ts';

/** What decoding needs from outside, and whom it tells. */
export type DecodeHooks = Pick<NormaliseContext, 'hash' | 'unknownLevel'>;

/** An accepted record with its offset; or why it cannot be read any more, with its bytes. */
export type Decoded = { offset: number; record: LogRecord } | { offset: number; fault: RecordFault; bytes: Uint8Array };

/** Takes what `eachRecord` finds, in order of offsets. */
export type RecordVisitor = {
  record(offset: number, record: LogRecord): void;
  fault(offset: number, fault: RecordFault, bytes: Uint8Array): void;
};

/**
 * Decodes what was appended of one request: parses each accepted record, normalises it and tells it with its offset. Deterministic, and total:
 * every offset of the batch is told exactly once, as a record or as a fault. One record at a time is in memory.
 */
export function eachRecord(batch: QueueBatch, hooks: DecodeHooks, visitor: RecordVisitor): void {
  const { tenant, observedUs, defaults, payload, accepted, baseOffset, count } = batch;
  const context: NormaliseContext = { tenant, observedUs, defaults, ...hooks };
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  const exact = needsExactParse(bytes);
  const endOffset = baseOffset + count;
  let offset = baseOffset;
  let index = 0;
  const visit = (from: number, to: number, parsed?: unknown): void => {
    const skipped = accepted !== undefined && (accepted[index >> 3]! & (1 << (index & 7))) === 0;
    index++;
    if (skipped || offset === endOffset) return;
    const made = parsed === undefined ? parseRecord(bytes, from, to, exact, context) : normalise(parsed, context);
    if (made instanceof RecordFault) visitor.fault(offset++, made, bytes.subarray(from, to));
    else visitor.record(offset++, made);
  };
  if (batch.format === 'ndjson') eachLine(bytes, visit);
  else eachItem(bytes, visit);
  while (offset < endOffset) visitor.fault(offset++, new RecordFault('', 'MISSING', 'the batch ends before this record'), noBytes);
}

const noBytes = new Uint8Array(0);

/** {@link eachRecord} as a list. */
export function recordsOf(batch: QueueBatch, hooks: DecodeHooks): Decoded[] {
  const decoded: Decoded[] = [];
  eachRecord(batch, hooks, {
    record: (offset, record) => decoded.push({ offset, record }),
    fault: (offset, fault, bytes) => decoded.push({ offset, fault, bytes }),
  });
  return decoded;
}

function parseRecord(bytes: Buffer, from: number, to: number, mayNeedExact: boolean, context: NormaliseContext): LogRecord | RecordFault {
  const text = bytes.toString('utf8', from, to);
  let raw: unknown;
  try {
    raw = mayNeedExact && needsExactParse(bytes.subarray(from, to)) ? parseExactly(text) : JSON.parse(text);
  } catch (error) {
    return new RecordFault('', 'NOT_JSON', `not JSON: ${(error as Error).message}`);
  }
  return normalise(raw, context);
}

function eachLine(bytes: Buffer, visit: (from: number, to: number) => void): void {
  for (let at = 0; at < bytes.length; ) {
    const feed = bytes.indexOf(0x0a, at);
    const to = feed < 0 ? bytes.length : feed;
    let from = at;
    while (from < to && isBlank(bytes[from]!)) from++;
    if (from < to) visit(from, to);
    at = to + 1;
  }
}

const isBlank = (c: number): boolean => c === 0x20 || c === 0x0d || c === 0x09;

/** One JSON value, or the items of an array; the bytes of an item are those of the whole. */
function eachItem(bytes: Buffer, visit: (from: number, to: number, parsed: unknown) => void): void {
  let value: unknown;
  try {
    value = parseExactly(bytes.toString());
  } catch {
    return;
  }
  for (const item of Array.isArray(value) ? value : [value]) visit(0, bytes.length, item);
}
