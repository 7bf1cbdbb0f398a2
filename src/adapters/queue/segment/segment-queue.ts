import { AppError } from '../../../core/errors.ts';
import { maxPartitions } from '../../../core/ids.ts';
import { makeDirectories } from '../../../core/ports/file-system.ts';
import type { Appended, Hole, KnownRequest, PartitionRange, Queue, RawBatch } from '../../../core/ports/queue.ts';
import { DiskSpace } from './disk-space.ts';
import { lockFolder } from './folder-lock.ts';
import { KnownRequests } from './known-requests.ts';
import { type DurableEnd, type SegmentQueueOptions, type Settings, settingsOf } from './options.ts';
import { type Load, PartitionWriter } from './partition-writer.ts';
import { recoverPartition } from './recover.ts';
import { Retention } from './retention.ts';
import { SegmentChain } from './segment-chain.ts';
import { partitionFolder } from './segment-name.ts';

type Partition = { chain: SegmentChain; known: KnownRequests; writer: PartitionWriter; retention: Retention };

/** What the queue holds now, for metrics. */
export type SegmentQueueStats = { logBytes: number; pendingBytes: number; segments: number };

/** The queue of one process in a folder of segment files. Format, guarantees and limits: README.md of this folder. */
export class SegmentQueue implements Queue {
  readonly partitions: number;
  readonly generation: number;
  readonly #all: Partition[];
  readonly #load: Load;
  readonly #settings: Settings;
  readonly #unlock: () => Promise<void>;
  #closing: Promise<void> | undefined;

  constructor(settings: Settings, all: Partition[], load: Load, unlock: () => Promise<void>) {
    this.partitions = settings.partitions;
    this.generation = settings.generation;
    this.#settings = settings;
    this.#all = all;
    this.#load = load;
    this.#unlock = unlock;
  }

  /** Appends one request's records. The payload must not change before the answer. */
  async append(partition: number, batch: RawBatch): Promise<Appended> {
    if (this.#closing) throw new AppError('SHUTTING_DOWN', 'the queue takes no more records: send the request again to the next process');
    return this.#at(partition).writer.append(batch);
  }

  async find(tenant: string, key: string): Promise<KnownRequest | undefined> {
    for (const { known } of this.#all) {
      const found = known.find(tenant, key);
      if (found) return found;
    }
    return undefined;
  }

  async ranges(): Promise<PartitionRange[]> {
    return this.#all.map(({ chain }, partition) => ({ partition, start: chain.start, end: chain.end }));
  }

  async holes(): Promise<Hole[]> {
    return this.#all.flatMap(({ chain }) => chain.holes);
  }

  async release(partition: number, offset: number): Promise<void> {
    await this.#at(partition).retention.release(offset);
  }

  /** How far each partition may be read. */
  durableEnds(): DurableEnd[] {
    return this.#all.map(({ chain }, partition) => ({ partition, end: chain.end }));
  }

  stats(): SegmentQueueStats {
    return { ...this.#load, segments: this.#all.reduce((sum, { chain }) => sum + chain.segments.length, 0) };
  }

  /** Refuses new appends, waits for those under way, and gives the folder back. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const { writer, retention, chain } of this.#all) {
      await writer.drain();
      await retention.apply().catch((error: unknown) => this.#settings.onProblem('old segments could not be removed', error));
      await chain.close().catch((error: unknown) => this.#settings.onProblem(`closing ${chain.folder} failed`, error));
    }
    await this.#unlock();
  }

  #at(partition: number): Partition {
    const found = this.#all[partition];
    if (!found) throw new AppError('INTERNAL', `there is no partition ${partition}: the queue has ${this.partitions}`);
    return found;
  }
}

/**
 * Opens the queue in its folder: takes the folder's lock, checks every frame, cuts what is torn, names what is lost.
 * @throws AppError QUEUE_UNAVAILABLE when another process has the folder, INVALID_CONFIG
 */
export async function openSegmentQueue(options: SegmentQueueOptions): Promise<SegmentQueue> {
  const settings = settingsOf(options);
  check(settings);
  const { files, folder, clock, partitions } = settings;
  await makeDirectories(files, folder);
  const unlock = await lockFolder(files, folder);
  try {
    const load: Load = { pendingBytes: 0, logBytes: 0 };
    const space = new DiskSpace(files, folder, settings.minFreeBytes, clock);
    const all: Partition[] = [];
    for (let partition = 0; partition < partitions; partition++) all.push(await openPartition(settings, partition, load, space));
    return new SegmentQueue(settings, all, load, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function openPartition(settings: Settings, partition: number, load: Load, space: DiskSpace): Promise<Partition> {
  const { files, clock, partitions, maxKnownRequests, onProblem } = settings;
  const folder = partitionFolder(settings.folder, partition);
  await makeDirectories(files, folder);
  const known = new KnownRequests(clock, partition, Math.ceil(maxKnownRequests / partitions));
  const keysFiles = await known.loadAll(files, folder);
  const recovered = await recoverPartition(settings, partition, (batch) => known.add(batch));
  for (const { bytes } of recovered.segments) load.logBytes += bytes;
  const chain = new SegmentChain(settings, partition, recovered, space);
  const retention = new Retention(settings, chain, known, load, keysFiles);
  const writer = new PartitionWriter(settings, partition, chain, known, load, () => {
    retention.applyIfDue().catch((error: unknown) => onProblem(`old segments of ${folder} could not be removed`, error));
  });
  return { chain, known, writer, retention };
}

function check({ partitions, segmentBytes, maxBytes }: Settings): void {
  const fault = (detail: string) => new AppError('INVALID_CONFIG', detail);
  if (!(partitions >= 1 && partitions <= maxPartitions)) throw fault(`queue.partitions is ${partitions}: give 1 to ${maxPartitions}`);
  if (!(segmentBytes >= 1 && segmentBytes <= 2 ** 30)) throw fault(`the queue's segment size is ${segmentBytes}: give 1 byte to 1 GiB`);
  if (maxBytes < 2 * partitions * segmentBytes) {
    throw fault(`the queue's bound is ${maxBytes} bytes: give at least two segments a partition, ${2 * partitions * segmentBytes}`);
  }
}
