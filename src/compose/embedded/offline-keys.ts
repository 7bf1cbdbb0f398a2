import { mkdir } from 'node:fs/promises';
import { SqliteStateStore } from '../../adapters/state/sqlite/sqlite-state-store.ts';
import { systemClock } from '../../core/clock.ts';
import { createKeys } from '../../pipeline/keys.ts';
import type { Keys } from '../../pipeline/platform.ts';
import { dataPaths } from './settings.ts';

/** Opens the API keys of a data folder, whether a host runs on it or not: a running one sees changes within a minute. */
export async function openKeys(dataDir: string): Promise<{ keys: Keys; close(): Promise<void> }> {
  await mkdir(dataDir, { recursive: true, mode: 0o750 });
  const state = new SqliteStateStore(dataPaths(dataDir).state);
  return { keys: createKeys({ state, clock: systemClock }), close: () => state.close() };
}
