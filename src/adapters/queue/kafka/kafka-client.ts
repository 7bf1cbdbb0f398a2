import { setTimeout as delay } from 'node:timers/promises';
import type Cluster from 'kafkajs/src/cluster/index.js';
import type { Broker, FetchedMessage } from 'kafkajs/src/cluster/index.js';
import produceResponse from 'kafkajs/src/protocol/requests/produce/v7/response.js';
import type { PartitionRange } from '../../../core/ports/queue.ts';
import { type KafkaConnection, openCluster } from './connection.ts';
import { type PackedRecords, produceBody, recordBatch } from './record-batch.ts';
import type { WireMessage } from './wire.ts';
import { headerName } from './wire-header.ts';

/** Who an idempotent producer is to the brokers. Its messages of a partition are numbered; a number that comes twice is not appended again. */
export type ProducerIdentity = { producerId: string; producerEpoch: number };

/** `next`: where the next fetch goes on; beyond the asked offset where anything was read. `end`: the partition's. */
export type Fetched = { messages: WireMessage[]; next: number; end: number };

type ErrorOfKafkajs = Error & { type?: string; isNotSent?: boolean; host?: string; port?: number };

/**
 * Single requests to the leaders of one topic's partitions, each tried once. After a failure the next request looks for the leader anew.
 * Throws kafkajs's errors; {@link wasNotWritten} and {@link typeOf} read them.
 */
export class KafkaClient {
  readonly #topic: string;
  readonly #connection: KafkaConnection;
  readonly #requestTimeoutMs: number;
  #cluster: Cluster;
  #isStale = false;

  constructor(connection: KafkaConnection, topic: string) {
    this.#topic = topic;
    this.#connection = connection;
    this.#cluster = openCluster(connection);
    this.#requestTimeoutMs = connection.requestTimeoutMs ?? 5_000;
  }

  /** Appends records as one batch: all of them or nothing. Resolves to the offset of the first once all in-sync replicas have it. */
  async produce(
    partition: number,
    records: PackedRecords,
    { producerId, producerEpoch }: ProducerIdentity,
    firstSequence: number,
  ): Promise<number> {
    const encode = async () => {
      const identity = { producerId: BigInt(producerId), producerEpoch, firstSequence };
      const buffer = produceBody(this.#topic, partition, recordBatch(records, identity, Date.now()), this.#requestTimeoutMs);
      return { buf: buffer, buffer };
    };
    const { topics } = await this.#ask(partition, ({ connectionPool }) =>
      connectionPool.send({ request: { apiKey: 0, apiVersion: 7, apiName: 'Produce', encode }, response: produceResponse }),
    );
    return Number(topics[0]!.partitions[0]!.baseOffset);
  }

  /** A new identity, from the partition's leader, so that no other broker need be reached. */
  identify(partition: number): Promise<ProducerIdentity> {
    return this.#ask(partition, (broker) => broker.initProducerId({ transactionTimeout: 60_000 }));
  }

  /** What all in-sync replicas have from an offset on, about `maxBytes` as they are stored, at least one record batch; it may begin below. */
  async fetch(partition: number, offset: number, maxBytes: number): Promise<Fetched> {
    const partitions = [{ partition, fetchOffset: String(offset), maxBytes }];
    const topics = [{ topic: this.#topic, partitions }];
    const { responses } = await this.#ask(partition, (broker) =>
      broker.fetch({ replicaId: -1, isolationLevel: 0, maxWaitTime: 0, minBytes: 0, maxBytes, topics }),
    );
    const { messages, highWatermark } = responses[0]!.partitions[0]!;
    const last = messages.at(-1);
    const next = last ? Math.max(offset, Number(last.offset) + 1) : offset;
    // Marks of other people's transactions take offsets, and are no messages.
    return { messages: messages.filter(({ isControlRecord }) => !isControlRecord).map(wireMessageOf), next, end: Number(highWatermark) };
  }

  /** The offsets of the given partitions. */
  async ranges(partitions: number[]): Promise<PartitionRange[]> {
    return this.#within(async (cluster) => {
      const [starts, ends] = await Promise.all([this.#offsets(cluster, partitions, true), this.#offsets(cluster, partitions, false)]);
      return partitions.map((partition) => ({ partition, start: starts.get(partition)!, end: ends.get(partition)! }));
    });
  }

  /** Where the given partitions end. */
  async ends(partitions: number[]): Promise<Map<number, number>> {
    return this.#within((cluster) => this.#offsets(cluster, partitions, false));
  }

  async close(): Promise<void> {
    // kafkajs waits for answers that are outstanding.
    await Promise.race([this.#cluster.disconnect(), delay(this.#requestTimeoutMs, undefined, { ref: false })]);
  }

  async #offsets(cluster: Cluster, partitions: number[], fromBeginning: boolean): Promise<Map<number, number>> {
    const asked = partitions.map((partition) => ({ partition }));
    const [found] = await cluster.fetchTopicsOffset([{ topic: this.#topic, partitions: asked, fromBeginning }]);
    const offsets = new Map(found?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    const missing = partitions.find((partition) => !offsets.has(partition));
    if (missing !== undefined) throw notThere(this.#topic, missing);
    return offsets;
  }

  #ask<T>(partition: number, request: (broker: Broker) => Promise<T>): Promise<T> {
    return this.#within(async (cluster) => {
      const [nodeId] = Object.keys(cluster.findLeaderForPartitions(this.#topic, [partition]));
      if (nodeId === undefined || Number(nodeId) < 0) throw notThere(this.#topic, partition);
      return request(await cluster.findBroker({ nodeId }).catch(notSent));
    });
  }

  /** Connects, and learns who leads. What fails here was before anything was sent. */
  async #prepare(cluster: Cluster): Promise<void> {
    try {
      await cluster.connect();
      await cluster.addTargetTopic(this.#topic);
      if (this.#isStale) await cluster.refreshMetadata();
      else await cluster.refreshMetadataIfNecessary();
      this.#isStale = false;
    } catch (error) {
      notSent(error);
    }
  }

  /** Lets go of a connection that was closed; of all of them where one is silent, since kafkajs would go on using it. */
  #forget(cluster: Cluster, { name, host, port }: ErrorOfKafkajs): void {
    if (name === 'KafkaJSConnectionClosedError' && host && port) cluster.removeBroker({ host, port });
    if (cluster !== this.#cluster || (name !== 'KafkaJSRequestTimeoutError' && name !== 'TimeoutError')) return;
    this.#cluster = openCluster(this.#connection);
    cluster.disconnect().catch(() => {}); // nothing is left to be told: its requests have failed or will
  }

  /** Bounds a request, whatever kafkajs waits for. */
  async #within<T>(request: (cluster: Cluster) => Promise<T>): Promise<T> {
    const cluster = this.#cluster;
    const work = async (): Promise<T> => {
      await this.#prepare(cluster);
      return request(cluster);
    };
    const timer = new AbortController();
    const late = async (): Promise<never> => {
      await delay(2 * this.#requestTimeoutMs, undefined, { signal: timer.signal });
      throw Object.assign(new Error(`no answer of the brokers within ${2 * this.#requestTimeoutMs} ms`), { name: 'TimeoutError' });
    };
    try {
      return await Promise.race([work(), late()]);
    } catch (error) {
      this.#isStale = true;
      this.#forget(cluster, causeOf(error));
      throw error;
    } finally {
      timer.abort();
    }
  }
}

/** Throws an error on, marked as one that came before anything was sent. */
function notSent(error: unknown): never {
  throw Object.assign(error as Error, { isNotSent: true });
}

const notThere = (topic: string, partition: number): Error =>
  Object.assign(new Error(`partition ${partition} of ${topic} has no leader now, or is not there`), { isNotSent: true });

const causeOf = (error: unknown): ErrorOfKafkajs => {
  const { cause } = error as ErrorOfKafkajs;
  return cause instanceof Error ? (cause as ErrorOfKafkajs) : (error as ErrorOfKafkajs);
};

/** The error's name in the Kafka protocol, such as `NOT_LEADER_FOR_PARTITION`. */
export const typeOf = (error: unknown): string | undefined => (error as ErrorOfKafkajs).type ?? causeOf(error).type;

/** Codes of a broker that refused a batch as a whole. https://kafka.apache.org/protocol#protocol_error_codes */
const refusals = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'NOT_ENOUGH_REPLICAS',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
]);

/** Whether it is certain that a request which failed so has appended nothing. */
export const wasNotWritten = (error: unknown): boolean => (error as ErrorOfKafkajs).isNotSent === true || refusals.has(typeOf(error) ?? '');

function wireMessageOf({ offset, timestamp, value, headers }: FetchedMessage): WireMessage {
  const header = headers[headerName];
  return { offset: Number(offset), timestampMs: Number(timestamp), value, header: Buffer.isBuffer(header) ? header : undefined };
}
