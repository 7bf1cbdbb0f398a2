import type { Environment } from '../../../lambdas/environment.ts';
import { PageCache } from '../../columnar/page-cache.ts';
import type { WarmStore } from '../../core/ports/warm-store.ts';
import { createCatalogue } from '../../pipeline/catalogue.ts';
import { createCloudStore } from '../../pipeline/cloud/cloud-store.ts';
import { createCompactor } from '../../pipeline/compact.ts';
import { createMaintenance } from '../../pipeline/maintain.ts';
import { createRetention } from '../../pipeline/retain.ts';
import { StoreSearch } from '../../pipeline/store/search.ts';
import { SourceFinder } from '../../pipeline/store/sources.ts';
import type { StoreApi } from '../../pipeline/store-api.ts';
import type { WarmQuery } from '../../query/ports/warm-query.ts';
import type { FunctionRuntime } from './function-runtime.ts';
import { readExtents } from './log-extents.ts';
import { type HotEnvironment, openHot } from './open-hot.ts';
import { readGeneration } from './read-generation.ts';
import { buildSinkParts, type SinkEnvironment, type SinkParts } from './sink-parts.ts';

export type StoreEnvironment = SinkEnvironment &
  HotEnvironment &
  Environment<'LOGDRIVE_PARTITIONS'> &
  Partial<Environment<'LOGDRIVE_HOT_DAYS'>>;

/** Copies of the files, an SQL engine over them, and above how many bytes of files it is asked for every aggregate. */
export type LocalFiles = { warm: WarmStore; warmQuery: WarmQuery; largeScanBytes?: number };

export type OpenedStore = SinkParts & { api: StoreApi; extents: ReturnType<typeof readExtents>; close(): Promise<void> };

const maxOpenParts = 256;
const summaryCacheBytes = 16 * 2 ** 20;
/** API Gateway waits 29 s: a hot store that is not there in time leaves the answer to the files. */
const hotTimeoutMs = 8_000;

/**
 * Opens both stores to be asked. `local` puts copies of the files between, and an SQL engine over them. Where the log ends is what was noted last,
 * or what a sink has closed beyond it.
 */
export async function openStore(
  runtime: FunctionRuntime<StoreEnvironment>,
  { cacheBytes, local }: { cacheBytes: number; local?: (files: WarmStore) => Promise<LocalFiles> },
): Promise<OpenedStore> {
  const { env, clock, log } = runtime;
  const parts = await buildSinkParts(runtime);
  const { state, deps, settings } = parts;
  const { warm, warmQuery, largeScanBytes }: Partial<LocalFiles> & Pick<LocalFiles, 'warm'> = local
    ? await local(parts.warm)
    : { warm: parts.warm };
  const hot = openHot(env, clock);
  const extents = readExtents(state, clock);
  const { runner, deadLetters, processing } = deps;
  const catalogue = createCatalogue({ runner, state });
  const sources = new SourceFinder({ catalogue, warm, cache: new PageCache(summaryCacheBytes), generation: 0, maxOpenParts });
  const search = new StoreSearch(sources, undefined);
  const aggregate = search.aggregate.bind(search);
  const passes = { runner, catalogue, state, clock };
  const maintenance = createMaintenance({
    compactor: createCompactor({ ...passes, warm, cache: new PageCache(summaryCacheBytes), log }),
    retention: createRetention({ ...passes, warmDays: (tenant) => settings.of(tenant).warmDays, maxWarmDays: settings.defaults.warmDays }),
    derivations: [],
    ...{ catalogue, state, warm, aggregate, clock, log },
  });
  const api = createCloudStore({
    generation: await readGeneration(state),
    partitions: env.LOGDRIVE_PARTITIONS,
    ...{ state, runner, warm, hot, deadLetters, processing, maintenance, clock, log, cacheBytes, maxOpenParts, hotTimeoutMs },
    queue: extents,
    ...(warmQuery ? { warmQuery } : {}),
    ...(largeScanBytes === undefined ? {} : { largeScanBytes }),
    // The lifecycle policy of the indices deletes days by itself.
    ...(env.LOGDRIVE_HOT_DAYS === undefined ? {} : { hotDays: env.LOGDRIVE_HOT_DAYS }),
  });
  const close = async () => {
    await warmQuery?.close();
    await hot?.close();
  };
  return { ...parts, api, extents, close };
}
