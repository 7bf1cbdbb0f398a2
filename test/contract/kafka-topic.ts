import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';
import { type KafkaConnection, kafkaConfig } from '../../src/adapters/queue/kafka/connection.ts';
import { createTopics, type TopicSettings } from '../../src/adapters/queue/kafka/topics.ts';
import { services } from '../services/services.ts';

/** The broker of the tests. */
export function testBroker(): KafkaConnection {
  const { kafka } = services();
  if (!kafka) throw new Error('there is no Kafka: start the services, or name one in LOGDRIVE_TEST_KAFKA');
  return { brokers: kafka.brokers.split(',') };
}

/** Creates a topic of one test on a broker that stands alone. */
export async function freshTopic(connection: KafkaConnection, settings: Partial<TopicSettings> = {}): Promise<string> {
  const name = `test-${randomUUID()}.logs.raw`;
  await createTopics(connection, [{ name, partitions: 2, replication: 1, ...settings }]);
  return name;
}

export async function deleteTopic(connection: KafkaConnection, topic: string): Promise<void> {
  const admin = new kafkajs.Kafka(kafkaConfig(connection)).admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [topic] });
  await admin.disconnect();
}
