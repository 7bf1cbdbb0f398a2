import type { Environment } from '../../../lambdas/environment.ts';
import { KeyClaims } from '../../adapters/queue/kafka/key-claims.ts';
import { PageCache } from '../../columnar/page-cache.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import type { WarmStore } from '../../core/ports/warm-store.ts';
import { type Catalogue, createCatalogue } from '../../pipeline/catalogue.ts';
import { type Compactor, createCompactor } from '../../pipeline/compact.ts';
import { createMaintenance, type Maintenance } from '../../pipeline/maintain.ts';
import { createRetention, type Retention } from '../../pipeline/retain.ts';
import { StepRunner } from '../../pipeline/run-steps.ts';
import { StoreSearch } from '../../pipeline/store/search.ts';
import { SourceFinder } from '../../pipeline/store/sources.ts';
import { summaries } from '../../pipeline/summarise.ts';
import type { FunctionRuntime } from './function-runtime.ts';
import { openFiles } from './open-files.ts';
import { openState } from './open-state.ts';
import { readSettings } from './settings.ts';

export type MaintenanceEnvironment = Environment<'LOGDRIVE_TABLE' | 'LOGDRIVE_BUCKET' | 'LOGDRIVE_SETTINGS'> & {
  LOGDRIVE_WARM_DAYS?: number | undefined;
};

/** A merge comes back to a page for each hour that it holds: with less than the pages of two hours they would be decoded again and again. */
const mergeCacheBytes = 64 * 2 ** 20;
const searchCacheBytes = 32 * 2 ** 20;
const maxOpenParts = 64;

/** What happens to committed files, and what it is made of. */
export type WarmPasses = {
  state: StateStore;
  warm: WarmStore;
  runner: StepRunner;
  catalogue: Catalogue;
  compactor: Compactor;
  retention: Retention;
  maintenance: Maintenance;
  /** Deletes the idempotency keys that are older than 24 hours; resolves to how many. */
  forgetKeys(): Promise<number>;
};

/** Builds compaction, retention and summaries over the files in S3. A pass of another function at the same time costs work, and changes nothing. */
export function buildPasses({ env, clock, log }: FunctionRuntime<MaintenanceEnvironment>): WarmPasses {
  const settings = readSettings(env.LOGDRIVE_SETTINGS, env.LOGDRIVE_WARM_DAYS);
  const state = openState(env);
  const warm = openFiles(env);
  const runner = new StepRunner(state, warm);
  const catalogue = createCatalogue({ runner, state });
  const sources = new SourceFinder({ catalogue, warm, cache: new PageCache(searchCacheBytes), generation: 0, maxOpenParts });
  const search = new StoreSearch(sources, undefined);
  const aggregate = search.aggregate.bind(search);
  const compactor = createCompactor({ runner, catalogue, warm, cache: new PageCache(mergeCacheBytes), clock, log });
  const days = [settings.defaults, ...Object.values(settings.tenants)].map(({ warmDays }) => warmDays);
  const retention = createRetention({
    ...{ runner, catalogue, state, clock },
    warmDays: (tenant) => settings.of(tenant).warmDays,
    maxWarmDays: Math.max(...days),
  });
  const maintenance = createMaintenance({
    ...{ compactor, retention, catalogue, state, warm, aggregate, clock, log },
    derivations: [summaries(aggregate)],
  });
  const claims = new KeyClaims(state, clock);
  return { state, warm, runner, catalogue, compactor, retention, maintenance, forgetKeys: () => claims.forgetAll() };
}
