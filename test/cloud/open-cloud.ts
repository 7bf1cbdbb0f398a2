import { createHmac, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteDeadLetters } from '../../src/adapters/dead-letters/sqlite/sqlite-dead-letters.ts';
import { nodeFileSystem } from '../../src/adapters/file-system/node.ts';
import { MemoryHotStore } from '../../src/adapters/hot/memory/memory-hot-store.ts';
import { openSegmentQueue } from '../../src/adapters/queue/segment/segment-queue.ts';
import { openSegmentReader } from '../../src/adapters/queue/segment/segment-reader.ts';
import { MemoryStateStore } from '../../src/adapters/state/memory/memory-state-store.ts';
import { MemoryWarmStore } from '../../src/adapters/warm/memory/memory-warm-store.ts';
import { PageCache } from '../../src/columnar/page-cache.ts';
import { systemClock } from '../../src/core/clock.ts';
import { AppError } from '../../src/core/errors.ts';
import { readHot } from '../../src/core/hot/commit-hot.ts';
import { firstGap } from '../../src/core/intervals.ts';
import { defaultMaskSettings } from '../../src/core/mask-settings.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import type { SinkName } from '../../src/core/warm/keys.ts';
import { createAccept } from '../../src/pipeline/accept/accept.ts';
import { defaultLimits } from '../../src/pipeline/accept/types.ts';
import { createCatalogue } from '../../src/pipeline/catalogue.ts';
import { createCloudStore } from '../../src/pipeline/cloud/cloud-store.ts';
import { createCompactor } from '../../src/pipeline/compact.ts';
import { deliverHot, WarmDelivery } from '../../src/pipeline/deliver/deliver.ts';
import { createProcessing } from '../../src/pipeline/deliver/processing.ts';
import type { DeliverDeps } from '../../src/pipeline/deliver/types.ts';
import { createDocuments } from '../../src/pipeline/documents.ts';
import { createKeys } from '../../src/pipeline/keys.ts';
import { createMaintenance } from '../../src/pipeline/maintain.ts';
import { Metrics } from '../../src/pipeline/metrics.ts';
import { onlyLogs } from '../../src/pipeline/only-logs.ts';
import type { Platform } from '../../src/pipeline/platform.ts';
import { platformMetrics } from '../../src/pipeline/platform-metrics.ts';
import { createRetention } from '../../src/pipeline/retain.ts';
import { lazyAlertRules } from '../../src/pipeline/rules/lazy-alert-rules.ts';
import { StepRunner } from '../../src/pipeline/run-steps.ts';
import { ClientIds } from '../../src/pipeline/store/client-ids.ts';
import { StoreSearch } from '../../src/pipeline/store/search.ts';
import { SourceFinder } from '../../src/pipeline/store/sources.ts';
import { summaries } from '../../src/pipeline/summarise.ts';
import type { HotStore } from '../../src/query/ports/hot-store.ts';
import { rules } from '../deliver/open-sinks.ts';
import { notifyApi } from '../scenarios/notify-api.ts';

const readBytes = 256 * 1024;
const generation = 1;

/**
 * The platform of two sinks in one process: the real accept, a segment queue, a consumer of its own for each sink and partition, stores in memory.
 * `sinks` says which consumers run; `away` whether the hot store answers queries.
 */
export async function openCloud({ partitions = 2, withHot = true, hotDays = 7 } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'logdrive-cloud-'));
  const clock = systemClock;
  const state = new MemoryStateStore();
  const warm = new MemoryWarmStore();
  const hotStore = new MemoryHotStore();
  const deadLetters = new SqliteDeadLetters(':memory:');
  const trouble = { isAway: false };
  const sinks: Record<'hot' | 'warm', boolean> = { hot: withHot, warm: true };
  const ends = new Map<number, number>();
  const queue = await openSegmentQueue({
    folder,
    files: nodeFileSystem,
    clock,
    generation,
    partitions,
    onDurable({ partition, end }) {
      ends.set(partition, end);
      for (const reader of Object.values(readers)) reader.advance(partition, end);
      for (const sink of ['hot', 'warm'] as const) if (sinks[sink]) void drain(sink, partition);
    },
  });
  const readers = {
    hot: openSegmentReader({ folder, files: nodeFileSystem, ends: queue.durableEnds() }),
    warm: openSegmentReader({ folder, files: nodeFileSystem, ends: queue.durableEnds() }),
  };
  const answering = <A extends unknown[], R>(answer: (...given: A) => Promise<R>) => {
    return async (...given: A): Promise<R> => {
      if (trouble.isAway) throw new AppError('STORE_UNAVAILABLE', 'away');
      return answer(...given);
    };
  };
  const hot: HotStore = {
    write: (records) => hotStore.write(records),
    search: answering((...given: Parameters<HotStore['search']>) => hotStore.search(...given)),
    aggregate: answering((...given: Parameters<HotStore['aggregate']>) => hotStore.aggregate(...given)),
    partial: answering((...given: Parameters<HotStore['partial']>) => hotStore.partial(...given)),
    close: () => hotStore.close(),
  };

  const runner = new StepRunner(state, warm);
  const catalogue = createCatalogue({ runner, state });
  const sources = new SourceFinder({ catalogue, warm, cache: new PageCache(1 << 22), generation, maxOpenParts: 64 });
  const archived = new StoreSearch(sources, undefined);
  const maskSettings = () => defaultMaskSettings;
  const processing = createProcessing({ state, rules, maskSettings, clock, log: silentLog });
  const clientIds = new ClientIds((tenant, ids) => archived.committedIds(tenant, ids));
  const deps: DeliverDeps = {
    ...{ state, runner, deadLetters, processing, clock, log: silentLog, codeVersion: 'test' },
    async extentOf(_generation, partition) {
      const range = (await queue.ranges()).find((item) => item.partition === partition)!;
      return { ...range, holes: await queue.holes() };
    },
  };
  const compactor = createCompactor({ runner, catalogue, warm, cache: new PageCache(1 << 22), clock, log: silentLog });
  const aggregate = archived.aggregate.bind(archived);
  const retention = createRetention({ runner, catalogue, state, clock, warmDays: () => 30, maxWarmDays: 30 });
  const maintenance = createMaintenance({
    ...{ compactor, retention, catalogue, state, warm, aggregate, clock, log: silentLog },
    derivations: [summaries(aggregate)],
  });
  const store = createCloudStore({
    ...{ generation, partitions, state, runner, warm, deadLetters, processing, queue, maintenance, clock, log: silentLog },
    hotDays,
    hot: withHot ? hot : undefined,
  });

  const budget = () => ({ deadlineMs: clock.monotonicMs() + 10_000 });
  const archives = Array.from({ length: partitions }, (_, partition) => new WarmDelivery({ ...deps, clientIds }, generation, partition));
  const running = new Map<string, Promise<void>>();

  /** Brings a partition into a sink up to where it is durable; one at a time. */
  function drain(sink: SinkName, partition: number): Promise<void> {
    const key = `${sink}/${partition}`;
    const after = (running.get(key) ?? Promise.resolve()).then(() => (sink === 'hot' ? drainHot(partition) : drainWarm(partition)));
    running.set(key, after);
    return after;
  }

  async function drainHot(partition: number): Promise<void> {
    for (;;) {
      const from = firstGap((await runner.run(readHot(generation, partition))).closed);
      const batches = from < (ends.get(partition) ?? 0) ? await readers.hot.read(partition, from, readBytes) : [];
      if (batches.length === 0) return;
      await deliverHot({ ...deps, hot: hotStore }, batches, budget());
    }
  }

  async function drainWarm(partition: number): Promise<void> {
    const archive = archives[partition]!;
    while (archive.cursor < (ends.get(partition) ?? 0)) {
      const batches = await readers.warm.read(partition, archive.cursor, readBytes);
      if (batches.length === 0) return;
      await archive.take(batches, budget());
      await archive.flush(budget());
    }
  }

  /** Brings a sink up to the end of the log, also one that does not run. */
  const catchUp = async (...names: SinkName[]): Promise<void> => {
    await Promise.all(names.flatMap((sink) => Array.from({ length: partitions }, (_, partition) => drain(sink, partition))));
  };

  const registry = new Metrics();
  const metrics = platformMetrics(registry);
  const keys = createKeys({ state, clock });
  const secret = randomBytes(32);
  const platform: Platform = {
    open: async () => !(await keys.any()),
    accept: createAccept({
      ...{ queue, clock, maskSettings, metrics },
      limits: () => defaultLimits,
      rulesVersion: () => rules.version,
      hmac: (bytes) => createHmac('sha256', secret).update(bytes).digest(),
    }),
    keys,
    documents: createDocuments({ state, clock }),
    notify: notifyApi(state),
    rules: lazyAlertRules({ state, clock, storeOf: onlyLogs(store) }),
    store,
    storeOf: onlyLogs(store),
    readiness: async () => ({ ready: true, dependencies: [{ name: 'queue', state: 'ok' }] }),
    metrics: async () => registry.text(),
    stats: async () => ({ uptime_s: process.uptime(), rss_bytes: process.memoryUsage.rss() }),
    profile: async () => [],
  };

  async function close(): Promise<void> {
    await Promise.all(running.values());
    await Promise.all([queue.close(), readers.hot.close(), readers.warm.close()]);
    await rm(folder, { recursive: true, force: true });
  }

  return {
    platform,
    store,
    metrics,
    sinks,
    trouble,
    drain,
    catchUp,
    queue,
    state,
    runner,
    catalogue,
    compactor,
    deadLetters,
    hotStore,
    close,
  };
}
