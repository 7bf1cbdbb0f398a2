import { AppError } from '../../../core/errors.ts';
import { fileErrorCode } from '../../../core/ports/file-system.ts';
import type { Appended, RawBatch } from '../../../core/ports/queue.ts';
import { diskFull } from './disk-space.ts';
import { headerOf } from './frame.ts';
import type { KnownRequests } from './known-requests.ts';
import { maxGroupBytes, type Settings } from './options.ts';
import { bytesOf, type Entry, type SegmentChain } from './segment-chain.ts';

/** What all partitions of a queue share. */
export type Load = { pendingBytes: number; logBytes: number };

type Waiting = Entry & { batch: RawBatch; resolve: (appended: Appended) => void; reject: (error: AppError) => void };

/** After a failed group appends are refused for this long, so that a full or broken disk is not asked for each request. */
const restMs = 250;

/** Commits one partition's appends in groups: what arrives while one group is on its way to the disk is the next group. */
export class PartitionWriter {
  readonly #settings: Settings;
  readonly #partition: number;
  readonly #chain: SegmentChain;
  readonly #known: KnownRequests;
  readonly #load: Load;
  readonly #onGroup: () => void;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #refusal: { error: AppError; untilMs: number } | undefined;

  constructor(settings: Settings, partition: number, chain: SegmentChain, known: KnownRequests, load: Load, onGroup: () => void) {
    this.#settings = settings;
    this.#partition = partition;
    this.#chain = chain;
    this.#known = known;
    this.#load = load;
    this.#onGroup = onGroup;
  }

  append(batch: RawBatch): Promise<Appended> {
    const { clock, generation, maxPendingBytes, maxBytes } = this.#settings;
    if (this.#refusal && clock.monotonicMs() < this.#refusal.untilMs) throw this.#refusal.error;
    const header = headerOf(batch, generation);
    const { payload, count, observedUs } = batch;
    const bytes = header.byteLength + payload.byteLength;
    if (this.#load.pendingBytes > 0 && this.#load.pendingBytes + bytes > maxPendingBytes) {
      throw unavailable('more is waiting for the disk than may: send it again in a moment');
    }
    if (this.#load.logBytes + this.#load.pendingBytes + bytes > maxBytes) {
      throw unavailable(`the log holds its ${maxBytes} bytes and the stores are behind: send it again when they have caught up`);
    }
    this.#load.pendingBytes += bytes;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ header, payload, count, observedUs, batch, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing waits any more. */
  async drain(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#nextGroup();
      let base: number;
      try {
        base = await this.#chain.write(group);
      } catch (error) {
        await this.#fail(group, error);
        continue;
      }
      this.#commit(group, base);
    }
    this.#running = undefined;
  }

  /** Takes as many as make a group and fit into the segment, but at least one. */
  #nextGroup(): Waiting[] {
    const limit = Math.min(maxGroupBytes, this.#chain.roomFor(bytesOf(this.#waiting[0]!)));
    let count = 0;
    for (let bytes = 0; count < this.#waiting.length; count++) {
      bytes += bytesOf(this.#waiting[count]!);
      if (count > 0 && bytes > limit) break;
    }
    return this.#waiting.splice(0, count);
  }

  #commit(group: Waiting[], base: number): void {
    const { generation, onDurable } = this.#settings;
    const partition = this.#partition;
    const appended: Appended[] = [];
    let baseOffset = base;
    for (const { batch, count } of group) {
      appended.push({ generation, partition, runs: [[baseOffset, baseOffset + count]], count });
      if (batch.idempotency) this.#known.add({ ...batch, generation, partition, baseOffset });
      baseOffset += count;
    }
    this.#settle(group);
    for (const entry of group) this.#load.logBytes += bytesOf(entry);
    this.#refusal = undefined;
    onDurable({ partition, end: this.#chain.end });
    for (const [index, { resolve }] of group.entries()) resolve(appended[index]!);
    this.#onGroup();
  }

  async #fail(group: Waiting[], cause: unknown): Promise<void> {
    const { folder, clock, onProblem } = this.#settings;
    let error: AppError;
    try {
      await this.#chain.repair();
      error = refusalOf(cause, folder);
    } catch (repairError) {
      onProblem(`the log of partition ${this.#partition} could not be brought back to what is durable`, repairError);
      error = refusalOf(repairError instanceof AppError ? repairError : undefined, folder);
    }
    const refused = error.code === 'DISK_FULL' ? [...group, ...this.#waiting.splice(0)] : group;
    this.#settle(refused);
    this.#refusal = { error, untilMs: clock.monotonicMs() + restMs };
    for (const { reject } of refused) reject(error);
  }

  #settle(entries: Waiting[]): void {
    for (const entry of entries) this.#load.pendingBytes -= bytesOf(entry);
  }
}

function refusalOf(cause: unknown, folder: string): AppError {
  if (cause instanceof AppError) return cause;
  const code = fileErrorCode(cause);
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(folder, cause);
  return unavailable(`the disk under ${folder} failed, and it is not known whether this request was kept: send it again`, cause);
}

function unavailable(detail: string, cause?: unknown): AppError {
  return new AppError('QUEUE_UNAVAILABLE', detail, { retryAfterS: 1, ...(cause === undefined ? {} : { cause }) });
}
