import { KafkaClient } from '../../adapters/queue/kafka/kafka-client.ts';
import type { KafkaEvent, KafkaEventRecord } from '../../adapters/queue/kafka/wire.ts';
import { AppError } from '../../core/errors.ts';
import type { TakenIn } from '../../core/ports/streams.ts';
import { createKeys } from '../../pipeline/keys.ts';
import type { Keys } from '../../pipeline/platform.ts';
import { createTakeIn } from '../../pipeline/take-in.ts';
import { tenantOfKey } from '../../pipeline/tenant-of-key.ts';
import { type AcceptEnvironment, buildAccepting } from './accepting.ts';
import { type FunctionRuntime, type Invocation, once } from './function-runtime.ts';
import { kafkaConnection } from './open-queue.ts';
import { inTopic } from './topics.ts';

/**
 * Builds the door for services that produce straight to Kafka. The tenant of a message is that of the API key in its header `x-api-key`; without a
 * good one it is nobody's, and ends as a dead letter of the system tenant.
 */
export function buildTakeIn(runtime: FunctionRuntime<AcceptEnvironment>): (event: KafkaEvent, invocation: Invocation) => Promise<TakenIn> {
  const { env, clock, registry } = runtime;
  const messages = registry.counter('logdrive_door_messages_total', 'Messages of logs.in, by whether they were accepted.', ['result']);
  const parts = once(async () => {
    const { accept, state, queue, settings, rulesVersion, hmac } = await buildAccepting(runtime);
    const topic = inTopic(env);
    const client = new KafkaClient(await kafkaConnection(env), topic);
    const takeIn = createTakeIn({
      ...{ accept, queue, clock, state, topic, rulesVersion, hmac },
      maskSettings: (tenant) => settings.of(tenant).mask,
      endOf: async (partition) => (await client.ends([partition])).get(partition)!,
    });
    return { takeIn, keys: createKeys({ state, clock }) };
  });

  return async (event, { log }) => {
    const { takeIn, keys } = await parts();
    const sum: TakenIn = { accepted: 0, refused: 0 };
    for (const records of Object.values(event.records)) {
      const foreign = records.find(({ topic }) => topic !== inTopic(env));
      if (foreign) throw new AppError('INVALID_CONFIG', `the event source reads ${foreign.topic}, not ${inTopic(env)}`);
      const tenants = await Promise.all(records.map((record) => tenantOf(record, keys)));
      const taken = await takeIn(
        records.map(({ partition, offset, value }, i) => ({
          partition,
          offset,
          tenant: tenants[i],
          value: value === undefined || value === null ? null : Buffer.from(value, 'base64'),
        })),
      );
      sum.accepted += taken.accepted;
      sum.refused += taken.refused;
    }
    messages.add(sum.accepted, 'accepted');
    messages.add(sum.refused, 'refused');
    if (sum.refused > 0) log.warn({ ...sum }, 'messages of logs.in were refused');
    return sum;
  };
}

async function tenantOf({ headers = [] }: KafkaEventRecord, keys: Keys): Promise<string | undefined> {
  const numbers = headers.flatMap((each) => Object.entries(each)).find(([name]) => name.toLowerCase() === 'x-api-key')?.[1];
  return numbers && tenantOfKey(keys, Buffer.from(Uint8Array.from(numbers)).toString());
}
