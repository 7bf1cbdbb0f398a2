import { nodeFileSystem } from '../../adapters/file-system/node.ts';
import { stderrLog } from '../../adapters/log/stderr.ts';
import { SqliteStateStore } from '../../adapters/state/sqlite/sqlite-state-store.ts';
import { FolderWarmStore } from '../../adapters/warm/folder/folder-warm-store.ts';
import { DuckDbWarmQuery } from '../../adapters/warm-query/duckdb/duckdb-warm-query.ts';
import { PageCache } from '../../columnar/page-cache.ts';
import { systemClock } from '../../core/clock.ts';
import { dataPaths, type HostSettings } from './settings.ts';

/** What the stores of all signals share on the store thread. */
export type StoreParts = Awaited<ReturnType<typeof openStoreParts>>;

export async function openStoreParts(settings: HostSettings) {
  const paths = dataPaths(settings.dataDir);
  const state = new SqliteStateStore(paths.state);
  const warmQuery = new DuckDbWarmQuery({ root: paths.warm, temporary: paths.queries, timeoutMs: settings.query.timeoutMs });
  return {
    state,
    warm: await FolderWarmStore.open(nodeFileSystem, paths.warm),
    warmQuery,
    cache: new PageCache(settings.cacheBytes),
    clock: systemClock,
    log: stderrLog({ level: settings.logLevel }).with({ thread: 'store' }),
    async close() {
      await warmQuery.close();
      await state.close();
    },
  };
}
