import { PageCache } from '../../columnar/page-cache.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/ports/log.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import type { WarmStore } from '../../core/ports/warm-store.ts';
import type { Signal } from '../../core/signal.ts';
import type { Catalogue } from '../../pipeline/catalogue.ts';
import { createCompactor } from '../../pipeline/compact.ts';
import type { Derivation } from '../../pipeline/derive.ts';
import { createMaintenance, type Maintenance } from '../../pipeline/maintain.ts';
import { rollupDerivation, rollupSteps } from '../../pipeline/measure/rollup.ts';
import { createRetention } from '../../pipeline/retain.ts';
import type { StepRunner } from '../../pipeline/run-steps.ts';
import type { StoreSearch } from '../../pipeline/store/search.ts';
import { summaries } from '../../pipeline/summarise.ts';
import { hourLogs } from '../../pipeline/write-hours.ts';
import { type HostSettings, tenantSettings } from './settings.ts';

export type MaintenanceDeps = {
  signal: Signal;
  settings: HostSettings;
  state: StateStore;
  warm: WarmStore;
  runner: StepRunner;
  catalogue: Catalogue;
  search: StoreSearch;
  clock: Clock;
  log: Log;
};

/**
 * A merge writes hour by hour, and comes back to a page for each hour that it holds: with a cache too small for the pages of two hours of all files
 * they would be decoded again and again (at 16 MB a merge of eight files of one hour takes a sixth more). It is empty between merges.
 */
const mergeCacheBytes = 24 * 1024 * 1024;

/** Builds what happens to committed files by itself: compaction, retention, summaries, hourly logs. */
export function buildMaintenance({ signal, settings, state, warm, runner, catalogue, search, clock, log }: MaintenanceDeps): Maintenance {
  const aggregate = search.aggregate.bind(search);
  const days = [settings.defaults, ...Object.values(settings.tenants)].map(({ warmDays }) => warmDays);
  return createMaintenance({
    compactor: createCompactor({
      ...{ runner, catalogue, warm, clock, log },
      cache: new PageCache(mergeCacheBytes),
      pace: search.foreground.background,
    }),
    retention: createRetention({
      runner,
      catalogue,
      state,
      clock,
      warmDays: (tenant) => tenantSettings(settings, tenant).warmDays,
      maxWarmDays: Math.max(...days),
    }),
    derivations:
      signal === 'logs' ? derivationsOfLogs(settings, search) : signal === 'metrics' ? derivationsOfMetrics(settings, search) : [],
    catalogue,
    state,
    warm,
    aggregate,
    clock,
    log,
  });
}

/** What is made of the hours of the logs. */
const derivationsOfLogs = (settings: HostSettings, search: StoreSearch): Derivation[] => [
  summaries(search.aggregateBehind.bind(search)),
  ...(settings.warmFormat === 'ndjson' ? [hourLogs(search.search.bind(search))] : []),
];

const derivationsOfMetrics = ({ rollupDays }: HostSettings, search: StoreSearch): Derivation[] =>
  rollupSteps.map((step) => rollupDerivation(step, rollupDays[step.name], (plan) => search.search(plan)));
