import type { Environment } from '../../../lambdas/environment.ts';
import { ParsedTopic } from '../../adapters/queue/kafka/parsed-topic.ts';
import { batchesOf, type KafkaEvent, messagesOfEvent } from '../../adapters/queue/kafka/wire.ts';
import { AppError } from '../../core/errors.ts';
import { ParsedDelivery, type ParsedDeps } from '../../pipeline/deliver/parsed.ts';
import { createProcessing } from '../../pipeline/deliver/processing.ts';
import { versionedRules } from '../../pipeline/process-rules.ts';
import { createPublishParsed } from '../../pipeline/publish-parsed.ts';
import { type FunctionRuntime, once } from './function-runtime.ts';
import { type KafkaEnvironment, kafkaConnection } from './open-queue.ts';
import { openState } from './open-state.ts';
import { readGeneration } from './read-generation.ts';
import { readSettings } from './settings.ts';
import { parsedTopic, rawTopic } from './topics.ts';

export type PublishEnvironment = KafkaEnvironment & Environment<'LOGDRIVE_TABLE' | 'LOGDRIVE_SETTINGS'>;

/** Builds the output to `logs.parsed` of an event source: see `ParsedDelivery` for what is promised. */
export function buildPublishParsed(runtime: FunctionRuntime<PublishEnvironment>): (event: KafkaEvent) => Promise<{ published: number }> {
  const { env, clock, log, registry } = runtime;
  const count = registry.counter('logdrive_records_published_total', 'Processed records that were published to logs.parsed.');
  const parts = once(async (): Promise<ParsedDeps> => {
    const settings = readSettings(env.LOGDRIVE_SETTINGS);
    const state = openState(env);
    const [rules, connection] = await Promise.all([versionedRules(state, settings.process), kafkaConnection(env)]);
    const output = new ParsedTopic({ ...connection, topic: parsedTopic(env), partitions: env.LOGDRIVE_PARTITIONS, clock });
    const maskSettings = (tenant: string) => settings.of(tenant).mask;
    const processing = createProcessing({ state, rules, maskSettings, clock, log });
    return { state, processing, publish: createPublishParsed(output) };
  });

  return async (event) => {
    const deps = await parts();
    const generation = await readGeneration(deps.state);
    const delivered = await Promise.all(
      messagesOfEvent(event).map(({ topic, partition, messages }) => {
        if (topic !== rawTopic(env)) throw new AppError('INVALID_CONFIG', `the event source reads ${topic}, not ${rawTopic(env)}`);
        return new ParsedDelivery(deps, generation, partition).deliver(batchesOf(partition, generation, messages));
      }),
    );
    const published = delivered.reduce((sum, records) => sum + records, 0);
    count.add(published);
    return { published };
  };
}
