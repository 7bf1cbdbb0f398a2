/**
 * What is left of a process that died at work: the offsets it was working on, and how often it died there. Kept where a crash of the
 * process does not reach (a file's page cache is enough: losing it in a power cut costs one more attempt, no record).
 */
export interface PoisonMarker {
  read(partition: number): { offset: number; count: number; attempts: number } | undefined;
  write(partition: number, mark: { offset: number; count: number; attempts: number } | undefined): void;
}

/** After so many deaths on the same offsets they are worked on one record at a time. */
export const singleAfter = 5;
/** After so many deaths on the same record it is set aside. */
export const deadAfter = 8;

export type Attempt = {
  attempts: number;
  /** Whether each record is to be marked on its own. */
  single: boolean;
  /** Whether this record has killed the process too often. */
  crashed(offset: number): boolean;
};

/** Counts how often the process died while it worked on the same offsets of a partition. */
export class PoisonWatch {
  readonly #marker: PoisonMarker;
  readonly #found = new Map<number, { offset: number; count: number; attempts: number }>();
  readonly #current = new Map<number, number>();

  constructor(marker: PoisonMarker, partitions: number) {
    this.#marker = marker;
    for (let partition = 0; partition < partitions; partition++) {
      const mark = marker.read(partition);
      if (mark) this.#found.set(partition, mark);
    }
  }

  /** Marks a batch as being worked on. */
  begin(partition: number, offset: number, count: number): Attempt {
    const found = this.#found.get(partition);
    const overlaps = found !== undefined && found.offset < offset + count && offset < found.offset + found.count;
    const attempts = overlaps ? found.attempts + 1 : 1;
    this.#current.set(partition, attempts);
    const single = attempts > singleAfter;
    const known = found;
    if (!single) this.#marker.write(partition, { offset, count, attempts });
    return {
      attempts,
      single,
      crashed: (at) => attempts > deadAfter && known !== undefined && known.count === 1 && known.offset === at,
    };
  }

  /** Marks one record of the batch as being worked on. */
  beginOne(partition: number, offset: number): void {
    const found = this.#found.get(partition);
    const isKnown = found?.offset === offset && found.count === 1;
    const attempts = isKnown || found?.count !== 1 ? (this.#current.get(partition) ?? 1) : singleAfter + 1;
    this.#marker.write(partition, { offset, count: 1, attempts });
  }

  /** The batch passed: nothing is being worked on. */
  end(partition: number): void {
    this.#found.delete(partition);
    this.#current.delete(partition);
    this.#marker.write(partition, undefined);
  }
}
