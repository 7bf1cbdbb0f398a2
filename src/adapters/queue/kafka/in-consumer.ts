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
  takeIn: TakeIn;
  /** Called when messages could not be taken in, before they are tried again. */
  onProblem?: (what: string, cause: unknown) => void;
};

const pause = { baseMs: 100, maxMs: 5_000 };

/**
 * Hands on what services write to `logs.in`, as one consumer group whatever the number of processes. An offset is committed after everything up
 * to it is durable in the raw topic; after a crash between the two messages come again.
 */
export class InConsumer {
  readonly #options: InConsumerOptions;
  readonly #consumer: Consumer;
  readonly #closing = new AbortController();

  constructor(options: InConsumerOptions) {
    this.#options = options;
    const kafka = new kafkajs.Kafka({ ...kafkaConfig(options), requestTimeout: 30_000 });
    const retry = { retries: 1_000_000, initialRetryTime: 100, maxRetryTime: 5_000 };
    this.#consumer = kafka.consumer({ groupId: options.groupId, allowAutoTopicCreation: false, maxWaitTimeInMs: 500, retry });
  }

  async start(): Promise<void> {
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topic: this.#options.topic, fromBeginning: true });
    await this.#consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: (batch) => this.#takeIn(batch) });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#consumer.disconnect();
  }

  async #takeIn({ batch, heartbeat, resolveOffset, isRunning, isStale }: EachBatchPayload): Promise<void> {
    const { topic, partition } = batch;
    const messages = batch.messages.map((message) => incomingOf(partition, message, this.#options.mapping));
    for (let attempt = 0; ; attempt++) {
      if (!isRunning() || isStale()) return;
      try {
        await this.#options.takeIn(messages);
        break;
      } catch (error) {
        this.#options.onProblem?.('messages of logs.in could not be taken in, and are tried again', error);
        await delay(backoffMs(attempt, pause), undefined, { signal: this.#closing.signal }).catch(() => {}); // closing ends the pause
        await heartbeat();
      }
    }
    const last = batch.lastOffset();
    resolveOffset(last);
    await this.#consumer.commitOffsets([{ topic, partition, offset: String(Number(last) + 1) }]);
  }
}

function incomingOf(partition: number, { offset, value, headers }: KafkaMessage, mapping: TenantMapping): IncomingMessage {
  return { partition, offset: Number(offset), value, tenant: tenantOf(headers, mapping) };
}

/** A header that names no tenant of the list is not overruled by the default: it is a fault that somebody should see. */
export function tenantOf(headers: KafkaMessage['headers'], { tenant, header, tenants = [] }: TenantMapping): string | undefined {
  const named = header === undefined ? undefined : headers?.[header];
  if (named === undefined) return tenant;
  const name = String(named);
  return isTenant(name) && tenants.includes(name) ? name : undefined;
}
