import type { Config } from '../../config/load-config.ts';
import { version } from '../../core/version.ts';
import { type Host, type HostOptions, startHost } from './host.ts';
import { isLoopback } from './open-host.ts';
import { profileAll } from './profiles.ts';
import { dataPaths, type HostSettings } from './settings.ts';
import { settingsOfConfig } from './settings-of-config.ts';
import { trimHeap } from './trim-heap.ts';
import { tuneHeap } from './tune-heap.ts';

/** Starts a host of any kind. */
export type StartHost = (settings: HostSettings, options: Partial<HostOptions>) => Promise<Host>;

/** How long a stop may take before the process ends without it. */
const patienceMs = 30_000;
/** After the start, when nobody waits for it. */
const trimAfterMs = 500;

/**
 * `logdrive up`: starts a host, says where it is, and ends it on SIGINT or SIGTERM. With `profile`, profiles of both threads are written at the end.
 * Resolves when it has stopped.
 */
export async function up(config: Config, options: Partial<HostOptions> = {}, start: StartHost = startHost): Promise<void> {
  const startedMs = performance.now();
  const ended = Promise.withResolvers<void>();
  const profiled = options.profile ? profileAll(dataPaths(config.dataDir).profiles, 'front', ended.promise) : undefined;
  tuneHeap();
  const host = await start(settingsOfConfig(config, version), options);
  process.stderr.write(await banner(host, config, performance.now() - startedMs));
  setTimeout(trimHeap, trimAfterMs).unref();
  await stopSignal(host);
  setTimeout(() => process.exit(1), patienceMs).unref();
  await host.stop();
  ended.resolve();
  for (const file of (await profiled) ?? []) host.log.info({ file }, 'profile written');
  host.log.info({}, 'stopped');
}

async function banner({ url, platform, stores = [] }: Host, config: Config, ms: number): Promise<string> {
  const open = await platform.open();
  const access = open
    ? 'open to this machine: no API key has been made, every caller is tenant "default"'
    : `API keys are checked${isLoopback(config.server.host) ? '' : ', and other machines can reach it'}`;
  return `
  Logdrive ${version} is ready on ${url} (${Math.round(ms)} ms)
  data    ${config.dataDir}
${stores.map(([name, where]) => `  ${name.padEnd(8)}${where}\n`).join('')}  access  ${access}

  send    curl ${url}/logs -d '{"level":"error","service":"shop","message":"hello"}'
  find    curl '${url}/api/logs?search=hello'
  files   npx logdrive send FILE...     or  npx logdrive simulate

`;
}

/** Resolves at the first signal to stop, or when something broke that leaves the process in an unknown state. */
function stopSignal({ log, panicked }: Host): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        log.info({ signal }, 'stopping: requests under way are answered, what is in memory is committed');
        resolve();
      });
    }
    process.on('unhandledRejection', (error) => {
      panicked('promise');
      log.error({ error }, 'a promise was rejected and nobody looked');
    });
    process.on('uncaughtException', (error) => {
      panicked('exception');
      log.error({ error }, 'uncaught exception, stopping in order');
      process.exitCode = 70;
      resolve();
    });
  });
}
