import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import type { Log } from '../core/ports/log.ts';
import type { StateStore } from '../core/ports/state-store.ts';
import type { WarmStore } from '../core/ports/warm-store.ts';
import type { Catalogue } from './catalogue.ts';
import { type Compactor, compactDefaults } from './compact.ts';
import { type Derivation, derive } from './derive.ts';
import type { MergeCounts } from './merge-files.ts';
import type { Retention } from './retain.ts';
import type { StorageTier } from './store-api.ts';
import { type Aggregator, type HourSummary, summarise, summaryName } from './summarise.ts';

export type MaintainDeps = {
  compactor: Compactor;
  retention: Retention;
  derivations: Derivation[];
  catalogue: Catalogue;
  state: StateStore;
  warm: WarmStore;
  aggregate: Aggregator;
  clock: Clock;
  log: Log;
  hourDelayMs?: number;
};

/** What happens to committed files by itself. One pass runs at a time. */
export type Maintenance = {
  start(): void;
  /** Ends after the pass that is under way. */
  stop(): Promise<void>;
  /** Tells that a commit added a file: the next pass waits until commits pause, unless there are many. */
  committed(): void;
  /** Compacts what is due, or everything, and brings derived objects up to date. */
  compact(all: boolean): Promise<MergeCounts>;
  /** The summary of an hour, `hour` as `2026-11-21T08`: of its records, or the written one when they are gone. @throws AppError INVALID_PARAMETER */
  analytics(tenant: string, hour: string): Promise<HourSummary | undefined>;
  /** How many summaries and hourly logs were written since the start. */
  derived(): number;
  /** What committed files take, of one tenant or of all. A level-0 file counts whole for each tenant in it. */
  storage(tenant: string | undefined): Promise<StorageTier[]>;
};

const everyMs = 30_000;
/** While commits follow one another faster than this, compaction leaves the thread to them ... */
const quietMs = 10_000;
/** ... until so many files have come that queries would feel it. */
const pressingFiles = 64;
const housekeepingMs = 3_600_000;

export function createMaintenance(deps: MaintainDeps): Maintenance {
  const { compactor, retention, derivations, catalogue, state, warm, aggregate, clock, log } = deps;
  const { hourDelayMs = compactDefaults.hourDelayMs } = deps;
  let timer: NodeJS.Timeout | undefined;
  let lastHousekeepingMs = Number.NEGATIVE_INFINITY;
  let filesSince = 0;
  let written = 0;
  let tail: Promise<unknown> = Promise.resolve();
  let stopped = true;

  /** Runs behind what is under way, so that passes never overlap. */
  function queued<T>(work: () => Promise<T>): Promise<T> {
    const result = tail.then(work);
    tail = result.catch(() => {});
    return result;
  }

  async function pass(all: boolean): Promise<MergeCounts> {
    filesSince = 0;
    const counts = await compactor.run(all);
    for (const derivation of derivations) written += await derive(derivation, { state, catalogue, warm, clock, hourDelayMs });
    await compactor.collect();
    return counts;
  }

  async function housekeep(): Promise<void> {
    if (clock.monotonicMs() - lastHousekeepingMs < housekeepingMs) return;
    lastHousekeepingMs = clock.monotonicMs();
    const swept = await compactor.sweep();
    const expired = await retention.run();
    if (swept + expired > 0) log.info({ swept, expired }, 'files condemned');
  }

  function plan(ms: number): void {
    clearTimeout(timer);
    if (stopped) return;
    timer = setTimeout(() => {
      void queued(async () => {
        await pass(false);
        await housekeep();
      })
        .catch((error: unknown) => log.error({ error }, 'maintenance failed, will be tried again'))
        .finally(() => plan(everyMs));
    }, ms);
    timer.unref();
  }

  return {
    start() {
      stopped = false;
      plan(everyMs);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await tail;
    },
    committed() {
      plan(++filesSince < pressingFiles ? quietMs : 0);
    },
    compact: (all) => queued(() => pass(all)),
    derived: () => written,
    async analytics(tenant, hour) {
      const place = placeOf(tenant, hour);
      const summary = await summarise(place, aggregate);
      if (summary.total > 0) return summary;
      try {
        return JSON.parse(new TextDecoder().decode(await warm.get(summaryName(place)))) as HourSummary;
      } catch (error) {
        if (error instanceof AppError && error.code === 'NOT_FOUND') return undefined;
        throw error;
      }
    },
    async storage(tenant) {
      const level0 = (await catalogue.partitions())
        .flatMap(({ files }) => files)
        .filter(({ tenants }) => !tenant || !tenants || tenants.includes(tenant));
      const tenants = (await catalogue.tenants()).filter((item) => !tenant || item.tenant === tenant);
      const days = await Promise.all(tenants.map((item) => catalogue.days(item.tenant, item.days)));
      return [
        tierOf('level0', level0),
        tierOf(
          'compacted',
          days.flat().flatMap(({ files }) => files),
        ),
      ];
    },
  };
}

function placeOf(tenant: string, hour: string): { tenant: string; day: string; hour: number } {
  const [, day, digits] = /^(\d{4}-\d{2}-\d{2})T(\d{2})$/.exec(hour) ?? [];
  if (!day || Number.isNaN(Date.parse(`${hour}:00:00Z`)))
    throw new AppError('INVALID_PARAMETER', `hour: "${hour.slice(0, 40)}" is no hour; give it as 2026-11-21T08`);
  return { tenant, day, hour: Number(digits) };
}

function tierOf(tier: StorageTier['tier'], files: { info: { rows: number; bytes: number } }[]): StorageTier {
  const sum = (of: 'rows' | 'bytes') => files.reduce((total, { info }) => total + info[of], 0);
  return { tier, files: files.length, bytes: sum('bytes'), rows: sum('rows') };
}
