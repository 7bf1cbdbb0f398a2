import type { PageCache } from '../../columnar/page-cache.ts';
import { openPart, type Part } from '../../columnar/part.ts';
import type { SourceRef } from '../../columnar/search.ts';
import { AppError } from '../../core/errors.ts';
import { noOffsets, sameIntervals, subtract } from '../../core/intervals.ts';
import type { WarmStore } from '../../core/ports/warm-store.ts';
import type { PartitionHead } from '../../core/warm/progress.ts';
import type { Snapshot, TimeRange } from '../../query/plan.ts';
import type { Catalogue, ListedFile } from '../catalogue.ts';
import type { OpenBatch } from './open-batch.ts';

/** A sink as its readers see it. */
export type ReadableSink = { readonly cursor: number; readonly open: OpenBatch[] };

/** `formerEnd`: where the partition ended in former generations of the queue; what stands below is there to be seen, whatever the new log's cursor. */
export type SourcePartition = { partition: number; sink: ReadableSink; formerEnd?: number };

export type SourcesDeps = {
  catalogue: Catalogue;
  warm: WarmStore;
  cache: PageCache;
  generation: number;
  /** How many opened files are kept, by last use. */
  maxOpenParts: number;
};

/**
 * Everything one query has to look at: each position is in exactly one of these, whatever is committed meanwhile. Without tables nothing is visible
 * that is not in a file, and there is no snapshot.
 */
export type Sources = { tables: SourceRef[]; files: ListedFile[]; snapshot: Snapshot | undefined };

type OpenFile = { part: Promise<Part>; users: number };

/**
 * Finds what a query has to read. The tables are taken before the catalogue: a batch that is committed in between is then in both, and its
 * rows are left to the file, since the table answers only for positions that the catalogue's view does not close.
 */
export class SourceFinder {
  readonly #deps: SourcesDeps;
  readonly #parts = new Map<string, OpenFile>();
  readonly #sinks: SourcePartition[] = [];

  constructor(deps: SourcesDeps) {
    this.#deps = deps;
  }

  /** Adds a partition whose rows in memory are to be found. */
  add(partition: SourcePartition): void {
    this.#sinks.push(partition);
  }

  /** Offsets below which records are visible now. */
  snapshot(): Snapshot {
    return Object.fromEntries(this.#sinks.map(({ partition, sink, formerEnd = 0 }) => [partition, Math.max(sink.cursor, formerEnd)]));
  }

  async find(tenant: string, time: TimeRange): Promise<Sources> {
    const { catalogue, generation } = this.#deps;
    for (;;) {
      const snapshot = this.#sinks.length > 0 ? this.snapshot() : undefined;
      const batches = this.#sinks.flatMap(({ partition, sink }) => sink.open.map((batch) => ({ partition, batch })));
      const { files, partitions } = await catalogue.snapshot(tenant, time);
      // A batch may have been committed after its head was read, and compacted before the tenant's was: it would be in a file and in a table.
      if (batches.length > 0 && !haveSameClosed(partitions, await catalogue.partitions())) continue;
      const tables = batches.flatMap(({ partition, batch }): SourceRef[] => {
        if (batch.table.rows === 0) return [];
        const closed = partitions.find((head) => head.partition === partition && head.generation === generation)?.closed ?? noOffsets;
        const done = batch.done;
        const left = subtract(done, closed);
        if (left.length === 0) return [];
        return [
          sameIntervals(left, done) ? { source: batch.table } : { source: batch.table, only: [{ generation, partition, offsets: left }] },
        ];
      });
      return { tables, files, snapshot };
    }
  }

  /** Opens the files of a query for as long as `use` takes; afterwards they are kept open for the next one, by last use. */
  async withFiles<T>(files: Sources['files'], use: (refs: SourceRef[]) => Promise<T>): Promise<T> {
    const entries = files.map(({ file }) => this.#lease(file));
    try {
      const refs = await Promise.all(
        entries.map(async (entry, i): Promise<SourceRef> => {
          const { only, time } = files[i]!;
          return { source: await entry.part, ...(only ? { only } : {}), ...(time ? { time } : {}) };
        }),
      );
      return await use(refs);
    } finally {
      for (const entry of entries) entry.users--;
      this.#evict(this.#deps.maxOpenParts);
    }
  }

  /** How many files there are over all tenants. */
  async fileCount(): Promise<number> {
    const { catalogue } = this.#deps;
    const level0 = (await catalogue.partitions()).reduce((total, { files }) => total + files.length, 0);
    const days = await Promise.all((await catalogue.tenants()).map(({ tenant, days: names }) => catalogue.days(tenant, names)));
    return level0 + days.flat().reduce((total, { files }) => total + files.length, 0);
  }

  close(): void {
    this.#evict(0);
  }

  #lease(name: string): OpenFile {
    const known = this.#parts.get(name);
    this.#parts.delete(name);
    const entry = known ?? { part: this.#openPart(name), users: 0 };
    entry.users++;
    this.#parts.set(name, entry);
    return entry;
  }

  async #openPart(name: string): Promise<Part> {
    try {
      return await openPart(await this.#deps.warm.open(name), this.#deps.cache);
    } catch (error) {
      this.#parts.delete(name);
      if (!(error instanceof AppError) || error.code !== 'NOT_FOUND') throw error;
      throw new AppError('STORE_UNAVAILABLE', `the file ${name} is listed and is not there: restore it`, { cause: error });
    }
  }

  #evict(keep: number): void {
    for (const [name, { part, users }] of this.#parts) {
      if (this.#parts.size <= keep) return;
      if (users > 0) continue;
      this.#parts.delete(name);
      void part.then((opened) => opened.close());
    }
  }
}

const haveSameClosed = (a: PartitionHead[], b: PartitionHead[]): boolean =>
  a.length === b.length && a.every(({ closed }, i) => sameIntervals(closed, b[i]!.closed));
