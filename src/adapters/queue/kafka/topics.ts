import { setTimeout as delay } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { backoffMs } from '../../../core/backoff.ts';
import { AppError } from '../../../core/errors.ts';
import { type KafkaConnection, kafkaConfig } from './connection.ts';

export type TopicSettings = {
  name: string;
  partitions: number;
  /** @default 3; 1 for a single broker */
  replication?: number;
  /** How many replicas must have a record before it is acknowledged. @default 2, or 1 where there is one replica */
  minInSyncReplicas?: number;
  /** @default 3 days: how long the stores may be behind before records expire unread */
  retentionMs?: number;
  /** Largest record batch as it is stored. @default 2 MiB: a record of 1 MiB, its header, and room */
  maxMessageBytes?: number;
};

const pause = { baseMs: 100, maxMs: 2_000 };

/**
 * Creates topics where they are missing; safe to repeat, by several at once too. A topic that is there with fewer partitions gets more; its other
 * settings are brought to what is given. Tries for `budgetMs`: brokers that start, or have not heard of a new topic yet, are waited for.
 * @throws AppError QUEUE_UNAVAILABLE, INVALID_CONFIG where a topic has more partitions than given: none can be taken away
 */
export async function createTopics(connection: KafkaConnection, topics: TopicSettings[], budgetMs = 30_000): Promise<void> {
  const deadlineMs = performance.now() + budgetMs;
  for (let attempt = 0; ; attempt++) {
    try {
      return await createOnce(connection, topics);
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      const pauseMs = backoffMs(attempt, pause);
      const why = cause instanceof Error ? cause.message : String(cause);
      if (performance.now() + pauseMs > deadlineMs) {
        throw new AppError('QUEUE_UNAVAILABLE', `the topics could not be created: ${why}`, { retryAfterS: 1, cause });
      }
      await delay(pauseMs);
    }
  }
}

async function createOnce(connection: KafkaConnection, topics: TopicSettings[]): Promise<void> {
  const admin = new kafkajs.Kafka(kafkaConfig(connection)).admin();
  try {
    await admin.connect();
    await admin.createTopics({ topics: topics.map(kafkajsTopicOf), waitForLeaders: true });
    const { topics: found } = await admin.fetchTopicMetadata({ topics: topics.map(({ name }) => name) });
    for (const { name, partitions } of topics) {
      const has = found.find((topic) => topic.name === name)?.partitions.length ?? 0;
      if (has > partitions) {
        const detail = `${name} has ${has} partitions, more than the ${partitions} of the settings: none can be taken away`;
        throw new AppError('INVALID_CONFIG', detail);
      }
      if (has < partitions) await admin.createPartitions({ topicPartitions: [{ topic: name, count: partitions }] });
    }
    const resources = topics.map((topic) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name: topic.name,
      configEntries: entriesOf(topic),
    }));
    await admin.alterConfigs({ validateOnly: false, resources });
  } finally {
    await admin.disconnect();
  }
}

function kafkajsTopicOf(topic: TopicSettings) {
  const { name, partitions, replication = 3 } = topic;
  return { topic: name, numPartitions: partitions, replicationFactor: replication, configEntries: entriesOf(topic) };
}

function entriesOf({ replication = 3, minInSyncReplicas, retentionMs = 72 * 3600_000, maxMessageBytes = 2 * 2 ** 20 }: TopicSettings) {
  return Object.entries({
    'min.insync.replicas': minInSyncReplicas ?? Math.min(2, replication),
    'retention.ms': retentionMs,
    'max.message.bytes': maxMessageBytes,
    'cleanup.policy': 'delete',
    'compression.type': 'producer',
    'message.timestamp.type': 'CreateTime',
    'unclean.leader.election.enable': false,
  }).map(([name, value]) => ({ name, value: String(value) }));
}
