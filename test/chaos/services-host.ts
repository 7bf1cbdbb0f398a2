import { setTimeout as delay } from 'node:timers/promises';
import { settingsOfConfig } from '../../src/compose/embedded/settings-of-config.ts';
import { startServicesHost } from '../../src/compose/services/host.ts';
import { addressesOf } from '../../src/compose/services/running-services.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { version } from '../../src/core/version.ts';

/** The process that is killed: the host on services from a configuration file (`--config`), which compacts far more often than it would by itself. */
const config = loadConfig({ argv: process.argv.slice(2), cwd: process.cwd() });
const host = await startServicesHost(settingsOfConfig(config, version), addressesOf(config, ''));
const stopping = new AbortController();
process.once('SIGTERM', () => {
  stopping.abort();
  void host.stop();
});

const everyMs = 3_000;
for (let pass = 0; !stopping.signal.aborted; pass++) {
  // A store that is away fails a pass; the next one does its work.
  await host.platform.store.compact(pass % 3 === 2).catch((error: unknown) => host.log.warn({ error }, 'compaction failed'));
  await delay(everyMs, undefined, { signal: stopping.signal }).catch(() => {}); // the stop ends the pause
}
