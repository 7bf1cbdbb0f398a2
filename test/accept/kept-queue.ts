import type { Appended, Hole, KnownRequest, PartitionRange, Queue, QueueBatch, RawBatch } from '../../src/core/ports/queue.ts';

/** A queue that keeps what is appended in memory, for tests and benchmarks of what comes before it. Forgets no idempotency key. */
export class KeptQueue implements Queue {
  readonly partitions: number;
  readonly generation = 1;
  readonly batches: QueueBatch[] = [];
  /** Thrown by the next append, which then appends nothing. */
  failure: Error | undefined;
  /** When set, appends wait for it. */
  gate: Promise<void> | undefined;
  readonly #ends: number[];
  readonly #known = new Map<string, KnownRequest>();
  readonly #keeps: boolean;

  constructor(partitions = 1, keeps = true) {
    this.partitions = partitions;
    this.#keeps = keeps;
    this.#ends = Array<number>(partitions).fill(0);
  }

  async append(partition: number, batch: RawBatch): Promise<Appended> {
    const { failure } = this;
    this.failure = undefined;
    if (failure) throw failure;
    await this.gate;
    const { generation } = this;
    const baseOffset = this.#ends[partition]!;
    this.#ends[partition]! += batch.count;
    const runs: [number, number][] = [[baseOffset, this.#ends[partition]!]];
    const appended = { generation, partition, runs, count: batch.count };
    if (this.#keeps) this.batches.push({ ...batch, generation, partition, baseOffset });
    const { idempotency, tenant, total, accepted } = batch;
    if (idempotency) this.#known.set(`${tenant}\0${idempotency.key}`, { ...appended, bodyHmac: idempotency.bodyHmac, total, accepted });
    return appended;
  }

  async find(tenant: string, key: string): Promise<KnownRequest | undefined> {
    return this.#known.get(`${tenant}\0${key}`);
  }

  async ranges(): Promise<PartitionRange[]> {
    return this.#ends.map((end, partition) => ({ partition, start: 0, end }));
  }

  async holes(): Promise<Hole[]> {
    return [];
  }

  async release(): Promise<void> {}

  async close(): Promise<void> {}
}
