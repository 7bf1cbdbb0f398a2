import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '../../../core/backoff.ts';
import { AppError } from '../../../core/errors.ts';
import type { QueueBatch, QueueReader } from '../../../core/ports/queue.ts';
import type { KafkaConnection } from './connection.ts';
import { KafkaClient, typeOf } from './kafka-client.ts';
import { batchesOf } from './wire.ts';

export type KafkaReaderOptions = KafkaConnection & {
  topic: string;
  partitions: number;
  generation: number;
  /** A read that has not come through after this long fails. @default 10 s */
  budgetMs?: number;
  /** Told whenever a partition is seen to end further on: what lies below can be read. */
  onEnd?: (partition: number, end: number) => void;
  /** How often ends are asked for, where `onEnd` is given. @default 200 ms */
  pollMs?: number;
  /** Called when ends cannot be asked for; it is tried again. */
  onProblem?: (what: string, cause: unknown) => void;
};

const pause = { baseMs: 50, maxMs: 1_000 };

/**
 * Reads partitions by single fetches: no group, no commits, nothing to rebalance; progress is the sinks' own. What a fetch brings beyond what was
 * asked for is kept for the next read, one fetch a partition at most.
 */
export class KafkaReader implements QueueReader {
  readonly #options: KafkaReaderOptions;
  readonly #client: KafkaClient;
  readonly #rest = new Map<number, QueueBatch[]>();
  readonly #ends = new Map<number, number>();
  readonly #closing = new AbortController();
  readonly #following: Promise<void> | undefined;

  constructor(options: KafkaReaderOptions) {
    this.#options = options;
    this.#client = new KafkaClient(options, options.topic);
    if (options.onEnd) this.#following = this.#follow();
  }

  /** @throws AppError QUEUE_UNAVAILABLE when no broker answers, SHUTTING_DOWN */
  async read(partition: number, offset: number, maxBytes: number): Promise<QueueBatch[]> {
    const batches = this.#takeRest(partition, offset) ?? (await this.#fetch(partition, offset, maxBytes));
    let bytes = 0;
    let count = 0;
    for (; count < batches.length; count++) {
      bytes += batches[count]!.payload.byteLength;
      if (count > 0 && bytes > maxBytes) break;
    }
    if (count < batches.length) this.#rest.set(partition, batches.slice(count));
    return batches.slice(0, count);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#following;
    await this.#client.close();
  }

  /** What was fetched before, where it goes on at this offset. */
  #takeRest(partition: number, offset: number): QueueBatch[] | undefined {
    const rest = this.#rest.get(partition);
    this.#rest.delete(partition);
    return rest?.[0]?.baseOffset === offset ? rest : undefined;
  }

  async #fetch(partition: number, offset: number, maxBytes: number): Promise<QueueBatch[]> {
    const { generation } = this.#options;
    let from = offset;
    for (;;) {
      const fetched = await this.#retried(partition, from, maxBytes);
      if (fetched === 'out of range') {
        const [range] = await this.#client.ranges([partition]);
        if (from >= range!.start) return [];
        from = range!.start;
        continue;
      }
      const { messages, next, end } = fetched;
      this.#tell(partition, end);
      const batches = batchesOf(partition, generation, messages).filter(({ baseOffset, count }) => baseOffset + count > from);
      if (batches.length > 0 || next === from) return batches;
      from = next;
    }
  }

  async #retried(partition: number, offset: number, maxBytes: number) {
    const { budgetMs = 10_000, topic } = this.#options;
    const deadlineMs = performance.now() + budgetMs;
    for (let attempt = 0; ; attempt++) {
      if (this.#closing.signal.aborted) throw new AppError('SHUTTING_DOWN', 'the reader is closed');
      try {
        return await this.#client.fetch(partition, offset, Math.max(1, maxBytes));
      } catch (cause) {
        if (typeOf(cause) === 'OFFSET_OUT_OF_RANGE') return 'out of range' as const;
        const pauseMs = backoffMs(attempt, pause);
        if (performance.now() + pauseMs > deadlineMs) {
          throw new AppError('QUEUE_UNAVAILABLE', `partition ${partition} of ${topic} cannot be read now`, { retryAfterS: 1, cause });
        }
        await delay(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => {}); // closing ends the pause
      }
    }
  }

  async #follow(): Promise<void> {
    const { partitions, pollMs = 200, onProblem } = this.#options;
    const all = Array.from({ length: partitions }, (_, partition) => partition);
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        for (const [partition, end] of await this.#client.ends(all)) this.#tell(partition, end);
      } catch (error) {
        if (!signal.aborted) onProblem?.('the ends of the partitions could not be asked for', error);
      }
      await delay(pollMs, undefined, { signal }).catch(() => {}); // closing ends the pause
    }
  }

  #tell(partition: number, end: number): void {
    if (end <= (this.#ends.get(partition) ?? -1)) return;
    this.#ends.set(partition, end);
    this.#options.onEnd?.(partition, end);
  }
}
