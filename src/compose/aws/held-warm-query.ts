import type { CachedWarmStore } from '../../adapters/warm/cached/cached-warm-store.ts';
import { DuckDbWarmQuery } from '../../adapters/warm-query/duckdb/duckdb-warm-query.ts';
import type { WarmQuery } from '../../query/ports/warm-query.ts';

/** DuckDB over copies of the files on this function's disk; undefined, for our own reader to do it, where they do not fit. */
export function heldWarmQuery(files: CachedWarmStore, folders: { root: string; temporary: string }, memoryBytes: number): WarmQuery {
  const duckDb = new DuckDbWarmQuery({ ...folders, memoryBytes, timeoutMs: 25_000, spillBytes: 512 * 2 ** 20 });
  return {
    async aggregate(wanted, plan, query) {
      const named = wanted.flatMap(({ content, bytes }) => (typeof content === 'string' ? [{ name: content, bytes }] : []));
      const held = await files.hold(named);
      if (!held) return undefined;
      try {
        return await duckDb.aggregate(wanted, plan, query);
      } finally {
        held.release();
      }
    },
    counts: () => duckDb.counts(),
    close: () => duckDb.close(),
  };
}
