import { randomBytes } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import type { KafkaConnection } from '../../src/adapters/queue/kafka/connection.ts';
import { KafkaClient } from '../../src/adapters/queue/kafka/kafka-client.ts';
import { KafkaQueue } from '../../src/adapters/queue/kafka/kafka-queue.ts';
import { KafkaReader } from '../../src/adapters/queue/kafka/kafka-reader.ts';
import { KeyClaims } from '../../src/adapters/queue/kafka/key-claims.ts';
import { packRecords } from '../../src/adapters/queue/kafka/record-batch.ts';
import { chunksOf } from '../../src/adapters/queue/kafka/wire.ts';
import { MemoryStateStore } from '../../src/adapters/state/memory/memory-state-store.ts';
import { type Clock, manualClock, systemClock } from '../../src/core/clock.ts';
import type { RawBatch } from '../../src/core/ports/queue.ts';
import { services } from '../services/services.ts';
import { deleteTopic, freshTopic, testBroker } from './kafka-topic.ts';
import { batchOf, readAll } from './queue.contract.ts';

const ending: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

async function open(connection: KafkaConnection = testBroker(), recordBytes?: number) {
  const topic = await freshTopic(testBroker(), recordBytes ? { maxMessageBytes: recordBytes } : {});
  const wall = manualClock(1_763_733_600_000);
  const clock: Clock = { nowMs: wall.nowMs, monotonicMs: systemClock.monotonicMs };
  const state = new MemoryStateStore();
  const shared = { ...connection, topic, partitions: 2, generation: 1 };
  const queue = new KafkaQueue({ ...shared, clock }, state);
  const reader = new KafkaReader(shared);
  const client = new KafkaClient(connection, topic);
  ending.push(() => deleteTopic(testBroker(), topic));
  for (const closing of [queue, reader, client]) ending.push(() => closing.close());
  return { queue, reader, client, claims: new KeyClaims(state, wall), wall, state };
}

/** A request of about 1.4 MB, which makes three chunks; the second record was not accepted. */
function largeRequest(key: string, body = 'body'): RawBatch {
  const total = 14;
  const lines = Array.from({ length: total }, (_, index) => JSON.stringify({ index, pad: 'x'.repeat(100_000) }));
  const accepted = Uint8Array.of(0b11111101, 0xff);
  const base = {
    ...batchOf('large', 1),
    format: 'ndjson',
    payload: Buffer.from(lines.join('\n')),
    total,
    accepted,
    count: total - 1,
  } as const;
  return { ...base, idempotency: { key, bodyHmac: Buffer.from(body) } };
}

const indexesIn = (batches: { payload: Uint8Array }[]): number[] =>
  batches.flatMap(({ payload }) => Buffer.from(payload).toString().split('\n').slice(0, -1)).map((line) => JSON.parse(line).index);

test.each([[[]], [[0]], [[1]], [[2, 0]], [[0, 1, 2]]])(
  'a key whose process died when chunks %j were appended is completed after its lease, and not before',
  async (appended: number[]) => {
    const { queue, reader, client, claims, wall } = await open();
    const batch = largeRequest('k');
    await queue.append(1, batchOf('before', 3));
    await claims.take(batch, { generation: 1, partition: 1, from: 3 });
    const identity = await client.identify(1);
    let sequence = 0;
    for (const index of appended) {
      const records = await packRecords([chunksOf(batch)[index]!], 'snappy');
      await client.produce(1, records, identity, sequence);
      sequence += records.count;
    }
    expect(await queue.find('acme', 'k')).toBeUndefined();
    wall.advance(39_000);
    await expect(queue.append(1, batch)).rejects.toMatchObject({ code: 'IDEMPOTENCY_IN_FLIGHT', more: { retryAfterS: 1 } });
    wall.advance(2_000);
    await expect(queue.append(1, largeRequest('k', 'other'))).rejects.toMatchObject({ code: 'IDEMPOTENCY_MISMATCH' });

    // Judged anew another record might be accepted: what was decided first stands. So does the partition.
    const { accepted: _, ...whole } = batch;
    const done = await queue.append(0, { ...whole, accepted: undefined, count: 14 });
    expect(done).toMatchObject({ partition: 1, runs: [[3, 16]], count: 13 });
    const batches = (await readAll(reader, 1, 0)).slice(1);
    expect(indexesIn(batches).sort((a, b) => a - b)).toEqual([0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    expect(await queue.find('acme', 'k')).toMatchObject({ runs: [[3, 16]], total: 14, count: 13 });
    expect(await queue.append(1, batch)).toEqual(done);
    expect((await queue.ranges())[1]!.end).toBe(16);
  },
);

test('a key is given back where nothing was appended, and keys that are over are deleted', async () => {
  const { queue, wall, state } = await open(testBroker(), 300_000);
  const noise = randomBytes(300_000).toString('base64');
  const payload = Buffer.from(JSON.stringify({ noise }));
  const tooLarge = { ...batchOf('r', 1), payload, idempotency: { key: 'k', bodyHmac: Buffer.from('a') } };
  await expect(queue.append(0, tooLarge)).rejects.toMatchObject({ code: 'BODY_TOO_LARGE' });
  const small = { ...batchOf('r', 1), idempotency: { key: 'k', bodyHmac: Buffer.from('b') } };
  expect(await queue.append(0, small)).toMatchObject({ runs: [[0, 1]] });
  wall.advance(24 * 3600_000 + 1);
  let forgotten = 0;
  for (let shard = 0; shard < 256; shard++) forgotten += await queue.forgetKeys(shard);
  expect(forgotten).toBe(1);
  expect(await state.list('idempotency-')).toEqual([]);
});

test('a record of a mebibyte passes with the settings that topics are created with', async () => {
  const { queue, reader } = await open();
  const record = JSON.stringify({
    message: Buffer.from(crypto.getRandomValues(new Uint8Array(65_536)))
      .toString('hex')
      .repeat(8)
      .slice(0, 2 ** 20 - 14),
  });
  expect(record.length).toBe(2 ** 20);
  const batch = { ...batchOf('large', 1), payload: Buffer.from(record) };
  expect(await queue.append(0, batch)).toMatchObject({ runs: [[0, 1]] });
  expect(Buffer.from((await reader.read(0, 0, 1))[0]!.payload).toString()).toBe(`${record}\n`);
});

test('ends are told as they advance, and a read behind the end or below the start answers', async () => {
  const { queue } = await open();
  const topic = await freshTopic(testBroker());
  ending.push(() => deleteTopic(testBroker(), topic));
  const own = new KafkaQueue({ ...testBroker(), topic, partitions: 2, generation: 1, clock: systemClock }, new MemoryStateStore());
  ending.push(() => own.close());
  const ends: [number, number][] = [];
  const shared = { ...testBroker(), topic, partitions: 2, generation: 1, pollMs: 20 };
  const reader = new KafkaReader({ ...shared, onEnd: (partition, end) => ends.push([partition, end]) });
  ending.push(() => reader.close());
  await own.append(1, batchOf('r', 5));
  await expect.poll(() => ends.some(([partition, end]) => partition === 1 && end === 5)).toBe(true);
  expect(await reader.read(1, 5, 100)).toEqual([]);
  expect(await reader.read(1, 500, 100)).toEqual([]);
  expect((await queue.ranges())[0]).toEqual({ partition: 0, start: 0, end: 0 });
});

test('TLS with SCRAM-SHA-512: the right password passes, a wrong one is refused within the budget', async (context) => {
  const { kafka } = services();
  if (!kafka?.tls) return context.skip('this broker has no listener with TLS');
  const { brokers, ca, username, password } = kafka.tls;
  const connection = (word: string): KafkaConnection => ({
    brokers: brokers.split(','),
    auth: { kind: 'scram', username, password: word, ca },
  });
  const { queue, reader } = await open(connection(password));
  expect(await queue.append(0, batchOf('r', 2))).toMatchObject({ runs: [[0, 2]] });
  expect((await readAll(reader, 0, 0)).map(({ requestId }) => requestId)).toEqual(['r']);
  const options = { topic: 'any', partitions: 1, generation: 1, clock: systemClock, budgetMs: 1_000 };
  const wrong = new KafkaQueue({ ...connection('wrong'), ...options }, new MemoryStateStore());
  ending.push(() => wrong.close());
  await expect(wrong.append(0, batchOf('r', 1))).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
});
