import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { SegmentQueue } from '../../adapters/queue/segment/segment-queue.ts';
import type { Clock } from '../../core/clock.ts';
import type { Metrics } from '../../pipeline/metrics.ts';
import type { Readiness } from '../../pipeline/platform.ts';
import type { PlatformMetrics } from '../../pipeline/platform-metrics.ts';
import type { StoreStatus } from '../../pipeline/store-api.ts';
import type { Canary } from './canary.ts';
import type { HostSettings } from './settings.ts';
import type { StoreClient } from './store-client.ts';

export type HealthDeps = {
  /** The log on this machine's disk, where the host has one. */
  queue: Pick<SegmentQueue, 'stats'> | undefined;
  /** How what else the host depends on is. */
  others?: () => Promise<Dependency[]>;
  store: Pick<StoreClient, 'isReady' | 'api'>;
  /** What it means when the store does not answer. @default that of a store thread */
  silentStore?: string;
  canary: Canary;
  registry: Metrics;
  metrics: Pick<PlatformMetrics, 'aggregationRuns'>;
  settings: HostSettings;
  clock: Clock;
};

export type Dependency = Readiness['dependencies'][number];

const maxMissedCanaries = 2;
const silentThread = 'the store thread does not answer; records are taken in and wait';

/** How the host is: its dependencies, its gauges, its process. */
export class HostHealth {
  readonly #deps: HealthDeps;
  readonly #delay = monitorEventLoopDelay({ resolution: 20 });
  readonly #gauges: ReturnType<typeof gaugesOf>;
  readonly #startedMs: number;
  #derived = 0;

  constructor(deps: HealthDeps) {
    this.#deps = deps;
    this.#gauges = gaugesOf(deps.registry);
    this.#startedMs = deps.clock.monotonicMs();
    this.#delay.enable();
  }

  async readiness(): Promise<Readiness> {
    const status = await this.#status();
    const others = (await this.#deps.others?.()) ?? [];
    const dependencies = [...this.#queue(), ...others, ...this.#stores(status), ...this.#canary()];
    return { ready: dependencies.every(({ state }) => state !== 'down'), dependencies };
  }

  async metrics(): Promise<string> {
    const { queue, canary, registry, metrics } = this.#deps;
    const gauges = this.#gauges;
    if (queue) {
      const { logBytes, pendingBytes, segments } = queue.stats();
      gauges.queueBytes.set(logBytes);
      gauges.queuePending.set(pendingBytes);
      gauges.queueSegments.set(segments);
    }
    gauges.residentBytes.set(process.memoryUsage.rss());
    gauges.eventLoopLag.set(this.#delay.percentile(99) / 1e9);
    gauges.canaryMissed.set(canary.state.missed);
    if (canary.state.lagMs !== undefined) gauges.canaryLag.set(canary.state.lagMs / 1_000);
    const status = await this.#status();
    gauges.storeUp.set(status ? 1 : 0);
    for (const { partition, end, indexed, open, oldestOpenS } of status?.partitions ?? []) {
      const label = String(partition);
      gauges.queueDepth.set(end - indexed, label);
      gauges.inFlight.set(open, label);
      gauges.oldestOpen.set(oldestOpenS, label);
    }
    if (status) {
      gauges.deadLetters.set(status.deadLetters);
      gauges.files.set(status.files);
      gauges.tableRows.set(status.tableRows);
      // A store thread that was started again counts from 0.
      metrics.aggregationRuns.add(Math.max(0, status.derived - this.#derived));
      this.#derived = status.derived;
    }
    return registry.text();
  }

  async stats(): Promise<Record<string, unknown>> {
    const { clock, queue } = this.#deps;
    const { rss, heapUsed, external } = process.memoryUsage();
    const cpu = process.cpuUsage();
    const status = await this.#status();
    const depth = status?.partitions.reduce((total, { end, indexed }) => total + end - indexed, 0);
    return {
      uptime_s: Math.round((clock.monotonicMs() - this.#startedMs) / 1_000),
      memory: { rss_bytes: rss, heap_used_bytes: heapUsed, external_bytes: external },
      cpu: { user_s: cpu.user / 1e6, system_s: cpu.system / 1e6 },
      event_loop_lag_ms: { p50: this.#delay.percentile(50) / 1e6, p99: this.#delay.percentile(99) / 1e6, max: this.#delay.max / 1e6 },
      queue: { depth: depth ?? null, ...snakeCase(queue?.stats() ?? {}) },
      store: status ?? null,
    };
  }

  close(): void {
    this.#delay.disable();
  }

  async #status(): Promise<StoreStatus | undefined> {
    const { store, canary } = this.#deps;
    if (!store.isReady) return undefined;
    const status = await store.api.status().catch(() => undefined);
    return status && { ...status, canary: { lastSeenMs: canary.state.foundMs, lagMs: canary.state.lagMs } };
  }

  #queue(): Dependency[] {
    if (!this.#deps.queue) return [];
    const { logBytes, pendingBytes } = this.#deps.queue.stats();
    return [{ name: 'queue', state: 'ok', detail: `${logBytes} bytes of log, ${pendingBytes} waiting` }];
  }

  #stores(status: StoreStatus | undefined): Dependency[] {
    if (!status) return [{ name: 'store', state: 'down', detail: this.#deps.silentStore ?? silentThread }];
    if (status.halted) return [{ name: 'store', state: 'down', detail: status.halted }];
    const { residueLimitMs } = this.#deps.settings;
    const residue = status.partitions.filter(({ oldestOpenS }) => oldestOpenS * 1_000 > residueLimitMs);
    if (residue.length === 0) return [{ name: 'store', state: 'ok' }];
    const oldest = Math.max(...residue.map(({ oldestOpenS }) => oldestOpenS));
    const open = residue.reduce((total, partition) => total + partition.open, 0);
    return [{ name: 'store', state: 'degraded', detail: `${open} records are in flight, the oldest for ${Math.round(oldest)} s` }];
  }

  #canary(): Dependency[] {
    const { settings, canary } = this.#deps;
    if (settings.canaryEveryMs === undefined) return [];
    const { missed, lagMs } = canary.state;
    if (missed >= maxMissedCanaries) return [{ name: 'canary', state: 'degraded', detail: `${missed} in a row were not found` }];
    return [{ name: 'canary', state: 'ok', ...(lagMs === undefined ? {} : { detail: `found after ${Math.round(lagMs)} ms` }) }];
  }
}

const gaugesOf = (registry: Metrics) => ({
  queueDepth: registry.gauge('logdrive_queue_depth_records', 'Records that are durable and not indexed yet: the consumer lag.', [
    'partition',
  ]),
  inFlight: registry.gauge('logdrive_ledger_in_flight_records', 'Records that no committed file, drop or dead letter accounts for yet.', [
    'partition',
  ]),
  oldestOpen: registry.gauge('logdrive_ledger_oldest_open_seconds', 'Age of the oldest record in flight.', ['partition']),
  queueBytes: registry.gauge('logdrive_queue_log_bytes', 'Bytes of log on disk.'),
  queuePending: registry.gauge('logdrive_queue_pending_bytes', 'Bytes that wait for the disk.'),
  queueSegments: registry.gauge('logdrive_queue_segments', 'Segment files of the log.'),
  deadLetters: registry.gauge('logdrive_dead_letters', 'Records set aside and not mended.'),
  files: registry.gauge('logdrive_warm_files', 'Parquet files that are listed.'),
  tableRows: registry.gauge('logdrive_table_rows', 'Rows in memory that are not in a file yet.'),
  storeUp: registry.gauge('logdrive_store_up', 'Whether the store thread answers.'),
  canaryMissed: registry.gauge('logdrive_canary_missed', 'Canary records in a row that were not found.'),
  canaryLag: registry.gauge('logdrive_canary_lag_seconds', 'Time until the last canary could be found.'),
  residentBytes: registry.gauge('logdrive_process_resident_memory_bytes', 'Resident memory of the process.'),
  eventLoopLag: registry.gauge('logdrive_event_loop_lag_seconds', 'Delay of the front thread, 99th percentile since the start.'),
});

const snakeCase = (stats: Record<string, number>) =>
  Object.fromEntries(Object.entries(stats).map(([key, value]) => [key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]));
