import { mkdir } from 'node:fs/promises';
import { getCompileCacheDir } from 'node:module';
import { nodeFileSystem } from '../../adapters/file-system/node.ts';
import { stderrLog } from '../../adapters/log/stderr.ts';
import { openSegmentQueue } from '../../adapters/queue/segment/segment-queue.ts';
import { SqliteStateStore } from '../../adapters/state/sqlite/sqlite-state-store.ts';
import { systemClock } from '../../core/clock.ts';
import type { Log } from '../../core/ports/log.ts';
import type { OtherSignal } from '../../core/signal.ts';
import { createListener } from '../../http/listener.ts';
import { createHttpServer } from '../../http/server.ts';
import { limitedAccept } from '../../pipeline/accept/limited-accept.ts';
import { receiptTokens } from '../../pipeline/accept/receipt-token.ts';
import { createDocuments } from '../../pipeline/documents.ts';
import { createEvaluationMetrics } from '../../pipeline/evaluate/evaluation-metrics.ts';
import { scheduleEvaluation } from '../../pipeline/evaluate/schedule.ts';
import { createKeys } from '../../pipeline/keys.ts';
import { knownSeries } from '../../pipeline/measure/known-series.ts';
import { SeriesBudget } from '../../pipeline/measure/series-budget.ts';
import { Metrics } from '../../pipeline/metrics.ts';
import type { Platform } from '../../pipeline/platform.ts';
import { platformMetrics } from '../../pipeline/platform-metrics.ts';
import { versionedRules } from '../../pipeline/process-rules.ts';
import { lazyAlertRules } from '../../pipeline/rules/lazy-alert-rules.ts';
import { Canary } from './canary.ts';
import { generationOf, openNextGeneration } from './generation.ts';
import { HostHealth } from './health.ts';
import { closeServer, listenOn } from './listen-on.ts';
import { Notifying } from './notifying.ts';
import { isLoopback, refuseOpenHost } from './open-host.ts';
import { takeProfile } from './profiles.ts';
import { publishAsEvents } from './publish-as-events.ts';
import { secretOf } from './secrets.ts';
import { dataPaths, type HostSettings, tenantSettings } from './settings.ts';
import { openedFirst, SignalLanes } from './signal-lanes.ts';
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
  /** What runs elsewhere, and where: a line each. */
  stores?: readonly (readonly [name: string, where: string])[];
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
    onDurable: ({ partition, end }) => store.advance('logs', partition, end),
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
    signalData: (signal) => lanes.data(signal as OtherSignal),
    released: (signal, partition, offset) => {
      const released = signal === 'logs' ? queue.release(partition, offset) : lanes.release(signal, partition, offset);
      released.catch((error: unknown) => log.error({ error, signal, partition }, 'release failed'));
    },
    crashed: (error) => {
      metrics.panics.add(1, 'store');
      log.error({ error }, 'store thread crashed');
    },
    log,
  });
  const lanes = new SignalLanes({
    ...{ settings, state, clock, newGeneration, log },
    onDurable: (signal, partition, end) => store.advance(signal, partition, end),
    opened: (signal) => store.open(signal),
  });
  try {
    await store.start();
  } catch (error) {
    await store.stop(false);
    await queue.close();
    await state.close();
    throw error;
  }

  const series = new SeriesBudget({ clock, perDay: () => settings.seriesPerDay, known: knownSeries(store.apiOf('metrics')) });
  const { accept, bare, limiter } = limitedAccept({
    ...{ queue, clock, metrics, bodySecret: await secretOf(state, 'bodies') },
    settingsOf: (tenant) => tenantSettings(settings, tenant),
    rulesVersion: () => settings.process.version,
    laneOf: async (signal) => ({ ...(await lanes.open(signal)), ...(signal === 'metrics' ? { series } : {}) }),
  });
  const canary = new Canary({ accept: bare, store: store.api, clock, log });
  const health = new HostHealth({ queue, store, canary, registry, metrics, settings, clock });

  const notifying = new Notifying({
    ...{ state, clock, log, settings: settings.alerts, isAlone: true },
    publish: publishAsEvents(bare),
  });
  await notifying.check();

  const platform: Platform = {
    open: async () => isLocal && !(await keys.any()),
    accept,
    keys,
    documents: createDocuments({ state, clock }),
    notify: () => notifying.api(),
    rules: lazyAlertRules({ state, clock, storeOf: (signal) => platform.storeOf(signal) }),
    store: store.api,
    storeOf: (signal) => (signal === 'logs' ? store.api : openedFirst(store.apiOf(signal), () => lanes.open(signal))),
    readiness: () => health.readiness(),
    metrics: () => health.metrics(),
    stats: () => health.stats(),
    profile: (kind, seconds) => Promise.all([takeProfile(paths.profiles, 'front', kind, seconds), store.api.profile(kind, seconds)]),
  };
  const countPass = createEvaluationMetrics(registry);
  const evaluation = scheduleEvaluation({
    passed: (passed) => {
      countPass(passed);
      notifying.evaluated();
    },
    ...{ state, clock, log, afterMs: settings.windows.latenessUs / 1_000 + 1_200 },
    source: async () => (await import('../../pipeline/evaluate/store-window-source.ts')).createStoreWindowSource(platform),
  });
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
      await evaluation.stop();
      await notifying.stop();
      stopping.abort();
      await closeServer(server);
      await store.stop(true);
      await queue.close();
      await lanes.close();
      await state.close();
      health.close();
    })();
    return stopped;
  };
  const url = await listenOn(server, settings, stop);
  evaluation.start();
  await notifying.start();
  if (settings.canaryEveryMs !== undefined) canary.start(settings.canaryEveryMs);
  void lanes.openKnown();
  return { url, platform, stop, log, panicked: (where) => metrics.panics.add(1, where) };
}
