import { randomBytes } from 'node:crypto';
import type { MSKEvent } from 'aws-lambda';
import kafkajs, { type Kafka } from 'kafkajs';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { cutForEvents, eventBytes, kafkaEvent } from '../../scripts/services/kafka-event.ts';
import { type Mapping, startPoller } from '../../scripts/services/poller.ts';
import { messagesOfEvent } from '../../src/adapters/queue/kafka/wire.ts';

const brokers = process.env.LOGDRIVE_TEST_KAFKA;
const partitions = 2;

describe.skipIf(!brokers)('the poller feeds functions as a Kafka event source does', () => {
  let kafka: Kafka;
  let topic: string;
  let taken: { partition: number; offsets: number[] }[];
  let poller: Awaited<ReturnType<typeof startPoller>> | undefined;

  beforeAll(() => {
    kafka = new kafkajs.Kafka({ brokers: [brokers!], logLevel: kafkajs.logLevel.NOTHING });
  });
  beforeEach(async () => {
    topic = `poller.${randomBytes(5).toString('hex')}`;
    taken = [];
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: true });
    await admin.disconnect();
  });
  afterEach(() => poller?.stop());

  async function send(partition: number, from: number, to: number): Promise<void> {
    const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    const header = Buffer.from('{"tenant":"\u00e4"}');
    const messages = Array.from({ length: to - from }, (_, i) => ({ partition, value: `{"n":${from + i}}`, headers: { ld: header } }));
    await producer.send({ topic, messages });
    await producer.disconnect();
  }
  const mapping = (more: Partial<Mapping> = {}): Mapping => ({
    topic,
    function: 'f',
    group: `${topic}.f`,
    batchSize: 100,
    windowMs: 50,
    ...more,
  });
  const take = (event: MSKEvent) => {
    for (const { partition, messages } of messagesOfEvent(event as never))
      taken.push({ partition, offsets: messages.map(({ offset }) => offset) });
  };
  const run = async (invoke: (event: MSKEvent) => void, more: Partial<Mapping> = {}) => {
    poller = await startPoller({
      kafka: { brokers: [brokers!] },
      mappings: [mapping(more)],
      invoke: async (_name, event) => invoke(event),
      backoff: { baseMs: 5, maxMs: 20 },
    });
  };
  const offsetsOf = (partition: number) => taken.filter((batch) => batch.partition === partition).flatMap(({ offsets }) => offsets);
  const upTo = (end: number) => Array.from({ length: end }, (_, i) => i);
  const until = (done: () => boolean) => vi.waitFor(() => expect(done()).toBe(true), { timeout: 20_000, interval: 20 });

  test('each partition in order, in batches that are no larger than the mapping says', async () => {
    await send(0, 0, 250);
    await send(1, 0, 30);
    await run(take);
    await until(() => offsetsOf(0).length >= 250 && offsetsOf(1).length >= 30);
    expect([offsetsOf(0), offsetsOf(1)]).toEqual([upTo(250), upTo(30)]);
    expect(Math.max(...taken.map(({ offsets }) => offsets.length))).toBe(100);
  });

  test('the same batch comes again until the function takes it, and nothing overtakes it', async () => {
    await send(0, 0, 150);
    await send(1, 0, 10);
    let failures = 0;
    await run((event) => {
      const [first] = messagesOfEvent(event as never);
      take(event);
      if (first!.partition === 0 && failures++ < 3) throw new Error('not now');
    });
    await until(() => offsetsOf(0).includes(149) && offsetsOf(1).length === 10);
    const batches = taken.filter(({ partition }) => partition === 0).map(({ offsets }) => [offsets[0], offsets.length]);
    expect(batches).toEqual([...Array.from({ length: 4 }, () => [0, 100]), [100, 50]]);
  });

  test('what was taken is not brought again by the next poller', async () => {
    await send(0, 0, 20);
    await run(take);
    await until(() => offsetsOf(0).length === 20);
    await poller!.stop();
    await send(0, 20, 25);
    await run(take);
    await until(() => offsetsOf(0).length >= 25);
    expect(offsetsOf(0)).toEqual(upTo(25));
  });
});

test('an event holds what a function may be given: so many messages, and 6 MB', () => {
  const message = (bytes: number, offset: number) => ({ offset: String(offset), timestamp: '5', value: Buffer.alloc(bytes, 120) });
  const pieces = cutForEvents([message(3_000_000, 0), message(1_000_000, 1), message(2_000_000, 2), message(5_000_000, 3)], 10);
  expect(pieces.map((piece) => piece.map(({ offset }) => offset))).toEqual([['0', '1'], ['2'], ['3']]);
});

test('what a message adds to an event is not estimated too low', () => {
  const message = {
    offset: '123456789',
    timestamp: '1763712000000',
    value: Buffer.alloc(382, 255),
    headers: { ld: Buffer.alloc(200, 255) },
  };
  const bytes = JSON.stringify(kafkaEvent('prefix.logs.raw', 12, [message]).records).length;
  expect(eventBytes(message)).toBeGreaterThanOrEqual(bytes - 80);
  expect(eventBytes(message)).toBeLessThan(bytes * 1.2);
});
