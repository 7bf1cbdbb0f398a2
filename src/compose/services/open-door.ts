import { InConsumer } from '../../adapters/queue/kafka/in-consumer.ts';
import { KafkaClient } from '../../adapters/queue/kafka/kafka-client.ts';
import type { Keys } from '../../pipeline/platform.ts';
import { createTakeIn, type TakeInDeps } from '../../pipeline/take-in.ts';
import { tenantOfKey } from '../../pipeline/tenant-of-key.ts';
import type { ServiceAddresses } from './running-services.ts';

export type DoorDeps = Omit<TakeInDeps, 'topic' | 'endOf'> & { keys: Keys; onProblem(what: string, cause: unknown): void };

/** Opens `logs.in`, where the settings say so: what services write there is accepted like a request. */
export function openDoor({ brokers, in: door }: ServiceAddresses, { keys, onProblem, ...deps }: DoorDeps) {
  if (!door) return undefined;
  const { topic } = door;
  const client = new KafkaClient({ brokers }, topic);
  const takeIn = createTakeIn({ ...deps, topic, endOf: async (partition) => (await client.ends([partition])).get(partition)! });
  const consumer = new InConsumer({ brokers, ...door, takeIn, tenantOfKey: (secret) => tenantOfKey(keys, secret), onProblem });
  return {
    start: () => consumer.start(),
    async stop() {
      await consumer.close();
      await client.close();
    },
  };
}
