import type { Item } from './make-records.ts';

/** One request's records as NDJSON, and the offset in each file behind the last of them. */
export type Batch = { seq: number; body: string; count: number; ends: Map<string, number> };

/** Collects records into batches of a number of records and about a size. */
export class Batcher {
  readonly #maxRecords: number;
  readonly #maxBytes: number;
  #items: Item[] = [];
  #bytes = 0;
  #seq = 0;

  constructor(maxRecords: number, maxBytes: number) {
    this.#maxRecords = maxRecords;
    this.#maxBytes = maxBytes;
  }

  /** Adds a record; gives a batch when that one fills it. */
  add(item: Item): Batch | undefined {
    const full = this.#bytes + item.json.length > this.#maxBytes ? this.flush() : undefined;
    this.#items.push(item);
    this.#bytes += item.json.length + 1;
    return full ?? (this.#items.length >= this.#maxRecords ? this.flush() : undefined);
  }

  /** The records so far, or nothing. */
  flush(): Batch | undefined {
    const items = this.#items;
    if (items.length === 0) return undefined;
    this.#items = [];
    this.#bytes = 0;
    const ends = new Map(items.map(({ file, end }) => [file, end]));
    return { seq: this.#seq++, body: items.map(({ json }) => json).join('\n'), count: items.length, ends };
  }
}
