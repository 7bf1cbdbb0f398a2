import { SqliteDeadLetters } from '../../src/adapters/dead-letters/sqlite/sqlite-dead-letters.ts';
import { MemoryHotStore } from '../../src/adapters/hot/memory/memory-hot-store.ts';
import { MemoryStateStore } from '../../src/adapters/state/memory/memory-state-store.ts';
import { MemoryWarmStore } from '../../src/adapters/warm/memory/memory-warm-store.ts';
import { PageCache } from '../../src/columnar/page-cache.ts';
import { manualClock } from '../../src/core/clock.ts';
import { AppError } from '../../src/core/errors.ts';
import { defaultMaskSettings } from '../../src/core/mask-settings.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import type { QueueBatch } from '../../src/core/ports/queue.ts';
import type { ProcessConfig } from '../../src/core/processor.ts';
import type { SinkName } from '../../src/core/warm/keys.ts';
import { statusOf } from '../../src/core/warm/status.ts';
import { createStoredWindows } from '../../src/pipeline/aggregate/stored-windows.ts';
import type { WindowDeps } from '../../src/pipeline/aggregate/window-writer.ts';
import { createCatalogue } from '../../src/pipeline/catalogue.ts';
import { createProcessing } from '../../src/pipeline/deliver/processing.ts';
import type { HotDeps, LogExtent, WarmDeps } from '../../src/pipeline/deliver/types.ts';
import { StepRunner } from '../../src/pipeline/run-steps.ts';
import { ClientIds } from '../../src/pipeline/store/client-ids.ts';
import { always, StoreSearch } from '../../src/pipeline/store/search.ts';
import { SourceFinder } from '../../src/pipeline/store/sources.ts';
import { everything } from '../../src/query/ast/expression.ts';

export const startMs = Date.parse('2026-11-21T08:00:00Z');
export const generation = 1;

/** A rule drops what the service `noise` sends. */
export const rules: ProcessConfig = { version: 1, parse: 'auto', steps: [{ use: 'drop', when: { field: 'service', equals: 'noise' } }] };

/** What the sinks need; that of the windows has a runner of its own. */
export type AllDeps = HotDeps & WarmDeps & WindowDeps & { windowRunner: StepRunner };

/** Two sinks over stores in memory. `deps` are of one process: `again()` gives those of another over the same stores. */
export function openSinks() {
  const state = new MemoryStateStore();
  const warm = new MemoryWarmStore();
  const hot = new MemoryHotStore();
  const deadLetters = new SqliteDeadLetters(':memory:');
  const clock = manualClock(startMs);
  /** Whether the stores take nothing at the moment. */
  const trouble = { isAway: () => false };
  const given = <T extends object, K extends keyof T>(store: T, method: K): T =>
    new Proxy(store, {
      get(target, name) {
        const value = Reflect.get(target, name) as unknown;
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]) => {
          if (name === method && trouble.isAway()) throw new AppError('STORE_UNAVAILABLE', 'away');
          return value.apply(target, args);
        };
      },
    });
  const extent: LogExtent = { start: 0, end: Number.MAX_SAFE_INTEGER, holes: [] };

  /** What one process has of its own. */
  function again(): AllDeps {
    const runner = new StepRunner(state, given(warm, 'putIfAbsent'));
    const catalogue = createCatalogue({ runner, state });
    const sources = new SourceFinder({ catalogue, warm, cache: new PageCache(1 << 20), generation, maxOpenParts: 8 });
    const search = new StoreSearch(sources, undefined);
    const clientIds = new ClientIds((tenant, ids) => search.committedIds(tenant, ids));
    const processing = createProcessing({ state, rules, maskSettings: () => defaultMaskSettings, clock, log: silentLog });
    const extentOf = async () => extent;
    return {
      // Another object for each process: what one remembers is by its own.
      state: given(state, 'close'),
      runner,
      // What fails of the windows is writing them.
      windowRunner: new StepRunner(given(state, 'transact'), warm),
      windows: { latenessUs: 30_000_000, latencyKeys: ['n'] },
      hot: given(hot, 'write'),
      deadLetters,
      processing,
      clientIds,
      extentOf,
      clock,
      log: silentLog,
      codeVersion: 'test',
    };
  }

  const deps = again();
  const { runner } = deps;
  const status = (sink: SinkName, end: number, partition = 0) => runner.run(statusOf(generation, partition, [[0, end]], sink));
  const catalogue = createCatalogue({ runner, state });
  const sources = new SourceFinder({ catalogue, warm, cache: new PageCache(1 << 20), generation, maxOpenParts: 8 });
  const plan = { tenant: 'acme', time: always, where: everything, order: 'asc', limit: 100_000 } as const;
  const snapshot = { 0: Number.MAX_SAFE_INTEGER, 1: Number.MAX_SAFE_INTEGER };

  /** The offsets that each store has rows of, each as often as it has it. */
  const rows = {
    /** Each record has a service of its own, so the windows tell which were counted, and how often. */
    aggregate: async () => {
      const windows = await stored.windows('acme', { fromUs: (startMs - 86_400_000) * 1_000, toUs: (startMs + 86_400_000) * 1_000 });
      return windows.flatMap(({ service, count }) => new Array<number>(count).fill(Number(service.slice(4)))).sort((a, b) => a - b);
    },
    hot: async () => (await hot.search(plan)).records.map(({ offset }) => offset).sort((a, b) => a - b),
    warm: async () =>
      (await new StoreSearch(sources, undefined).search({ ...plan, snapshot })).records.map(({ offset }) => offset).sort((a, b) => a - b),
  };
  const stored = createStoredWindows({
    ...{ state, runner, generation, clock },
    partitions: 1,
    latenessUs: deps.windows.latenessUs,
    ranges: async () => [{ partition: 0, start: extent.start, end: extent.end }],
  });
  return { stored, state, warm, hot, deadLetters, clock, trouble, extent, deps, again, runner, catalogue, status, rows };
}

/** A budget that no test reaches unless it moves the clock. */
export const ample = { deadlineMs: Number.MAX_SAFE_INTEGER };

export type Line = Record<string, unknown> | string;

/** A batch of one request as the queue gives it; a text stands for itself. */
export function batchOf(baseOffset: number, lines: Line[], more: Partial<QueueBatch> = {}): QueueBatch {
  const payload = Buffer.from(lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return {
    tenant: 'acme',
    observedUs: startMs * 1_000,
    format: 'ndjson',
    payload,
    total: lines.length,
    accepted: undefined,
    count: lines.length,
    defaults: {},
    requestId: 'r-1',
    rulesVersion: 1,
    idempotency: undefined,
    generation,
    partition: 0,
    baseOffset,
    ...more,
  };
}

/** What stands at an offset, for ever: most is kept, some is dropped by rule, some is no JSON. */
export function lineAt(offset: number): Line {
  if (offset % 7 === 3) return '{"message": broken';
  return { service: offset % 5 === 2 ? 'noise' : `api-${offset}`, message: `record ${offset}`, n: offset };
}

/** The same offsets in one batch of their own. */
export const batchFrom = (from: number, to: number, more: Partial<QueueBatch> = {}): QueueBatch =>
  batchOf(
    from,
    Array.from({ length: to - from }, (_, i) => lineAt(from + i)),
    more,
  );

export const isKept = (offset: number): boolean => offset % 7 !== 3 && offset % 5 !== 2;
export const upTo = (end: number, from = 0): number[] => Array.from({ length: end - from }, (_, i) => from + i);
