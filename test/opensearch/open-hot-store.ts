import { randomBytes } from 'node:crypto';
import { OpenSearchHotStore } from '../../src/adapters/hot/opensearch/opensearch-hot-store.ts';
import type { OpenSearchOptions } from '../../src/adapters/hot/opensearch/options.ts';

/** A hot store of its own on a node that others use too: by its prefix. One shard, no copies, refreshed at once. */
export function openHotStore(url: string, options: Partial<OpenSearchOptions> = {}): OpenSearchHotStore {
  const prefix = `t${randomBytes(6).toString('hex')}-`;
  return new OpenSearchHotStore({ url, prefix, cells: 2, replicas: 0, refresh: 'now', ...options });
}

/** Deletes whatever a store made. */
export async function dropAll(store: OpenSearchHotStore): Promise<void> {
  for (const { cell, day } of await store.days()) await store.dropDay(cell, day);
}
