import type { FileSystem } from '../../../core/ports/file-system.ts';
import type { Hole, QueueBatch, QueueReader } from '../../../core/ports/queue.ts';
import type { DurableEnd } from './options.ts';
import { PartitionCursor } from './partition-cursor.ts';
import { partitionFolder } from './segment-name.ts';

export type SegmentReaderOptions = {
  /** The queue's folder. */
  folder: string;
  files: FileSystem;
  /** How far each partition is durable, from the queue; later ends come by {@link SegmentReader.advance}. @default nothing is */
  ends?: readonly DurableEnd[];
  /** Called when a read passes offsets that are not there (`corrupt`, or `expired` where retention was faster than the reader). */
  onHole?: (hole: Hole) => void;
  /** Whether a read may overwrite the payloads of the read before of the same partition, whose reader is then done with them. @default false */
  reuses?: boolean;
};

/** Reads the segments of a queue that may be in another thread, with descriptors of its own, up to where it was told they are durable. */
export class SegmentReader implements QueueReader {
  readonly #options: SegmentReaderOptions;
  readonly #partitions = new Map<number, { cursor: PartitionCursor; end: number; turn: Promise<unknown> }>();

  constructor(options: SegmentReaderOptions) {
    this.#options = options;
    for (const { partition, end } of options.ends ?? []) this.advance(partition, end);
  }

  /** Allows to read below `end`; an end below the one known is an old message and changes nothing. */
  advance(partition: number, end: number): void {
    const known = this.#partition(partition);
    if (end > known.end) known.end = end;
  }

  /**
   * Payloads are views of one buffer a read, which lives as long as any of them, or with `reuses` until the next read. Reading on where the read before ended costs two system
   * calls; any other offset has the headers of its segment walked through once.
   */
  async read(partition: number, offset: number, maxBytes: number): Promise<QueueBatch[]> {
    const known = this.#partition(partition);
    const turn = known.turn.then(() => known.cursor.read(offset, known.end, maxBytes));
    known.turn = turn.catch(() => {});
    return turn;
  }

  async close(): Promise<void> {
    for (const { cursor, turn } of this.#partitions.values()) {
      await turn;
      await cursor.close();
    }
  }

  #partition(partition: number) {
    let known = this.#partitions.get(partition);
    if (!known) {
      const { files, folder, onHole = () => {}, reuses } = this.#options;
      const cursor = new PartitionCursor(files, partitionFolder(folder, partition), partition, onHole, reuses);
      known = { cursor, end: 0, turn: Promise.resolve() };
      this.#partitions.set(partition, known);
    }
    return known;
  }
}

export function openSegmentReader(options: SegmentReaderOptions): SegmentReader {
  return new SegmentReader(options);
}
