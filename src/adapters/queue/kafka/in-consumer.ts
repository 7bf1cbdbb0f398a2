import { setTimeout as delay } from 'node:timers/promises';
import kafkajs, { type Consumer, type EachBatchPayload, type KafkaMessage } from 'kafkajs';
import { backoffMs } from '../../../core/backoff.ts';
import type { IncomingMessage, TakeIn } from '../../../core/ports/streams.ts';
import { isTenant } from '../../../core/tenant.ts';
import { type KafkaConnection, kafkaConfig } from './connection.ts';

/** Whose a message of `logs.in` is. Who may write to the topic is believed: its access list is the lock. */
export type TenantMapping = {
  /** The tenant of every message that names none. */
  tenant?: string;
  /** Header whose value names the tenant, where it is one of `tenants`. */
  header?: string;
  tenants?: readonly string[];
};

export type InConsumerOptions = KafkaConnection & {
  topic: string;
  groupId: string;
  mapping: TenantMapping;
  /** Whose messages with this API key in the header `x-api-key` are; a key outdoes the mapping. Throws where the messages are to come again. */
  tenantOfKey?: (secret: string) => Promise<string | undefined>;
  takeIn: TakeIn;
  /** Called when messages could not be taken in, before they are tried again. */
  onProblem?: (what: string, cause: unknown) => void;
};

const pause = { baseMs: 100, maxMs: 5_000 };

/**
 * Hands on what services write to `logs.in`, as one consumer group whatever the number of processes. An offset is committed after everything up
 * to it is durable in the raw topic; after a crash between the two messages come again, and take-in knows them.
 */
export class InConsumer {
  readonly #options: InConsumerOptions;
  readonly #kafka: kafkajs.Kafka;
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: InConsumerOptions) {
    this.#options = options;
    const retry = { retries: 10, initialRetryTime: 100, maxRetryTime: 5_000 };
    this.#kafka = new kafkajs.Kafka({ ...kafkaConfig(options), retry, requestTimeout: 30_000 });
  }

  /** Begins to consume, and goes on whatever the brokers do, until it is closed. */
  start(): void {
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const consumer = this.#kafka.consumer({ groupId: this.#options.groupId, allowAutoTopicCreation: false, maxWaitTimeInMs: 500 });
      try {
        await this.#consume(consumer);
      } catch (error) {
        this.#options.onProblem?.('the consumer of logs.in ended, and is started again', error);
      }
      await consumer.disconnect().catch(() => {}); // it is thrown away
      if (!signal.aborted) await this.#pause(attempt);
    }
  }

  /** Resolves when it is closed; throws when the consumer has ended for good. */
  async #consume(consumer: Consumer): Promise<void> {
    const { signal } = this.#closing;
    const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => resolve(), { once: true });
    // kafkajs starts it again by itself, but not after every error.
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) reject(payload.error);
    });
    await consumer.connect();
    await consumer.subscribe({ topic: this.#options.topic, fromBeginning: true });
    await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: (batch) => this.#takeIn(consumer, batch) });
    await ended;
  }

  async #pause(attempt: number): Promise<void> {
    await delay(backoffMs(attempt, pause), undefined, { signal: this.#closing.signal }).catch(() => {}); // closing ends the pause
  }

  async #takeIn(consumer: Consumer, { batch, heartbeat, resolveOffset, isRunning, isStale }: EachBatchPayload): Promise<void> {
    const { topic, partition } = batch;
    for (let attempt = 0; ; attempt++) {
      if (this.#closing.signal.aborted || !isRunning() || isStale()) return;
      try {
        await this.#options.takeIn(await this.#incoming(partition, batch.messages));
        break;
      } catch (error) {
        this.#options.onProblem?.('messages of logs.in could not be taken in, and are tried again', error);
        await this.#pause(attempt);
        await heartbeat();
      }
    }
    const last = batch.lastOffset();
    resolveOffset(last);
    await consumer.commitOffsets([{ topic, partition, offset: String(Number(last) + 1) }]);
  }

  #incoming(partition: number, messages: KafkaMessage[]): Promise<IncomingMessage[]> {
    const { mapping, tenantOfKey } = this.#options;
    return Promise.all(
      messages.map(async ({ offset, value, headers }) => {
        const key = headers?.['x-api-key'];
        const tenant = key !== undefined && tenantOfKey ? await tenantOfKey(String(key)) : tenantOf(headers, mapping);
        return { partition, offset: Number(offset), value, tenant };
      }),
    );
  }
}

/** A header that names no tenant of the list is not overruled by the default: it is a fault that somebody should see. */
export function tenantOf(headers: KafkaMessage['headers'], { tenant, header, tenants = [] }: TenantMapping): string | undefined {
  const named = header === undefined ? undefined : headers?.[header];
  if (named === undefined) return tenant;
  const name = String(named);
  return isTenant(name) && tenants.includes(name) ? name : undefined;
}
