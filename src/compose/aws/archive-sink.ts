import type { Environment } from '../../../lambdas/environment.ts';
import type { KafkaEvent } from '../../adapters/queue/kafka/wire.ts';
import { PageCache } from '../../columnar/page-cache.ts';
import { createCatalogue } from '../../pipeline/catalogue.ts';
import { deliverWarm } from '../../pipeline/deliver/deliver.ts';
import type { WarmDeps } from '../../pipeline/deliver/types.ts';
import { ClientIds } from '../../pipeline/store/client-ids.ts';
import { StoreSearch } from '../../pipeline/store/search.ts';
import { SourceFinder } from '../../pipeline/store/sources.ts';
import { type Consumed, consume, sinkMetrics } from './consume.ts';
import { type FunctionRuntime, type Invocation, once } from './function-runtime.ts';
import { readGeneration } from './read-generation.ts';
import { buildSinkParts, type SinkEnvironment, type SinkParts } from './sink-parts.ts';
import { rawTopic } from './topics.ts';

export type ArchiveEnvironment = SinkEnvironment & Environment<'LOGDRIVE_TOPIC_PREFIX'>;

/** Filters over ids of files that were looked at for a record with an id of its client's. */
const idCacheBytes = 32 * 2 ** 20;
const maxOpenParts = 256;

/** Which ids of clients stand in committed files already. */
export function clientIdsOf({ deps: { runner, state }, warm }: SinkParts): ClientIds {
  const catalogue = createCatalogue({ runner, state });
  const sources = new SourceFinder({ catalogue, warm, cache: new PageCache(idCacheBytes), generation: 0, maxOpenParts });
  const search = new StoreSearch(sources, undefined);
  return new ClientIds((tenant, ids) => search.committedIds(tenant, ids));
}

/** Builds the warm sink of an event source. */
export function buildArchive(
  runtime: FunctionRuntime<ArchiveEnvironment>,
): (event: KafkaEvent, invocation: Invocation) => Promise<Consumed> {
  const { env, clock } = runtime;
  const metrics = sinkMetrics(runtime);
  const parts = once(async () => {
    const made = await buildSinkParts(runtime);
    return { deps: { ...made.deps, clientIds: clientIdsOf(made) } satisfies WarmDeps, state: made.state };
  });
  return async (event, invocation) => {
    const { deps, state } = await parts();
    return consume(
      event,
      rawTopic(env),
      await readGeneration(state),
      (batches, { log, deadlineMs }) => deliverWarm({ ...deps, log }, batches, { deadlineMs }),
      invocation,
      { metrics, nowMs: () => clock.nowMs() },
    );
  };
}
