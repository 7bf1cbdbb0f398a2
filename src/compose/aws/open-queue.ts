import type { Environment } from '../../../lambdas/environment.ts';
import { type KafkaAuth, scramOfSecret } from '../../adapters/queue/kafka/auth.ts';
import type { KafkaConnection } from '../../adapters/queue/kafka/connection.ts';
import { KafkaQueue } from '../../adapters/queue/kafka/kafka-queue.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/ports/log.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import { region } from './credentials.ts';
import { readGeneration } from './read-generation.ts';
import { readSecret } from './read-secret.ts';
import { rawTopic } from './topics.ts';

export type KafkaEnvironment = Environment<
  'LOGDRIVE_BROKERS' | 'LOGDRIVE_KAFKA_AUTH' | 'LOGDRIVE_KAFKA_SECRET' | 'LOGDRIVE_TOPIC_PREFIX' | 'LOGDRIVE_PARTITIONS'
>;

/** An append and what comes before it has to fit into the 29 s that API Gateway waits. */
const budgetMs = 10_000;

/** Where Kafka is and as whom to speak to it. @throws AppError INVALID_CONFIG */
export async function kafkaConnection(env: KafkaEnvironment): Promise<KafkaConnection> {
  return { brokers: env.LOGDRIVE_BROKERS.split(',').map((broker) => broker.trim()), auth: await authOf(env) };
}

async function authOf({ LOGDRIVE_KAFKA_AUTH: kind, LOGDRIVE_KAFKA_SECRET: arn }: KafkaEnvironment): Promise<KafkaAuth> {
  if (kind === 'plain') return { kind };
  if (kind === 'iam') return { kind, region: region() };
  return scramOfSecret(JSON.stringify(arn ? await readSecret(arn) : {}));
}

/** The queue, in Kafka, in its present generation. */
export async function openQueue(env: KafkaEnvironment, state: StateStore, { clock, log }: { clock: Clock; log: Log }): Promise<KafkaQueue> {
  const [connection, generation] = await Promise.all([kafkaConnection(env), readGeneration(state)]);
  const partitions = env.LOGDRIVE_PARTITIONS;
  const onProblem = (what: string, error: unknown) => log.error({ error }, what);
  return new KafkaQueue({ ...connection, topic: rawTopic(env), partitions, generation, clock, budgetMs, onProblem }, state);
}
