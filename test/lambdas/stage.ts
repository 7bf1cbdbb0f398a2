import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import kafkajs, { type EachBatchPayload, type Kafka, type KafkaMessage, type Message } from 'kafkajs';
import type { FunctionName } from '../../lambdas/registry.ts';
import { bundleFunctions } from '../../scripts/bundle.ts';
import { registerCodecs } from '../../src/adapters/queue/kafka/codecs.ts';
import { dynamoDbClient } from '../../src/adapters/state/dynamodb/client.ts';
import { DynamoDbStateStore } from '../../src/adapters/state/dynamodb/dynamodb-state-store.ts';
import { s3Client } from '../../src/adapters/warm/s3/client.ts';
import { S3WarmStore } from '../../src/adapters/warm/s3/s3-warm-store.ts';
import { aws, endpointOf, makeBucket, makeQueue, makeTable } from '../contract/aws-bench.ts';
import { RunningFunction, type RunOptions } from './run-function.ts';

/** A stage of its own for a test: table, bucket and queue in the emulator, and functions that run from their bundles with its environment. */
export type Stage = Awaited<ReturnType<typeof openStage>>;

/** Bundles the functions and makes what they need. `env` is laid over what every function has. */
export async function openStage(names: FunctionName[], env: Record<string, string> = {}) {
  const { table, remove } = await makeTable();
  const [bucket, queueUrl] = [await makeBucket(), await makeQueue()];
  const folder = await mkdtemp(join(tmpdir(), 'logdrive-functions-'));
  await bundleFunctions(folder, names, { links: true });
  const topicPrefix = `t${randomBytes(5).toString('hex')}.`;
  const all: Record<string, string> = {
    AWS_ENDPOINT_URL: aws!.endpoint,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    LOGDRIVE_STAGE: 'test',
    LOGDRIVE_TABLE: table,
    LOGDRIVE_BUCKET: bucket,
    LOGDRIVE_DLQ_URL: queueUrl,
    LOGDRIVE_TOPIC_PREFIX: topicPrefix,
    LOGDRIVE_PARTITIONS: '2',
    LOGDRIVE_KAFKA_AUTH: 'plain',
    LOGDRIVE_BROKERS: process.env.LOGDRIVE_TEST_KAFKA ?? '127.0.0.1:9',
    KAFKAJS_NO_PARTITIONER_WARNING: '1',
    ...env,
  };
  registerCodecs();
  const kafka = new kafkajs.Kafka({ brokers: [all.LOGDRIVE_BROKERS!], logLevel: kafkajs.logLevel.NOTHING });
  const rawTopic = `${topicPrefix}logs.raw`;
  const running: RunningFunction[] = [];
  const state = new DynamoDbStateStore({ client: dynamoDbClient(endpointOf()), table });
  return {
    env: all,
    topicPrefix,
    /** The stage's own stores, as the functions see them. */
    state,
    warm: new S3WarmStore({ client: s3Client(endpointOf()), bucket }),
    async makeTopics(...topics: string[]): Promise<void> {
      const admin = kafka.admin();
      await admin.connect();
      const made = ['logs.raw', ...topics].map((topic) => ({ topic: topicPrefix + topic, numPartitions: 2 }));
      await admin.createTopics({ topics: made, waitForLeaders: true });
      await admin.disconnect();
    },
    async partitionsOf(topic: string): Promise<number[]> {
      const admin = kafka.admin();
      await admin.connect();
      const { topics } = await admin.fetchTopicMetadata({ topics: [topicPrefix + topic] });
      await admin.disconnect();
      return topics[0]!.partitions.map(({ partitionId }) => partitionId);
    },
    /** Produces as somebody else would, to the raw topic unless another is named. */
    async produce(messages: Message[], topic = 'logs.raw'): Promise<void> {
      const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
      await producer.connect();
      await producer.send({ topic: topicPrefix + topic, messages });
      await producer.disconnect();
    },
    /** All messages of the raw topic as they are now, by partition. */
    async readTopic(topic = 'logs.raw'): Promise<Map<number, KafkaMessage[]>> {
      return readWhole(kafka, topicPrefix + topic);
    },
    rawTopic,
    /** Another execution environment of a function. */
    start(name: FunctionName, options: Partial<RunOptions> = {}): RunningFunction {
      const made = new RunningFunction(name, { folder, ...options, env: { ...all, ...options.env } });
      running.push(made);
      return made;
    },
    async close() {
      await Promise.all(running.map((each) => each.stop()));
      await rm(folder, { recursive: true, force: true });
      await state.close();
      await remove();
    },
  };
}

/** Reads a topic from its beginning to where it ends now. */
async function readWhole(kafka: Kafka, topic: string): Promise<Map<number, KafkaMessage[]>> {
  const admin = kafka.admin();
  await admin.connect();
  const ends = new Map((await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, Number(high)]));
  await admin.disconnect();
  const read = new Map<number, KafkaMessage[]>([...ends].filter(([, end]) => end > 0).map(([partition]) => [partition, []]));
  if (read.size === 0) return read;
  const consumer = kafka.consumer({ groupId: `read-${randomBytes(6).toString('hex')}`, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const isWhole = () =>
    [...read].every(([partition, messages]) => messages.length > 0 && Number(messages.at(-1)!.offset) + 1 >= ends.get(partition)!);
  await new Promise<void>((resolve, reject) => {
    // It starts again by itself after errors that pass, such as a coordinator that is loading.
    consumer.on('consumer.crash', ({ payload }) => payload.restart || reject(payload.error));
    const eachBatch = async ({ batch }: EachBatchPayload) => {
      read.get(batch.partition)?.push(...batch.messages);
      if (isWhole()) resolve();
    };
    consumer.run({ eachBatch, autoCommit: false }).catch(reject);
  });
  await consumer.disconnect();
  return read;
}
