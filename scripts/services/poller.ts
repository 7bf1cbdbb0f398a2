// Stands in for Lambda's Kafka event sources, which no emulator has: node scripts/services/poller.ts --help
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { MSKEvent } from 'aws-lambda';
import kafkajs, { type Consumer, type EachBatchPayload, type KafkaConfig } from 'kafkajs';
import { functions } from '../../lambdas/registry.ts';
import { registerCodecs } from '../../src/adapters/queue/kafka/codecs.ts';
import { backoffMs } from '../../src/core/backoff.ts';
import { cutForEvents, kafkaEvent } from './kafka-event.ts';

/** One event source mapping. `topic` with its prefix; `function` as the Lambda API knows it. */
export type Mapping = { topic: string; function: string; group: string; batchSize: number; windowMs: number };

export type PollerOptions = {
  kafka: Pick<KafkaConfig, 'brokers'> & Partial<KafkaConfig>;
  mappings: Mapping[];
  /** Invokes a function and waits for it. Throws where it failed: the same batch comes again. */
  invoke(name: string, event: MSKEvent): Promise<void>;
  /** Is told of each invocation that failed. */
  onFailure?: (mapping: Mapping, partition: number, attempt: number, error: unknown) => void;
  backoff?: { baseMs: number; maxMs: number };
};

const { Kafka, logLevel } = kafkajs;
const fetchBytes = 4_000_000;
const heartbeatMs = 3_000;

/**
 * Reads topics and invokes functions as Lambda's event sources do: from the beginning of a topic, partitions side by side and each in order, a
 * batch when it is full or its window has passed, the same batch again with backoff until the function takes it, and only then the next.
 */
export async function startPoller({ kafka, mappings, invoke, onFailure, backoff = { baseMs: 1_000, maxMs: 60_000 } }: PollerOptions) {
  registerCodecs();
  const client = new Kafka({ clientId: 'logdrive-poller', logLevel: logLevel.NOTHING, ...kafka });
  const stopping = new AbortController();

  /** False where the poller stops before the function took the batch. */
  const deliver = async (mapping: Mapping, partition: number, event: MSKEvent): Promise<boolean> => {
    for (let attempt = 0; !stopping.signal.aborted; attempt++) {
      try {
        await invoke(mapping.function, event);
        return true;
      } catch (error) {
        onFailure?.(mapping, partition, attempt + 1, error);
        await wait(backoffMs(attempt, backoff), undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
    return false;
  };

  const take = async (mapping: Mapping, { batch, heartbeat, resolveOffset, commitOffsetsIfNecessary }: EachBatchPayload) => {
    const beating = setInterval(() => void heartbeat().catch(() => {}), heartbeatMs);
    try {
      for (const messages of cutForEvents(batch.messages, mapping.batchSize)) {
        const event = kafkaEvent(batch.topic, batch.partition, messages, kafka.brokers.toString());
        if (!(await deliver(mapping, batch.partition, event))) return;
        resolveOffset(messages.at(-1)!.offset);
        await commitOffsetsIfNecessary({
          topics: [
            { topic: batch.topic, partitions: [{ partition: batch.partition, offset: String(BigInt(messages.at(-1)!.offset) + 1n) }] },
          ],
        });
      }
    } finally {
      clearInterval(beating);
    }
  };

  const start = async (mapping: Mapping): Promise<Consumer> => {
    const consumer = client.consumer({
      groupId: mapping.group,
      minBytes: fetchBytes,
      maxBytesPerPartition: fetchBytes,
      maxWaitTimeInMs: Math.max(1, mapping.windowMs),
      sessionTimeout: Math.max(30_000, mapping.windowMs * 3),
    });
    await consumer.connect();
    await consumer.subscribe({ topic: mapping.topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 64,
      eachBatch: (payload) => take(mapping, payload),
    });
    return consumer;
  };

  const consumers = await Promise.all(mappings.map(start));
  return {
    async stop() {
      stopping.abort();
      await Promise.all(consumers.map((consumer) => consumer.disconnect()));
    },
  };
}

/** The mappings that the manifests ask for, for functions under the names that a stack gave them. */
export function mappingsOf(names: Record<string, string>, prefix: string): Mapping[] {
  return Object.entries(names).flatMap(([name, deployed]) => {
    const manifest = functions[name as keyof typeof functions];
    if (!manifest) throw new Error(`there is no function ${name}`);
    return manifest.triggers.flatMap((trigger) =>
      trigger.kind === 'kafka'
        ? [
            {
              topic: prefix + trigger.topic,
              function: deployed,
              group: `${prefix}${name}`,
              batchSize: trigger.batchSize,
              windowMs: trigger.windowS * 1_000,
            },
          ]
        : [],
    );
  });
}

/** Invokes by the Lambda API of an emulator. */
export function lambdaInvoker(endpoint: string | undefined): PollerOptions['invoke'] {
  const client = new LambdaClient({ ...(endpoint ? { endpoint } : {}), requestHandler: { requestTimeout: 900_000 } });
  return async (name, event) => {
    const { FunctionError, Payload } = await client.send(new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event) }));
    if (FunctionError)
      throw new Error(
        `${name}: ${FunctionError}: ${Buffer.from(Payload ?? [])
          .toString()
          .slice(0, 500)}`,
      );
  };
}

const usage = `usage: node scripts/services/poller.ts --brokers HOST:PORT [--prefix P] [--endpoint URL] NAME=FUNCTION...

Reads what the functions of these manifests are fed with by Kafka (index, archive, aggregate, take-in) and invokes the deployed
FUNCTION of each until it is stopped. --endpoint: the Lambda API; AWS_ENDPOINT_URL unless given.`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      brokers: { type: 'string' },
      prefix: { type: 'string', default: '' },
      endpoint: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help || !values.brokers || positionals.length === 0) {
    console.error(usage);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const names = Object.fromEntries(positionals.map((pair) => pair.split('=') as [string, string]));
  const mappings = mappingsOf(names, values.prefix);
  const poller = await startPoller({
    kafka: { brokers: values.brokers.split(',') },
    mappings,
    invoke: lambdaInvoker(values.endpoint),
    onFailure: ({ function: name }, partition, attempt, error) =>
      console.error(`${name} partition ${partition}, attempt ${attempt}: ${(error as Error).message}`),
  });
  for (const { topic, function: name } of mappings) console.log(`${topic} -> ${name}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void poller.stop().then(() => process.exit(0)));
}

if (import.meta.main) await main();
