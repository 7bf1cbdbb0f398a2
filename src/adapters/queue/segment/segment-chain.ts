import { AppError } from '../../../core/errors.ts';
import { fileErrorCode, type OpenFile } from '../../../core/ports/file-system.ts';
import type { Hole } from '../../../core/ports/queue.ts';
import type { DiskSpace } from './disk-space.ts';
import { markOf, stamp } from './frame.ts';
import type { Settings } from './options.ts';
import type { Recovered, Segment } from './recover.ts';
import { scanSegment } from './scan.ts';
import { partitionFolder, segmentName } from './segment-name.ts';

/** One request's frame before it is written; `header` still wants its {@link stamp}. */
export type Entry = { header: Buffer; payload: Uint8Array; count: number; observedUs: number };

export const bytesOf = ({ header, payload }: Entry): number => header.byteLength + payload.byteLength;

/**
 * One partition's segments and the file that is written. Knows how far it is durable, and keeps to one rule: nothing is ever written behind
 * a tail whose fate is uncertain. After a failed write or fdatasync the segment is cut back to its durable bytes, checked, and left; the
 * next group begins a new one.
 */
export class SegmentChain {
  readonly folder: string;
  readonly #settings: Settings;
  readonly #space: DiskSpace;
  /** Oldest first, each with something durable in it (but for a sole empty one, which says where to go on). */
  readonly segments: Segment[];
  #holes: Hole[];
  #nextSeq: number;
  #active: { segment: Segment; file: OpenFile; isListed: boolean } | undefined;
  #isUncertain = false;
  #isLastLeft = false;
  #damage: AppError | undefined;
  end: number;

  constructor(settings: Settings, partition: number, { segments, nextSeq, holes }: Recovered, space: DiskSpace) {
    this.folder = partitionFolder(settings.folder, partition);
    this.#settings = settings;
    this.#space = space;
    this.segments = segments;
    this.#nextSeq = nextSeq;
    this.#holes = holes;
    this.end = segments.at(-1)?.end ?? 0;
  }

  get start(): number {
    return this.segments[0]?.base ?? this.end;
  }

  get holes(): Hole[] {
    return this.#holes;
  }

  /** Forgets a segment that is gone from the disk. */
  dropOldest(): void {
    this.segments.shift();
    this.#holes = this.#holes.filter(({ to }) => to > this.start);
  }

  /** How many bytes a group that begins with an entry of `bytes` may have: what the written segment still takes, or a new one. */
  roomFor(bytes: number): number {
    const last = this.#active?.segment ?? (this.#isLastLeft ? undefined : this.segments.at(-1));
    const room = this.#settings.segmentBytes - (last?.bytes ?? 0);
    return room >= bytes ? room : this.#settings.segmentBytes;
  }

  /**
   * Writes the entries as one group and resolves to the offset of the first when all are durable. After an error none of them is in the
   * log, unless the process ends before {@link repair} has succeeded.
   */
  async write(entries: Entry[]): Promise<number> {
    if (this.#damage) throw this.#damage;
    if (this.#isUncertain) await this.repair();
    let bytes = 0;
    for (const entry of entries) bytes += bytesOf(entry);
    await this.#space.take(bytes);

    const active = await this.#segmentFor(bytes);
    const { segment, file } = active;
    const base = this.end;
    const chunks: Uint8Array[] = [];
    let end = base;
    for (const { header, payload, count } of entries) {
      stamp(header, end, segment.bytes, segment.salt);
      chunks.push(header, payload);
      end += count;
    }
    this.#isUncertain = true;
    await file.writev(chunks, segment.bytes);
    await file.datasync();
    if (!active.isListed) await this.#settings.files.syncDirectory(this.folder);
    this.#isUncertain = false;

    if (!active.isListed) this.segments.push(segment);
    active.isListed = true;
    segment.bytes += bytes;
    segment.end = end;
    for (const { observedUs } of entries) if (observedUs > segment.newestUs) segment.newestUs = observedUs;
    this.end = end;
    return base;
  }

  /** Takes what a failed write may have left back from the segment and leaves it. Nothing to do where none has failed. */
  async repair(): Promise<void> {
    const active = this.#active;
    if (!this.#isUncertain || !active) return;
    const { files, onProblem } = this.#settings;
    const { segment } = active;
    const path = `${this.folder}/${segment.name}`;
    await active.file.close().catch((error: unknown) => onProblem(`closing ${path} failed`, error));
    if (active.isListed) await this.#cutBack(path, segment);
    else await files.unlink(path).catch(ignoreAbsence);
    this.#active = undefined;
    this.#isLastLeft = active.isListed;
    this.#isUncertain = false;
  }

  /** Closes the file; in order, so that the next start knows that all of it was durable. */
  async close(): Promise<void> {
    if (this.#isUncertain) await this.repair();
    if (!this.#active) return;
    const { segment, file, isListed } = this.#active;
    this.#active = undefined;
    try {
      if (isListed) {
        await file.writev([markOf(this.end, segment.bytes, segment.salt)], segment.bytes);
        await file.datasync();
      }
    } finally {
      await file.close();
    }
  }

  async #segmentFor(bytes: number) {
    const { files, segmentBytes, onProblem } = this.#settings;
    const fits = (segment: Segment) => segment.bytes === 0 || segment.bytes + bytes <= segmentBytes;
    if (this.#active && fits(this.#active.segment)) return this.#active;
    const full = this.#active?.file;
    this.#active = undefined;
    await full?.close().catch((error: unknown) => onProblem(`closing a segment of ${this.folder} failed`, error));

    const last = this.segments.at(-1);
    if (last && !this.#isLastLeft && fits(last)) {
      const file = await files.open(`${this.folder}/${last.name}`, 'write');
      this.#active = { segment: last, file, isListed: true };
      return this.#active;
    }
    const name = segmentName(this.#nextSeq++, this.end);
    const file = await files.open(`${this.folder}/${name.name}`, 'create');
    this.#isLastLeft = false;
    this.#active = { segment: { ...name, end: name.base, bytes: 0, newestUs: 0 }, file, isListed: false };
    return this.#active;
  }

  /**
   * Truncates a segment to its durable bytes and reads them again. That the cut may itself not be durable does no harm: the base of the
   * next segment cuts as well.
   */
  async #cutBack(path: string, segment: Segment): Promise<void> {
    const { files, onProblem } = this.#settings;
    const file = await files.open(path, 'write');
    try {
      await file.truncate(segment.bytes);
      await file.datasync().catch((error: unknown) => onProblem(`cutting ${path} back may not be durable`, error));
      const { end, bytes } = await scanSegment(file, segment, undefined);
      if (end === segment.end && bytes === segment.bytes) return;
      this.#damage = new AppError('QUEUE_UNAVAILABLE', `${path} lost durable bytes after a disk error: start again, which sets them aside`);
      throw this.#damage;
    } finally {
      await file.close();
    }
  }
}

function ignoreAbsence(error: unknown): void {
  if (fileErrorCode(error) !== 'ENOENT') throw error;
}
