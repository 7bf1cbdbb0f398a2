import { KafkaQueue } from '../../src/adapters/queue/kafka/kafka-queue.ts';
import { KafkaReader } from '../../src/adapters/queue/kafka/kafka-reader.ts';
import type { Compression } from '../../src/adapters/queue/kafka/options.ts';
import { MemoryStateStore } from '../../src/adapters/state/memory/memory-state-store.ts';
import { type Clock, manualClock, systemClock } from '../../src/core/clock.ts';
import type { StateStore } from '../../src/core/ports/state-store.ts';
import { deleteTopic, freshTopic, testBroker } from './kafka-topic.ts';
import { describeQueue, type QueueSubject } from './queue.contract.ts';

for (const compression of ['none', 'snappy', 'zstd'] as const) {
  describeQueue(
    `Kafka, ${compression}`,
    async () => {
      const topic = await freshTopic(testBroker(), { maxMessageBytes: 4 * 2 ** 20 });
      const wall = manualClock(1_763_733_600_000);
      return openOn({ topic, compression, wall, state: new MemoryStateStore() });
    },
    {
      'find after retention': "the topic's own retention removes records; keys are in the state store, whatever it does",
      hole: 'the brokers keep checksums and replicas; what they cannot read they do not serve',
      release: "the topic's own retention removes records",
    },
  );
}

type Over = { topic: string; compression: Compression; wall: ReturnType<typeof manualClock>; state: StateStore };

async function openOn(over: Over): Promise<QueueSubject> {
  const { topic, compression, wall, state } = over;
  const clock: Clock = { nowMs: wall.nowMs, monotonicMs: systemClock.monotonicMs };
  const shared = { ...testBroker(), topic, partitions: 2, generation: 3 };
  const openQueue = () => new KafkaQueue({ ...shared, clock, compression }, state);
  const queues = [openQueue()];
  const reader = new KafkaReader(shared);
  const close = async () => {
    await Promise.all(queues.map((queue) => queue.close()));
    await reader.close();
  };
  return {
    queue: queues[0]!,
    reader,
    keeps: 'records',
    advance: wall.advance,
    other: async () => {
      queues.push(openQueue());
      return queues.at(-1)!;
    },
    reopen: async () => {
      await close();
      return openOn(over);
    },
    reopenDamaged: () => Promise.reject(new Error('the files of a broker are not to be touched')),
    dispose: async () => {
      await close();
      await deleteTopic(testBroker(), topic);
    },
  };
}
