#!/usr/bin/env -S node --max-semi-space-size=8 --disable-warning=ExperimentalWarning --disable-warning=TimeoutNegativeWarning
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Before anything else is loaded: compiled modules are kept, and the pool that syncs the log is wide enough for queries beside it.
enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/logdrive'));
process.env.UV_THREADPOOL_SIZE ??= '12';

const [{ processIo }, { runCli }] = await Promise.all([import('../src/cli/io.ts'), import('../src/cli/main.ts')]);

// What only a host needs is loaded when a command asks for it: `logdrive query` starts in a few milliseconds.
process.exitCode = await runCli(process.argv.slice(2), processIo(), {
  up: async (config, { onServices, ...options }) =>
    onServices
      ? (await import('../src/compose/services/up.ts')).upOnServices(config, options)
      : (await import('../src/compose/embedded/up.ts')).up(config, options),
  stageKeys: async (table) => (await import('../src/compose/aws/stage-keys.ts')).openStageKeys(table),
  offlineKeys: async (dataDir) => (await import('../src/compose/embedded/offline-keys.ts')).openKeys(dataDir),
});
