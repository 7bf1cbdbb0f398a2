import type { BatchRecords, Decoded } from '../records-of.ts';
import { type ClientIds, idsIn, type TakenIds } from './client-ids.ts';

const nothing: TakenIds = { has: () => false, end: () => {} };

/** The records of a batch as they are decoded; from the first with a client's own id on all at once, so that their ids are asked for at once. */
export class BatchItems {
  readonly #records: BatchRecords;
  readonly #clientIds: ClientIds;
  #rest: { from: number; items: Decoded[] } | undefined;
  /** Tells of the ids of the records from that one on. */
  taken: TakenIds = nothing;

  constructor(records: BatchRecords, clientIds: ClientIds) {
    this.#records = records;
    this.#clientIds = clientIds;
  }

  /** Whether a record with a client's id was found. */
  get hasIds(): boolean {
    return this.#rest !== undefined;
  }

  at(index: number): Decoded {
    return this.#rest ? this.#rest.items[index - this.#rest.from]! : this.#records.at(index);
  }

  /** To be awaited before a record is judged that is the first with an id; then nothing may be awaited before it is closed. */
  askIds(index: number, item: Decoded): Promise<void> | undefined {
    if (this.#rest || !('record' in item) || item.record.client_id === undefined) return undefined;
    this.#rest = { from: index, items: [item, ...this.#records.from(index + 1)] };
    return this.#ask(this.#rest.items);
  }

  async #ask(items: Decoded[]): Promise<void> {
    this.taken = await this.#clientIds.taken(this.#records.lines.tenant, idsIn(items));
  }
}
