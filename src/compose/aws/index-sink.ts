import type { Environment } from '../../../lambdas/environment.ts';
import type { KafkaEvent } from '../../adapters/queue/kafka/wire.ts';
import { deliverHot } from '../../pipeline/deliver/deliver.ts';
import type { HotDeps } from '../../pipeline/deliver/types.ts';
import { type Consumed, consume, sinkMetrics } from './consume.ts';
import { type FunctionRuntime, type Invocation, once } from './function-runtime.ts';
import { type HotEnvironment, openHot } from './open-hot.ts';
import { readGeneration } from './read-generation.ts';
import { buildSinkParts, type SinkEnvironment } from './sink-parts.ts';
import { rawTopic } from './topics.ts';

export type IndexEnvironment = SinkEnvironment & HotEnvironment & Environment<'LOGDRIVE_TOPIC_PREFIX'>;

/** Builds the hot sink of an event source. */
export function buildIndex(runtime: FunctionRuntime<IndexEnvironment>): (event: KafkaEvent, invocation: Invocation) => Promise<Consumed> {
  const { env, clock } = runtime;
  const metrics = sinkMetrics(runtime);
  const parts = once(async () => {
    const { deps, state } = await buildSinkParts(runtime);
    const hot = openHot(env, clock)!;
    return { deps: { ...deps, hot } satisfies HotDeps, state };
  });
  return async (event, invocation) => {
    const { deps, state } = await parts();
    return consume(
      event,
      rawTopic(env),
      await readGeneration(state),
      (batches, { log, deadlineMs }) => deliverHot({ ...deps, log }, batches, { deadlineMs }),
      invocation,
      { metrics, nowMs: () => clock.nowMs() },
    );
  };
}
