import { PageCache } from '../../columnar/page-cache.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/ports/log.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import type { WarmStore } from '../../core/ports/warm-store.ts';
import type { Catalogue } from '../../pipeline/catalogue.ts';
import { createCompactor } from '../../pipeline/compact.ts';
import { createMaintenance, type Maintenance } from '../../pipeline/maintain.ts';
import { createRetention } from '../../pipeline/retain.ts';
import type { StepRunner } from '../../pipeline/run-steps.ts';
import type { StoreSearch } from '../../pipeline/store/search.ts';
import { summaries } from '../../pipeline/summarise.ts';
import { hourLogs } from '../../pipeline/write-hours.ts';
import { type HostSettings, tenantSettings } from './settings.ts';

export type { Maintenance } from '../../pipeline/maintain.ts';

/** Pages of files that are being merged: each is read once, so a small cache does. */
const mergeCacheBytes = 8 * 1024 * 1024;

export type MaintenanceParts = {
  settings: HostSettings;
  state: StateStore;
  warm: WarmStore;
  runner: StepRunner;
  catalogue: Catalogue;
  search: StoreSearch;
  clock: Clock;
  log: Log;
};

/** Builds what happens to committed files by itself: compaction, retention, hourly summaries, and hourly text files where they are switched on. */
export function buildMaintenance({ settings, state, warm, runner, catalogue, search, clock, log }: MaintenanceParts): Maintenance {
  const compactor = createCompactor({ runner, catalogue, warm, cache: new PageCache(mergeCacheBytes), clock, log });
  const warmDays = (tenant: string) => tenantSettings(settings, tenant).warmDays;
  const maxWarmDays = Math.max(settings.defaults.warmDays, ...Object.values(settings.tenants).map((tenant) => tenant.warmDays));
  const retention = createRetention({ runner, catalogue, state, clock, warmDays, maxWarmDays });
  const aggregate = search.aggregate.bind(search);
  const derivations = [summaries(aggregate), ...(settings.warmFormat === 'ndjson' ? [hourLogs((plan) => search.search(plan))] : [])];
  return createMaintenance({ compactor, retention, derivations, catalogue, state, warm, aggregate, clock, log });
}
