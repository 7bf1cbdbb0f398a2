import { AppError } from '../../../core/errors.ts';
import { type FileSystem, fileErrorCode, type OpenFile } from '../../../core/ports/file-system.ts';
import type { Hole, QueueBatch } from '../../../core/ports/queue.ts';
import { batchOf, bytesNeeded, frameAt, isWhole } from './frame.ts';
import { listSegments, type SegmentName } from './segment-name.ts';
import { findFrame, frameIn, Window } from './window.ts';

const walkBytes = 64 * 1024;
/** So that a last frame's header is not cut off only because the payloads before it filled `maxBytes`. */
const slackBytes = 4096;
/** A larger buffer is not kept for the next read. */
const maxKeptBytes = 16 * 1024 * 1024;

/** Where one partition is read: a segment, a byte in it, and the offset that is expected there. */
export class PartitionCursor {
  readonly #files: FileSystem;
  readonly #folder: string;
  readonly #partition: number;
  readonly #onHole: (hole: Hole) => void;
  readonly #reuses: boolean;
  #buffer = Buffer.alloc(0);
  #segments: SegmentName[] = [];
  #index = -1;
  #file: OpenFile | undefined;
  #position = 0;
  #next = -1;

  /** @param reuses whether each read may overwrite the payloads of the one before */
  constructor(files: FileSystem, folder: string, partition: number, onHole: (hole: Hole) => void, reuses = false) {
    this.#files = files;
    this.#folder = folder;
    this.#partition = partition;
    this.#onHole = onHole;
    this.#reuses = reuses;
  }

  /**
   * Batches that hold offsets of `[offset, end)`, of about `maxBytes`, at least one where there is one.
   * @throws AppError QUEUE_UNAVAILABLE when what is durable cannot be read and nothing follows that can
   */
  async read(offset: number, end: number, maxBytes: number): Promise<QueueBatch[]> {
    if (offset >= end) return [];
    if (this.#next !== offset || !this.#file) await this.#seek(offset);
    const batches: QueueBatch[] = [];
    const atLeastBytes = Math.max(maxBytes, 1);
    let wantedBytes = atLeastBytes + slackBytes;
    while (this.#file && batches.length === 0 && this.#next < end) {
      if (this.#next < this.#limit(end)) {
        const size = await this.#file.size();
        const buffer = this.#bufferOf(Math.max(0, Math.min(size - this.#position, wantedBytes)));
        const bytes = buffer.subarray(0, await this.#file.read(buffer, this.#position));
        const neededBytes = this.#take(bytes, offset, end, atLeastBytes, batches);
        if (batches.length > 0 || this.#next >= this.#limit(end)) continue;
        if (neededBytes > 0 && this.#position + neededBytes <= size) {
          wantedBytes = Math.max(wantedBytes, neededBytes);
          continue;
        }
        if (this.#position < size && (await this.#skipDamage(end))) continue;
      }
      if (!(await this.#enterNext(end))) throw this.#unreadable(end);
    }
    return batches;
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  /** A buffer of some bytes: each megabyte that is allocated outside the heap brings the next collection of garbage nearer. */
  #bufferOf(bytes: number): Buffer {
    if (!this.#reuses || bytes > maxKeptBytes) return Buffer.allocUnsafeSlow(bytes);
    if (this.#buffer.byteLength < bytes) this.#buffer = Buffer.allocUnsafeSlow(bytes);
    return this.#buffer.subarray(0, bytes);
  }

  /** The first offset that this segment does not answer for: what stands in it from there on was given up, and is in the next one. */
  #limit(end: number): number {
    return Math.min(end, this.#segments[this.#index + 1]?.base ?? end);
  }

  /** Takes the whole frames from `bytes`; returns how many bytes the one that is cut off needs, 0 where none is. */
  #take(bytes: Buffer, offset: number, end: number, maxBytes: number, batches: QueueBatch[]): number {
    const { salt } = this.#segments[this.#index]!;
    const limit = this.#limit(end);
    let at = 0;
    let taken = 0;
    while (this.#next < limit && taken < maxBytes) {
      const rest = bytes.subarray(at);
      const frame = frameAt(rest, salt);
      if (frame === 'short') return bytesNeeded(rest);
      if (!frame || frame.base !== this.#next) return 0;
      const frameBytes = frame.headerBytes + frame.payloadBytes;
      if (frameBytes > rest.byteLength) return frameBytes;
      const payload = rest.subarray(frame.headerBytes, frameBytes);
      if (!isWhole(frame, payload)) return 0;
      if (frame.base + frame.count > offset && !frame.isMark) {
        batches.push(batchOf(rest.subarray(0, frame.headerBytes), payload, this.#partition));
        taken += frame.payloadBytes;
      }
      at += frameBytes;
      this.#position += frameBytes;
      this.#next += frame.count;
    }
    return 0;
  }

  /** Goes to the frame that holds `offset`, or to the damage before it. */
  async #seek(offset: number): Promise<void> {
    if (!this.#file || offset < this.#next || offset >= this.#limit(Number.POSITIVE_INFINITY)) {
      await this.#list();
      this.#next = offset;
      await this.#enter(offset);
    }
    if (!this.#file) return;
    const window = new Window(this.#file, walkBytes);
    const { salt } = this.#segments[this.#index]!;
    while (this.#next < offset) {
      const frame = await frameIn(window, this.#position, salt);
      if (!frame || frame.base !== this.#next || frame.base + frame.count > offset) return;
      this.#position += frame.headerBytes + frame.payloadBytes;
      this.#next += frame.count;
    }
  }

  /** Goes to the next whole frame up to `end`, and reports what lies between; false where the segment has none. */
  async #skipDamage(end: number): Promise<boolean> {
    const { salt } = this.#segments[this.#index]!;
    const window = new Window(this.#file!, walkBytes);
    const here = await frameIn(window, this.#position, salt);
    const isBehindGap = here !== undefined && here.base > this.#next;
    const found = isBehindGap
      ? { at: this.#position, frame: here }
      : await findFrame(window, this.#position + (here?.headerBytes ?? 1), salt, this.#next);
    if (!found || found.frame.base > this.#limit(end)) return false;
    this.#report(found.frame.base, 'corrupt');
    this.#position = found.at;
    return true;
  }

  /** Goes on to the segment behind this one; false where there is none that begins at `end` or before. */
  async #enterNext(end: number): Promise<boolean> {
    const seq = this.#segments[this.#index]?.seq ?? -1;
    const behind = () => this.#segments.find((segment) => segment.seq > seq);
    if (!behind()) await this.#list();
    const next = behind();
    if (!next || next.base > end) return false;
    await this.#enter(Math.max(next.base, this.#next));
    return true;
  }

  /** Opens the segment that holds `offset`, the oldest where all begin behind it. */
  async #enter(offset: number): Promise<void> {
    await this.close();
    while (this.#segments.length > 0) {
      const index = Math.max(
        0,
        this.#segments.findLastIndex(({ base }) => base <= offset),
      );
      const segment = this.#segments[index]!;
      try {
        this.#file = await this.#files.open(`${this.#folder}/${segment.name}`, 'read');
      } catch (error) {
        if (fileErrorCode(error) !== 'ENOENT') throw error;
        // Removed since it was listed: by retention, or because its first group failed.
        await this.#list();
        continue;
      }
      this.#index = index;
      this.#position = 0;
      if (segment.base > this.#next) this.#report(segment.base, index === 0 ? 'expired' : 'corrupt');
      this.#next = segment.base;
      return;
    }
  }

  #report(to: number, reason: 'corrupt' | 'expired'): void {
    const from = this.#next;
    this.#next = to;
    if (to === from) return;
    const detail = reason === 'expired' ? 'removed by retention before it was read' : `damaged in ${this.#folder}`;
    this.#onHole({ partition: this.#partition, from, to, reason, detail });
  }

  #unreadable(end: number): AppError {
    const what = `offsets ${this.#next} to ${end} of partition ${this.#partition} in ${this.#folder}`;
    return new AppError('QUEUE_UNAVAILABLE', `${what} cannot be read: start again, which sets aside what is damaged`);
  }

  async #list(): Promise<void> {
    this.#segments = await listSegments(this.#files, this.#folder);
  }
}
