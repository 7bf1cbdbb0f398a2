// What a record costs the client on its way into Kafka and out of it, beside plain kafkajs loops over the same messages in the same run.
// LOGDRIVE_TEST_KAFKA=host:port node bench/kafka.ts [records]
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import kafkajs from 'kafkajs';
import { type KafkaConnection, kafkaConfig } from '../src/adapters/queue/kafka/connection.ts';
import { KafkaQueue } from '../src/adapters/queue/kafka/kafka-queue.ts';
import { KafkaReader } from '../src/adapters/queue/kafka/kafka-reader.ts';
import type { Compression } from '../src/adapters/queue/kafka/options.ts';
import { createTopics } from '../src/adapters/queue/kafka/topics.ts';
import { batchesOf, chunksOf, messagesOfEvent } from '../src/adapters/queue/kafka/wire.ts';
import { MemoryStateStore } from '../src/adapters/state/memory/memory-state-store.ts';
import { systemClock } from '../src/core/clock.ts';
import type { RawBatch } from '../src/core/ports/queue.ts';
import { recordsFile } from './records-file.ts';

const records = Number(process.argv[2] ?? 200_000);
const perRequest = 500;
const atOnce = 4;
const brokers = process.env.LOGDRIVE_TEST_KAFKA?.split(',');
if (!brokers) throw new Error('name a broker in LOGDRIVE_TEST_KAFKA, host:port');
const connection: KafkaConnection = { brokers };
const compressionTypes = { none: 0, snappy: 2, zstd: 4 };

const requests = requestsOf(readFileSync(recordsFile(), 'utf8').split('\n', records));
console.log(
  `${records} records of ${Math.round(requests.reduce((sum, { payload }) => sum + payload.length, 0) / records)} bytes, ${perRequest} a request, ${atOnce} requests at once`,
);

for (const compression of ['none', 'snappy', 'zstd'] as const) {
  const plain = await freshTopic();
  const ours = await freshTopic();
  await report(`produce, plain kafkajs, ${compression}`, () => producePlain(plain, compression));
  await report(`produce, queue, ${compression}`, () => produceOurs(ours, compression));
  await report(`read, plain kafkajs, ${compression}`, () => readPlain(plain));
  await report(`read, reader, ${compression}`, () => readOurs(ours));
  await deleteTopics([plain, ours]);
}
await report('wire alone: to chunks and back', async () => {
  for (const request of requests) for (const chunk of chunksOf(request)) batchesOf(0, 1, messagesOf(chunk));
});
const events = requests.map(eventOf);
await report("wire alone: a function's event to batches", async () => {
  for (const event of events) for (const { messages } of messagesOfEvent(event)) batchesOf(0, 1, messages);
});

async function report(name: string, work: () => Promise<void>): Promise<void> {
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  const rate = records / ((performance.now() - startMs) / 1000);
  console.log(
    `${name.padEnd(44)} ${((user + system) / records).toFixed(2).padStart(6)} us CPU a record  ${Math.round(rate / 1000)}k records/s`,
  );
}

function requestsOf(lines: string[]): RawBatch[] {
  const all: RawBatch[] = [];
  for (let at = 0; at < lines.length; at += perRequest) {
    const part = lines.slice(at, at + perRequest);
    const count = part.length;
    const context = {
      tenant: 'bench',
      observedUs: Date.now() * 1000,
      defaults: {},
      requestId: `request-${at}`,
      rulesVersion: 1,
      idempotency: undefined,
    };
    all.push({ ...context, format: 'ndjson', payload: Buffer.from(part.join('\n')), total: count, accepted: undefined, count });
  }
  return all;
}

function messagesOf({ header, values }: { header: Buffer; values: Buffer[] }) {
  return values.map((value, offset) => ({ offset, timestampMs: 0, value, header }));
}

function eventOf(request: RawBatch) {
  const { header, values } = chunksOf(request)[0]!;
  const at = { topic: 'logs.raw', partition: 0, timestamp: 0 };
  const headers = [{ ld: [...header] }];
  return { records: { 'logs.raw-0': values.map((value, offset) => ({ ...at, offset, value: value.toString('base64'), headers })) } };
}

/** Hands requests to `send`, a few at a time. */
async function inTurns(send: (request: RawBatch) => Promise<unknown>): Promise<void> {
  const left = requests.values();
  const sender = async () => {
    for (const request of left) await send(request);
  };
  await Promise.all(Array.from({ length: atOnce }, sender));
}

async function producePlain(topic: string, compression: Compression): Promise<void> {
  const producer = new kafkajs.Kafka(kafkaConfig(connection)).producer({ createPartitioner: () => () => 0 });
  await producer.connect();
  await inTurns((request) => {
    const { header, values } = chunksOf(request)[0]!;
    const messages = values.map((value) => ({ value, headers: { ld: header } }));
    return producer.send({ topic, messages, acks: -1, compression: compressionTypes[compression] });
  });
  await producer.disconnect();
}

async function produceOurs(topic: string, compression: Compression): Promise<void> {
  const queue = new KafkaQueue(
    { ...connection, topic, partitions: 1, generation: 1, clock: systemClock, compression },
    new MemoryStateStore(),
  );
  await inTurns((request) => queue.append(0, request));
  await queue.close();
}

async function readPlain(topic: string): Promise<void> {
  const consumer = new kafkajs.Kafka(kafkaConfig(connection)).consumer({
    groupId: randomUUID(),
    maxWaitTimeInMs: 100,
    retry: { retries: 20 },
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const { promise, resolve } = Promise.withResolvers<void>();
  let seen = 0;
  const eachBatch = async ({ batch }: { batch: { messages: unknown[] } }) => {
    seen += batch.messages.length;
    if (seen >= records) resolve();
  };
  await consumer.run({ autoCommit: false, eachBatch });
  await promise;
  await consumer.disconnect();
}

async function readOurs(topic: string): Promise<void> {
  const reader = new KafkaReader({ ...connection, topic, partitions: 1, generation: 1 });
  for (let offset = 0; offset < records; ) {
    const last = (await reader.read(0, offset, 4 * 2 ** 20)).at(-1)!;
    offset = last.baseOffset + last.count;
  }
  await reader.close();
}

async function freshTopic(): Promise<string> {
  const name = `bench-${randomUUID()}`;
  await createTopics(connection, [{ name, partitions: 1, replication: 1 }]);
  return name;
}

async function deleteTopics(topics: string[]): Promise<void> {
  const admin = new kafkajs.Kafka(kafkaConfig(connection)).admin();
  await admin.connect();
  await admin.deleteTopics({ topics });
  await admin.disconnect();
}
