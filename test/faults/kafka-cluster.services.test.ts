import kafkajs from 'kafkajs';
import { afterEach, expect, test } from 'vitest';
import { kafkaConfig } from '../../src/adapters/queue/kafka/connection.ts';
import { KafkaQueue } from '../../src/adapters/queue/kafka/kafka-queue.ts';
import { KafkaReader } from '../../src/adapters/queue/kafka/kafka-reader.ts';
import { MemoryStateStore } from '../../src/adapters/state/memory/memory-state-store.ts';
import { systemClock } from '../../src/core/clock.ts';
import { freshTopic } from '../contract/kafka-topic.ts';
import { KafkaCluster } from './kafka-cluster.ts';
import { faultsIn, runWorkload, type Workload } from './kafka-workload.ts';

const partitions = 6;
const ending: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

// Three JVMs beside those of the other tests are too much for every run: LOGDRIVE_TEST_CLUSTER=1 vitest run --project services test/faults/kafka-cluster
test.skipIf(!process.env.LOGDRIVE_TEST_CLUSTER)(
  'one of three brokers that is killed in the middle of many appends loses nothing that was acknowledged, and doubles nothing',
  async () => {
    const cluster = await KafkaCluster.start();
    ending.push(() => cluster.close());
    const connection = { brokers: cluster.brokers, requestTimeoutMs: 3_000, connectionTimeoutMs: 1_000 };
    const topic = await freshTopic(connection, { partitions, replication: 3, minInSyncReplicas: 2 });
    const admin = new kafkajs.Kafka(kafkaConfig(connection)).admin();
    await admin.connect();
    ending.push(() => admin.disconnect());
    const leaders = async () => (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]!.partitions.map(({ leader }) => leader);
    expect(new Set(await leaders()).size).toBe(3);

    const clock = { skewMs: 0, nowMs: () => Date.now() + clock.skewMs, monotonicMs: systemClock.monotonicMs };
    const queue = new KafkaQueue({ ...connection, topic, partitions, generation: 1, clock, budgetMs: 20_000 }, new MemoryStateStore());
    ending.push(() => queue.close());
    let killed: Promise<void> | undefined;
    const workload: Workload = {
      clients: 12,
      requestsEach: 60,
      recordsOf: (request) => (request === 5 ? 4_000 : 1 + (request % 7)),
      leaseOver: () => {
        clock.skewMs += 41_000;
      },
      acknowledged: (count) => {
        if (count === 150) killed = cluster.kill(2);
      },
    };
    const witness = await runWorkload(queue, workload);
    await killed;
    expect(killed).toBeDefined();
    expect(witness.acknowledged.size).toBe(12 * 60);
    expect(new Set(await leaders())).not.toContain(2);
    const reader = new KafkaReader({ ...connection, topic, partitions, generation: 1, budgetMs: 30_000 });
    ending.push(() => reader.close());
    expect(await faultsIn(reader, partitions, workload, witness)).toEqual([]);
    const records = [...witness.acknowledged.values()].reduce((sum, { count }) => sum + count, 0);
    console.log(
      `${witness.acknowledged.size} requests, ${records} records; refused: ${JSON.stringify([...witness.codes])}; of unknown outcome: ${witness.unknown.size}`,
    );

    cluster.restart(2);
    await expect
      .poll(
        async () => new Set((await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]!.partitions.flatMap(({ isr }) => isr)).size,
        { timeout: 120_000, interval: 1_000 },
      )
      .toBe(3);
  },
  400_000,
);
