import type { RawBatch } from '../../../core/ports/queue.ts';

/**
 * The accepted records of a batch, in order: the bytes of each as they stand in the payload, on one line. Slices of the payload, not copies,
 * except for an item of a JSON array that spans lines.
 * @throws RangeError where the payload holds fewer accepted records than the batch says
 */
export function recordSlices({ format, payload, accepted, count }: RawBatch): Buffer[] {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  const slices: Buffer[] = [];
  let index = 0;
  const visit = (from: number, to: number): void => {
    const isAccepted = accepted === undefined || (accepted[index >> 3]! & (1 << (index & 7))) !== 0;
    index++;
    if (isAccepted && slices.length < count) slices.push(bytes.subarray(from, to));
  };
  if (format === 'ndjson') eachLine(bytes, visit);
  else eachItem(bytes, visit);
  if (slices.length !== count) throw new RangeError(`the payload holds ${slices.length} accepted records, not ${count}`);
  return format === 'json' ? slices.map(onOneLine) : slices;
}

type Visit = (from: number, to: number) => void;

function eachLine(bytes: Buffer, visit: Visit): void {
  for (let at = 0; at < bytes.length; ) {
    const feed = bytes.indexOf(0x0a, at);
    const end = feed < 0 ? bytes.length : feed;
    visitTrimmed(bytes, at, end, visit);
    at = end + 1;
  }
}

/** The items of an array, or the whole value: by commas outside of strings and brackets. The payload is valid JSON: accept has parsed it. */
function eachItem(bytes: Buffer, visit: Visit): void {
  let from = 0;
  while (isBlank(bytes[from]!)) from++;
  if (bytes[from] !== 0x5b) {
    visitTrimmed(bytes, from, bytes.length, visit);
    return;
  }
  from++;
  let depth = 0;
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === 0x22) at = endOfString(bytes, at);
    else if (byte === 0x7b || byte === 0x5b) depth++;
    else if (depth > 0 && (byte === 0x7d || byte === 0x5d)) depth--;
    else if (depth === 0 && (byte === 0x2c || byte === 0x5d)) {
      visitTrimmed(bytes, from, at, visit);
      from = at + 1;
      if (byte === 0x5d) return;
    }
  }
}

/** The place of the quote that ends the string which begins at `at`. */
function endOfString(bytes: Buffer, at: number): number {
  let quote = bytes.indexOf(0x22, at + 1);
  while (quote >= 0) {
    let slashes = 0;
    while (bytes[quote - 1 - slashes] === 0x5c) slashes++;
    if (slashes % 2 === 0) return quote;
    quote = bytes.indexOf(0x22, quote + 1);
  }
  return bytes.length;
}

function visitTrimmed(bytes: Buffer, from: number, to: number, visit: Visit): void {
  let start = from;
  let end = to;
  while (start < end && isBlank(bytes[start]!)) start++;
  while (end > start && isBlank(bytes[end - 1]!)) end--;
  if (start < end) visit(start, end);
}

/** Line ends in JSON text stand outside of strings, where a blank is the same. */
export function onOneLine(record: Buffer): Buffer {
  if (!record.includes(0x0a)) return record;
  const copy = Buffer.from(record);
  for (let at = copy.indexOf(0x0a); at >= 0; at = copy.indexOf(0x0a, at + 1)) copy[at] = 0x20;
  return copy;
}

const isBlank = (c: number): boolean => c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09;
