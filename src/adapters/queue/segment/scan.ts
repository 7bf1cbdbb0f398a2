import type { OpenFile } from '../../../core/ports/file-system.ts';
import { batchOf, type Frame, isWhole } from './frame.ts';
import type { SegmentName } from './segment-name.ts';
import { findFrame, frameHeld, frameIn, Window } from './window.ts';

/** Bytes `[from, to)` that are no frames, and the offsets `[base, next)` that were in them. */
export type Damage = { from: number; to: number; base: number; next: number };

/** A request with an idempotency key, as its header tells it. */
export type KeyedBatch = Omit<ReturnType<typeof batchOf>, 'payload'>;

export type Scan = {
  /** Where the last whole frame ends. */
  bytes: number;
  /** The offset behind the last record. */
  end: number;
  newestUs: number;
  /** Bytes that are known to have been durable before the last group was written. */
  durable: number;
  /** Ends with a mark: closed in order. */
  isClosed: boolean;
  damages: Damage[];
  /** The tail, behind `bytes`, holds whole frames behind a torn one. */
  hasFramesInTail: boolean;
};

const chunkBytes = 4 * 2 ** 20;
const nothing = Buffer.alloc(0);

/**
 * Reads a segment through, checks every frame, and calls `onKeyed` for each request that has an idempotency key.
 * Without `limit` it is the newest segment, and what cannot be read at its end is a torn tail unless a later frame proves that it was
 * durable once. `limit` is the base of the next segment: offsets from it on are not this segment's, all below it were durable.
 */
export async function scanSegment(
  file: OpenFile,
  segment: SegmentName,
  limit: number | undefined,
  onKeyed: (batch: KeyedBatch) => void = () => {},
): Promise<Scan> {
  const { salt, base } = segment;
  const size = await file.size();
  const window = new Window(file, Math.min(chunkBytes, Math.max(size, 4096)));
  const scan: Scan = { bytes: 0, end: base, newestUs: 0, durable: 0, isClosed: false, damages: [], hasFramesInTail: false };

  const take = (frame: Frame, at: number, keyed: KeyedBatch | undefined) => {
    if (frame.base > scan.end) scan.damages.push({ from: at, to: at, base: scan.end, next: frame.base });
    scan.bytes = at + frame.headerBytes + frame.payloadBytes;
    scan.end = frame.base + frame.count;
    scan.durable = frame.durable;
    scan.isClosed = frame.isMark;
    if (frame.observedUs > scan.newestUs) scan.newestUs = frame.observedUs;
    if (keyed) onKeyed(keyed);
  };

  while (scan.bytes < size && scan.end < (limit ?? Number.POSITIVE_INFINITY)) {
    const at = scan.bytes;
    const held = frameHeld(window, at, salt);
    const frame = held === 'short' ? await frameIn(window, at, salt) : held;
    const fits = frame !== undefined && frame.base >= scan.end && frame.base < (limit ?? Number.POSITIVE_INFINITY);
    if (fits) {
      const keyed = frame.hasKey ? keyedBatch(window.held(at, frame.headerBytes)!) : undefined;
      const from = at + frame.headerBytes;
      const payload = window.held(from, frame.payloadBytes) ?? (await window.load(from, frame.payloadBytes));
      if (isWhole(frame, payload)) {
        take(frame, at, keyed);
        continue;
      }
    }
    const found = await findFrame(window, fits ? at + frame.headerBytes : at + 1, salt, scan.end);
    const isProven = limit !== undefined || (found !== undefined && (await isProvenDurable(window, salt, at, found)));
    if (!isProven) {
      scan.hasFramesInTail = found !== undefined;
      return scan;
    }
    if (!found || found.frame.base >= (limit ?? Number.POSITIVE_INFINITY)) break;
    scan.damages.push({ from: at, to: found.at, base: scan.end, next: found.frame.base });
    scan.bytes = found.at;
    scan.end = found.frame.base;
  }
  if (limit !== undefined && scan.end < limit) {
    scan.damages.push({ from: scan.bytes, to: size, base: scan.end, next: limit });
    scan.end = limit;
  }
  return scan;
}

/** Tells whether a later frame was written when the byte at `position` had been durable. */
async function isProvenDurable(window: Window, salt: number, position: number, first: { at: number; frame: Frame }): Promise<boolean> {
  for (let found: typeof first | undefined = first; found; ) {
    if (found.frame.durable > position) return true;
    found = await findFrame(window, found.at + found.frame.headerBytes, salt, found.frame.base + found.frame.count);
  }
  return false;
}

/** The header's content without views of the window's buffer. */
function keyedBatch(header: Buffer): KeyedBatch {
  return batchOf(Buffer.from(header), nothing, 0);
}
