#!/usr/bin/env node
import { processIo } from '../src/cli/io.ts';
import { runCli } from '../src/cli/main.ts';

// What only a host needs is loaded when a command asks for it: `logdrive query` starts in a few milliseconds.
process.exitCode = await runCli(process.argv.slice(2), processIo(), {
  up: async (config) => (await import('../src/compose/embedded/up.ts')).up(config),
  offlineKeys: async (dataDir) => (await import('../src/compose/embedded/offline-keys.ts')).openKeys(dataDir),
});
