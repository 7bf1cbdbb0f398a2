import { idOf } from '../../../core/ids.ts';
import type { Position, StoredRecord } from '../../../core/record.ts';
import type { WriteResult } from '../../../query/ports/hot-store.ts';
import { createAll, type Item, itemOf } from './bulk.ts';
import type { OpenSearchClient } from './client.ts';
import { cellOf, dayOf, indexName } from './index-name.ts';
import type { Indices } from './indices.ts';
import type { Settled } from './options.ts';
import { Outside } from './outside.ts';
import { Retries } from './retries.ts';
import { storedElsewhere, storedPositions } from './stored-positions.ts';

/** Writes records by `create`: the first document of an id stays. */
export class Writer {
  readonly #client: OpenSearchClient;
  readonly #indices: Indices;
  readonly #options: Settled;
  readonly #outside: Outside;
  readonly retries: Retries;

  constructor(client: OpenSearchClient, indices: Indices, options: Settled) {
    this.#client = client;
    this.#indices = indices;
    this.#options = options;
    this.#outside = new Outside(indices);
    this.retries = new Retries(options.retry, options.clock);
  }

  /** See {@link HotStore.write}. */
  async write(records: readonly StoredRecord[]): Promise<WriteResult[]> {
    const targets = this.#targets(records);
    const indices = [...new Set(targets)];
    await this.#retried(() => Promise.all(indices.map((index) => this.#indices.make(index))));
    const elsewhere = await this.#retried(() => storedElsewhere(this.#client, this.#indices, records, targets));
    const items = records.map((record, r) =>
      elsewhere.has(record.id) ? undefined : itemOf(record, targets[r]!, this.#outside.of(targets[r]!)),
    );
    await this.#create(items.filter((item) => item !== undefined));
    return await this.#results(records, items, elsewhere);
  }

  /** The index of each record: its observed day's, but for a client's id that came before in the same write, so that the two meet. */
  #targets(records: readonly StoredRecord[]): string[] {
    const first = new Map<string, string>();
    const cells = new Map<string, string>();
    return records.map(({ tenant, observed_timestamp, client_id }) => {
      const cell = cells.get(tenant) ?? cellOf(tenant, this.#options);
      cells.set(tenant, cell);
      const own = indexName({ cell, day: dayOf(observed_timestamp) }, this.#options.prefix);
      if (client_id === undefined) return own;
      const index = first.get(client_id) ?? own;
      first.set(client_id, index);
      return index;
    });
  }

  async #create(items: Item[]): Promise<void> {
    const deps = {
      client: this.#client,
      retries: this.retries,
      waitsForRefresh: this.#options.refresh === 'wait',
      respell: (item: Item) => this.#outside.respell(item),
      missing: async (index: string) => {
        this.#indices.forget(index);
        await this.#indices.make(index);
      },
    };
    const chunks = chunksOf(items, this.#options.bulkRecords, this.#options.bulkBytes);
    const workers = Array.from({ length: Math.min(this.#options.parallelBulks, chunks.length) }, async () => {
      for (let chunk = chunks.shift(); chunk; chunk = chunks.shift()) await createAll(deps, chunk);
    });
    const ended = await Promise.allSettled(workers);
    for (const end of ended) if (end.status === 'rejected') throw end.reason;
    await this.#refresh(items);
  }

  /** What conflicts was written before, perhaps a moment ago by somebody whose refresh is still to come. */
  async #refresh(items: readonly Item[]): Promise<void> {
    const needed = items.filter(
      ({ outcome }) => outcome?.kind === 'conflict' || (outcome?.kind === 'stored' && this.#options.refresh === 'now'),
    );
    for (const index of new Set(needed.map(({ index }) => index))) {
      await this.#retried(() => this.#client.json('POST', `/${index}/_refresh`, undefined, { accepted: [404] }));
    }
  }

  async #results(
    records: readonly StoredRecord[],
    items: readonly (Item | undefined)[],
    elsewhere: ReadonlyMap<string, Position>,
  ): Promise<WriteResult[]> {
    const conflicts = items.filter((item) => item?.outcome?.kind === 'conflict' && item.record.client_id !== undefined) as Item[];
    const here = await this.#retried(() => storedPositions(this.#client, conflicts));
    return records.map(({ id, client_id, generation, partition, offset }, r): WriteResult => {
      const position = { generation, partition, offset };
      const outcome = items[r]?.outcome;
      if (outcome?.kind === 'stored') return { position, result: 'stored' };
      if (outcome?.kind === 'dead') return { position, result: 'dead', code: outcome.code, detail: outcome.detail };
      const stored = client_id === undefined ? position : (elsewhere.get(id) ?? here.get(id));
      return { position, result: stored && idOf(stored) === idOf(position) ? 'retry' : 'duplicate' };
    });
  }

  async #retried<T>(call: () => Promise<T>): Promise<T> {
    for (const retry = this.retries.start(); ; ) {
      try {
        return await call();
      } catch (error) {
        await retry.wait(error);
      }
    }
  }
}

/** Parts of at most so many items and characters; an item alone may be larger. */
function chunksOf(items: readonly Item[], maxItems: number, maxChars: number): Item[][] {
  const chunks: Item[][] = [];
  let chars = 0;
  for (const item of items) {
    const last = chunks.at(-1);
    if (last && last.length < maxItems && chars + item.line.length <= maxChars) {
      last.push(item);
      chars += item.line.length;
    } else {
      chunks.push([item]);
      chars = item.line.length;
    }
  }
  return chunks;
}
