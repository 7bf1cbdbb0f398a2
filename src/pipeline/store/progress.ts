import { type Intervals, intersect, noOffsets, subtract, union } from '../../core/intervals.ts';
import type { DropReason } from '../../core/record.ts';
import { entriesOf, type PartitionHead } from '../../core/warm/progress.ts';
import type { Archive } from '../archive.ts';
import type { SinkCounts } from '../store-api.ts';
import type { OpenBatch } from './open-batch.ts';

export type SinkSets = { done: Intervals; dropped: Intervals; dead: Intervals };

/** A sink as its account is read. */
export type AccountedSink = { readonly open: OpenBatch[]; readonly end: number };

/**
 * The account of one partition, for both stores. Warm is what the head has committed; hot is that and the batches whose rows are in memory.
 * Which batches are open is asked first and the head after, so that nothing is missing from both.
 */
export class PartitionProgress {
  readonly generation: number;
  readonly partition: number;
  readonly #archive: Archive;
  readonly #sink: AccountedSink;

  constructor(generation: number, partition: number, archive: Archive, sink: AccountedSink) {
    this.generation = generation;
    this.partition = partition;
    this.#archive = archive;
    this.#sink = sink;
  }

  /** The batches whose rows are in memory only, oldest first. */
  get open(): OpenBatch[] {
    return this.#sink.open;
  }

  /** Offsets that are closed durably. */
  async closed(): Promise<Intervals> {
    return (await this.#head()).closed;
  }

  /** Whether no offset of the set is open in the sink. */
  async isClosed(offsets: Intervals, sink: 'hot' | 'warm'): Promise<boolean> {
    const open = sink === 'hot' ? this.#sink.open : [];
    const head = await this.#head();
    const left = subtract(offsets, head.closed);
    return open.reduce((rest, batch) => subtract(rest, batch.closed), left).length === 0;
  }

  /** What became of some offsets, for both stores. */
  async sets(offsets: Intervals): Promise<{ hot: SinkSets; warm: SinkSets }> {
    const open = this.#sink.open;
    const { done, dropped, dead, open: left } = await this.#archive.status(this.generation, this.partition, offsets);
    const warm = { done, dropped: all(dropped), dead };
    const hot = { ...warm };
    for (const batch of open) {
      const here = intersect(left, batch.closed);
      if (here.length === 0) continue;
      hot.done = union(hot.done, intersect(here, batch.done));
      hot.dropped = union(hot.dropped, intersect(here, all(batch.dropped)));
      hot.dead = union(hot.dead, intersect(here, batch.dead));
    }
    return { hot, warm };
  }

  /** The counts over all offsets that the log has given. */
  async counts(): Promise<{ end: number; hot: SinkCounts; warm: SinkCounts }> {
    const { open, end } = this.#sink;
    const head = await this.#head();
    const warm = withRest(end, { done: head.counts.done, dead: head.counts.dead, dropped: { ...head.counts.dropped } });
    const hot = { done: head.counts.done, dead: head.counts.dead, dropped: { ...head.counts.dropped } };
    for (const batch of open) {
      const fresh = (set: Intervals) => count(subtract(set, head.closed));
      hot.done += fresh(batch.done);
      hot.dead += fresh(batch.dead);
      for (const [reason, set] of entriesOf(batch.dropped)) hot.dropped[reason] = (hot.dropped[reason] ?? 0) + fresh(set);
    }
    return { end, hot: withRest(end, hot), warm };
  }

  /** Observed time of the oldest record that is not committed, epoch microseconds, where one was read. */
  get oldestOpenUs(): number | undefined {
    return this.#sink.open[0]?.firstObservedUs;
  }

  #head(): Promise<PartitionHead> {
    return this.#archive.head(this.generation, this.partition);
  }
}

const count = (set: Intervals): number => set.reduce((sum, [from, to]) => sum + to - from, 0);
const all = (dropped: Partial<Record<DropReason, Intervals>>): Intervals =>
  entriesOf(dropped).reduce((sum, [, set]) => union(sum, set), noOffsets);

function withRest(end: number, counts: Omit<SinkCounts, 'in_flight'>): SinkCounts {
  const closed = counts.done + counts.dead + Object.values(counts.dropped).reduce((sum, n) => sum + n, 0);
  return { ...counts, in_flight: end - closed };
}
