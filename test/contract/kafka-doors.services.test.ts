import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';
import { afterEach, expect, test } from 'vitest';
import { kafkaConfig } from '../../src/adapters/queue/kafka/connection.ts';
import { InConsumer, tenantOf } from '../../src/adapters/queue/kafka/in-consumer.ts';
import { ParsedTopic } from '../../src/adapters/queue/kafka/parsed-topic.ts';
import { createTopics } from '../../src/adapters/queue/kafka/topics.ts';
import { MemoryStateStore } from '../../src/adapters/state/memory/memory-state-store.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { TakeIn } from '../../src/core/ports/streams.ts';
import type { StoredRecord } from '../../src/core/record.ts';
import { createPublishParsed } from '../../src/pipeline/publish-parsed.ts';
import { createTakeIn } from '../../src/pipeline/take-in.ts';
import { accepting } from '../accept/accepting.ts';
import { deleteTopic, freshTopic, testBroker } from './kafka-topic.ts';

const ending: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

async function topicAndProducer() {
  const topic = await freshTopic(testBroker());
  const producer = new kafkajs.Kafka(kafkaConfig(testBroker())).producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  ending.push(() => deleteTopic(testBroker(), topic));
  ending.push(() => producer.disconnect());
  return { topic, producer };
}

test('what services write to logs.in is accepted once, tried again after a failure, and not read again by the next consumer', async () => {
  const { topic, producer } = await topicAndProducer();
  const headers = { 'x-tenant': 'acme' };
  const send = (from: number, to: number) => {
    const messages = Array.from({ length: to - from }, (_, i) => ({
      value: JSON.stringify({ message: `m${from + i}` }),
      headers,
      partition: i % 2,
    }));
    return producer.send({ topic, messages });
  };
  await send(0, 20);
  const subject = accepting();
  const state = new MemoryStateStore();
  const accept = createTakeIn({ ...subject.deps, accept: subject.accept, state, topic, endOf: async () => 25 });
  let failures = 0;
  const takeIn: TakeIn = (messages) => (failures++ === 0 ? Promise.reject(new Error('away')) : accept(messages));
  const groupId = `test-${randomUUID()}`;
  const problems: string[] = [];
  const options = { ...testBroker(), topic, groupId, mapping: { header: 'x-tenant', tenants: ['acme'] } };
  const messages = () => subject.queue.batches.flatMap(({ payload }) => Buffer.from(payload).toString().trim().split('\n'));
  const countIs = (count: number) => expect.poll(() => messages().length, { timeout: 20_000 }).toBe(count);

  const first = new InConsumer({ ...options, takeIn, onProblem: (what) => problems.push(what) });
  first.start();
  await countIs(20);
  await first.close();
  expect(problems).toHaveLength(1);
  expect(new Set(subject.queue.batches.map(({ tenant }) => tenant))).toEqual(new Set(['acme']));

  await send(20, 25);
  const second = new InConsumer({ ...options, takeIn: accept });
  second.start();
  await countIs(25);
  await second.close();
  const sent = Array.from({ length: 25 }, (_, i) => JSON.stringify({ message: `m${i}` }));
  expect(messages().sort()).toEqual(sent.sort());
});

test('the tenant is what the settings make of a message', () => {
  const mapping = { tenant: 'all', header: 'x-tenant', tenants: ['acme', 'Bad!'] };
  expect(tenantOf({ 'x-tenant': Buffer.from('acme') }, mapping)).toBe('acme');
  expect(tenantOf({}, mapping)).toBe('all');
  for (const name of ['other', 'Bad!', '']) expect(tenantOf({ 'x-tenant': name }, mapping)).toBeUndefined();
  expect(tenantOf({ 'x-tenant': 'acme' }, {})).toBeUndefined();
});

test('processed records stand in logs.parsed as JSON, in their order', async () => {
  const { topic } = await topicAndProducer();
  await createTopics(testBroker(), [{ name: topic, partitions: 2, replication: 1 }]);
  const output = new ParsedTopic({ ...testBroker(), topic, partitions: 2, clock: systemClock });
  ending.push(() => output.close());
  const record = (offset: number): StoredRecord => ({
    ...{ tenant: 'acme', id: `id-${offset}`, generation: 1, partition: 3, offset },
    ...{ timestamp: 1_763_733_600_000_000, timestamp_ns: 0, observed_timestamp: 1_763_733_600_000_000, level: 'info', severity: 9 },
    ...{ service: 'api', env: undefined, host: undefined, message: `m${offset}`, trace_id: undefined, span_id: undefined },
    ...{ attributes: { status: 200 }, client_id: undefined },
  });
  await createPublishParsed(output)([record(0), record(1), record(2)]);

  const consumer = new kafkajs.Kafka(kafkaConfig(testBroker())).consumer({ groupId: `test-${randomUUID()}` });
  ending.push(() => consumer.disconnect());
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const found: [number, Record<string, unknown>][] = [];
  await consumer.run({ eachMessage: async ({ partition, message }) => void found.push([partition, JSON.parse(String(message.value))]) });
  await expect.poll(() => found.length, { timeout: 20_000 }).toBe(3);
  expect(found.map(([partition, { message, service, id }]) => [partition, message, service, id])).toEqual([
    [1, 'm0', 'api', 'id-0'],
    [1, 'm1', 'api', 'id-1'],
    [1, 'm2', 'api', 'id-2'],
  ]);
});
