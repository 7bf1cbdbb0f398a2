import type { Plant } from './plants.ts';

const root = '../../src';
const lateMs = 40;

/**
 * Loaded before the host, in each of its threads, when the environment names a bug to plant: the host's own classes are changed from outside,
 * so that no product code knows of it.
 */
const planters: Record<Plant, () => Promise<void>> = {
  async 'ack-before-durable'() {
    const { SegmentQueue } = await import(`${root}/adapters/queue/segment/segment-queue.ts`);
    const append = SegmentQueue.prototype.append;
    const next = new Map<number, number>();
    SegmentQueue.prototype.append = async function (partition: number, batch: { count: number }) {
      const baseOffset = next.get(partition) ?? this.durableEnds()[partition].end;
      next.set(partition, baseOffset + batch.count);
      setTimeout(() => void append.call(this, partition, batch), lateMs);
      return { generation: this.generation, partition, runs: [[baseOffset, baseOffset + batch.count]], count: batch.count };
    };
  },
  async 'keys-forgotten'() {
    const { SegmentQueue } = await import(`${root}/adapters/queue/segment/segment-queue.ts`);
    SegmentQueue.prototype.find = async () => undefined;
  },
  async 'commit-before-file'() {
    const { FolderWarmStore } = await import(`${root}/adapters/warm/folder/folder-warm-store.ts`);
    const putIfAbsent = FolderWarmStore.prototype.putIfAbsent;
    FolderWarmStore.prototype.putIfAbsent = async function (...given: unknown[]) {
      setTimeout(() => void putIfAbsent.apply(this, given), lateMs);
      return true;
    };
  },
  async 'client-ids-unchecked'() {
    const { StoreSearch } = await import(`${root}/pipeline/store/search.ts`);
    StoreSearch.prototype.committedIds = async () => new Set();
  },
  async 'sealing-hidden'() {
    const { Sink } = await import(`${root}/pipeline/store/sink.ts`);
    const { SourceFinder } = await import(`${root}/pipeline/store/sources.ts`);
    const open = Object.getOwnPropertyDescriptor(Sink.prototype, 'open')!.get!;
    const add = SourceFinder.prototype.add;
    SourceFinder.prototype.add = function ({ partition, sink }: { partition: number; sink: object }) {
      const hiding = new Proxy(sink, {
        get: (target, name) => (name === 'open' ? open.call(target).slice(1) : Reflect.get(target, name, target)),
      });
      add.call(this, { partition, sink: hiding });
    };
  },
};

await planters[process.env.CHAOS_PLANT as Plant]();
