import { AppError } from '../../core/errors.ts';
import { idOf } from '../../core/ids.ts';
import type { QueueBatch } from '../../core/ports/queue.ts';
import type { StateStore, Versioned } from '../../core/ports/state-store.ts';
import type { StoredRecord } from '../../core/record.ts';
import type { Processing } from './types.ts';

export type ParsedDeps = {
  state: StateStore;
  processing: Processing;
  /** Hands processed records on, in their order. @throws AppError QUEUE_UNAVAILABLE */
  publish(records: readonly StoredRecord[]): Promise<void>;
};

type Progress = { next: number };

/**
 * Brings one partition of the log to `logs.parsed`, from the oldest record that the log has when it is first switched on. At least once: what was published and not
 * noted is published again, with the same ids. What is dropped or dead is not published, and no ledger counts what is.
 */
export class ParsedDelivery {
  readonly #deps: ParsedDeps;
  readonly #key: string;
  #known: Versioned<Progress> | undefined;

  constructor(deps: ParsedDeps, generation: number, partition: number) {
    this.#deps = deps;
    this.#key = `parsed/${generation}/${partition}`;
  }

  /** The next offset that is wanted. */
  async position(): Promise<number> {
    this.#known = await this.#deps.state.get<Progress>(this.#key, this.#known);
    return this.#known?.value.next ?? 0;
  }

  /** Resolves to how many records were published. @throws AppError QUEUE_UNAVAILABLE, CONFLICT where another is at it */
  async deliver(batches: readonly QueueBatch[]): Promise<number> {
    const next = await this.position();
    const records: StoredRecord[] = [];
    for (const batch of batches) if (batch.baseOffset + batch.count > next) records.push(...(await this.#processed(batch, next)));
    const last = batches.at(-1);
    const end = last ? last.baseOffset + last.count : next;
    if (end <= next) return 0;
    await this.#deps.publish(records);
    const value = { next: end };
    const version = await this.#deps.state.compareAndSet(this.#key, this.#known?.version ?? 0, value);
    if (version === undefined) {
      this.#known = undefined;
      throw new AppError('CONFLICT', `another publishes the same records (${this.#key})`, { retryAfterS: 1 });
    }
    this.#known = { value, version };
    return records.length;
  }

  async #processed(batch: QueueBatch, next: number): Promise<StoredRecord[]> {
    const { processing } = this.#deps;
    const { tenant, generation, partition } = batch;
    const process = await processing.processOf(batch.rulesVersion);
    return processing.decode(batch).flatMap((item) => {
      if ('fault' in item || item.offset < next) return [];
      const position = { generation, partition, offset: item.offset };
      try {
        const outcome = process(item.record, { tenant, position });
        if (outcome.kind !== 'keep') return [];
        return [{ ...outcome.record, ...position, tenant, id: outcome.record.client_id ?? idOf(position) }];
      } catch {
        // A step that fails makes a dead letter in the other sinks.
        return [];
      }
    });
  }
}
