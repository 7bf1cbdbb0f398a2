import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { SqliteStateStore } from '../../adapters/state/sqlite/sqlite-state-store.ts';
import { systemClock } from '../../core/clock.ts';
import { createKeys } from '../../pipeline/keys.ts';
import type { Keys } from '../../pipeline/platform.ts';
import { dataPaths } from './settings.ts';

/** Opens the keys of a data folder (made where it is missing) without a server. A running one sees a change within a minute. */
export async function openKeys(dataDir: string): Promise<{ keys: Keys; close(): Promise<void> }> {
  if (!existsSync(dataDir)) await mkdir(dataDir, { recursive: true, mode: 0o750 });
  const state = new SqliteStateStore(dataPaths(dataDir).state);
  return { keys: createKeys({ state, clock: systemClock }), close: () => state.close() };
}
