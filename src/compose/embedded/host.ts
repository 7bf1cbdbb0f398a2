import { createHmac } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { Server } from 'node:http';
import { getCompileCacheDir } from 'node:module';
import { nodeFileSystem } from '../../adapters/file-system/node.ts';
import { stderrLog } from '../../adapters/log/stderr.ts';
import { openSegmentQueue } from '../../adapters/queue/segment/segment-queue.ts';
import { SqliteStateStore } from '../../adapters/state/sqlite/sqlite-state-store.ts';
import { systemClock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import { fileErrorCode } from '../../core/ports/file-system.ts';
import type { Log } from '../../core/ports/log.ts';
import { createListener } from '../../http/listener.ts';
import { createHttpServer } from '../../http/server.ts';
import { createAccept } from '../../pipeline/accept/accept.ts';
import { RateLimiter } from '../../pipeline/accept/rate-limit.ts';
import { receiptTokens } from '../../pipeline/accept/receipt-token.ts';
import { createKeys } from '../../pipeline/keys.ts';
import { Metrics } from '../../pipeline/metrics.ts';
import type { Platform } from '../../pipeline/platform.ts';
import { platformMetrics } from '../../pipeline/platform-metrics.ts';
import { Canary } from './canary.ts';
import { generationOf, openNextGeneration } from './generation.ts';
import { HostHealth } from './health.ts';
import { isLoopback, refuseOpenHost } from './open-host.ts';
import { takeProfile } from './profiles.ts';
import { versionedRules } from './rules.ts';
import { secretOf } from './secrets.ts';
import { dataPaths, type HostSettings, tenantSettings } from './settings.ts';
import { StoreClient } from './store-client.ts';

export type HostOptions = {
  /** Write profiles of both threads from the start to the end. */
  profile: boolean;
  /** Begin the log anew, after it was lost: see `openNextGeneration`. */
  newGeneration: boolean;
};

export type Host = {
  url: string;
  platform: Platform;
  /** Takes no more requests, answers those under way, commits what is in memory, and closes. */
  stop(): Promise<void>;
  log: Log;
  /** Counts an error that nobody caught. */
  panicked(where: string): void;
};

/**
 * Starts the whole platform in this process: the front here, the stores in a thread of their own.
 * @throws AppError INVALID_CONFIG, QUEUE_UNAVAILABLE where another process has the data folder
 */
export async function startHost(given: HostSettings, { profile = false, newGeneration = false }: Partial<HostOptions> = {}): Promise<Host> {
  const clock = systemClock;
  const log = stderrLog({ level: given.logLevel });
  const paths = dataPaths(given.dataDir);
  await mkdir(given.dataDir, { recursive: true, mode: 0o750 });
  const state = new SqliteStateStore(paths.state);
  const settings = { ...given, process: await versionedRules(state, given.process) };
  const generation = newGeneration ? await openNextGeneration(state, paths.segments) : await generationOf(state);
  const registry = new Metrics();
  const metrics = platformMetrics(registry);
  const keys = createKeys({ state, clock });
  const isLocal = isLoopback(settings.host);
  if (!isLocal && !(await keys.any())) refuseOpenHost(settings.host);

  const queue = await openSegmentQueue({
    folder: paths.segments,
    files: nodeFileSystem,
    clock,
    generation,
    ...settings.queue,
    onDurable: ({ partition, end }) => store.advance(partition, end),
    onProblem: (what, error) => log.error({ error }, what),
  });
  const store = new StoreClient({
    data: async () => ({
      settings,
      generation,
      ends: queue.durableEnds().map((end) => ({ generation, ...end })),
      holes: await queue.holes(),
      compileCache: getCompileCacheDir(),
      profile,
    }),
    released: (partition, offset) =>
      void queue.release(partition, offset).catch((error: unknown) => log.error({ error, partition }, 'release failed')),
    crashed: (error) => {
      metrics.panics.add(1, 'store');
      log.error({ error }, 'store thread crashed');
    },
    log,
  });
  try {
    await store.start();
  } catch (error) {
    await store.stop(false);
    await queue.close();
    await state.close();
    throw error;
  }

  const bodySecret = await secretOf(state, 'bodies');
  const tenantOfKey = new Map<string, string>();
  const limiter = new RateLimiter((of, name) => {
    const { rate, keyRate } = tenantSettings(settings, of === 'tenant' ? name : (tenantOfKey.get(name) ?? ''));
    return of === 'tenant' ? rate : keyRate;
  }, clock);
  const bare = createAccept({
    queue,
    clock,
    limits: (tenant) => tenantSettings(settings, tenant).limits,
    maskSettings: (tenant) => tenantSettings(settings, tenant).mask,
    rulesVersion: () => settings.process.version,
    hmac: (bytes) => createHmac('sha256', bodySecret).update(bytes).digest(),
    metrics,
  });
  const accept: typeof bare = async (request) => {
    if (tenantOfKey.get(request.keyId) !== request.tenant) tenantOfKey.set(request.keyId, request.tenant);
    limiter.take(request.tenant, request.keyId);
    const answer = await bare(request);
    limiter.spend(request.tenant, request.keyId, answer.accepted);
    return answer;
  };
  const canary = new Canary({ accept: bare, store: store.api, clock, log });
  const health = new HostHealth({ queue, store, canary, registry, metrics, settings, clock });

  const platform: Platform = {
    open: async () => isLocal && !(await keys.any()),
    accept,
    keys,
    store: store.api,
    readiness: () => health.readiness(),
    metrics: () => health.metrics(),
    stats: () => health.stats(),
    profile: (kind, seconds) => Promise.all([takeProfile(paths.profiles, 'front', kind, seconds), store.api.profile(kind, seconds)]),
  };
  const stopping = new AbortController();
  const listener = createListener(platform, {
    log,
    metrics,
    clock,
    version: settings.version,
    cursorKey: await secretOf(state, 'cursors'),
    receipts: receiptTokens(await secretOf(state, 'receipts')),
    rate: (tenant, keyId) => limiter.status(tenant, keyId),
    stopping: stopping.signal,
  });
  const server = createHttpServer(listener, { maxBodyBytes: settings.defaults.limits.sentBytes });
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= (async () => {
      canary.stop();
      stopping.abort();
      await closeServer(server);
      await store.stop(true);
      await queue.close();
      await state.close();
      health.close();
    })();
    return stopped;
  };
  const url = await listen(server, settings.host, settings.port).catch(async (error: unknown) => {
    await stop();
    const why = fileErrorCode(error) === 'EADDRINUSE' ? 'another process listens there' : String(error);
    throw new AppError(
      'INVALID_CONFIG',
      `cannot listen on ${settings.host} port ${settings.port}: ${why}; stop it, or choose another port`,
    );
  });
  if (settings.canaryEveryMs !== undefined) canary.start(settings.canaryEveryMs);
  return { url, platform, stop, log, panicked: (where) => metrics.panics.add(1, where) };
}

function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      const bound = typeof address === 'object' && address ? address.port : port;
      resolve(`http://${host.includes(':') ? `[${host}]` : host}:${bound}`);
    });
  });
}

/** Lets requests under way end, for a while; then closes their connections. */
function closeServer(server: Server): Promise<void> {
  const patienceMs = 10_000;
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), patienceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
