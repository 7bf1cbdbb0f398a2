import { setTimeout as delay } from 'node:timers/promises';
import { startHost } from '../../src/compose/embedded/host.ts';
import { settingsOfConfig } from '../../src/compose/embedded/settings-of-config.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { version } from '../../src/core/version.ts';

/**
 * The process that is killed: the embedded host from a configuration file (`--config`), which compacts far more often than it would by itself,
 * so that kills fall into that too.
 */
const host = await startHost(settingsOfConfig(loadConfig({ argv: process.argv.slice(2), cwd: process.cwd() }), version));
const stopping = new AbortController();
process.once('SIGTERM', () => {
  stopping.abort();
  void host.stop();
});

const pauseMs = 400;
/** Of the store thread's time, the rest is for what it is there for. */
const pauseShare = 5;

for (let pass = 0; !stopping.signal.aborted; pass++) {
  const startedMs = performance.now();
  try {
    await host.platform.store.compact(pass % 3 === 2);
  } catch (error) {
    host.log.warn({ error }, 'compaction failed');
  }
  await delay(Math.max(pauseMs, pauseShare * (performance.now() - startedMs)));
}
