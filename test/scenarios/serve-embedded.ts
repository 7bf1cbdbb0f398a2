import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHost } from '../../src/compose/embedded/host.ts';
import { settingsOfConfig } from '../../src/compose/embedded/settings-of-config.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import type { Host } from './serve-array.ts';

/** Starts the whole embedded platform on a free loopback port, with a data folder of its own that goes with it. */
export async function serveEmbedded(): Promise<Host> {
  const dataDir = await mkdtemp(join(tmpdir(), 'logdrive-scenarios-'));
  const argv = ['--data-dir', dataDir, '--port', '0', '--log-level', 'error', '--set', 'canary.enabled=false'];
  const host = await startHost(settingsOfConfig(loadConfig({ argv, cwd: dataDir }), '0.0.0-test'));
  return {
    address: host.url,
    stop: async () => {
      await host.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
