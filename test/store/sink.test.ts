import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { AppError } from '../../src/core/errors.ts';
import type { QueueBatch, QueueReader } from '../../src/core/ports/queue.ts';
import type { StateStore } from '../../src/core/ports/state-store.ts';
import { batchOf, Consumer, isDropped, isPoison, type Shared, share, tenant } from '../chaos/consumers.ts';

/** A log of these batches; read as the port says. */
const logOf = (batches: QueueBatch[]): QueueReader => ({
  read: async (_, offset) => batches.filter(({ baseOffset, count }) => baseOffset + count > offset),
  close: async () => {},
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error('it does not come to that');
    await delay(2);
  }
}

type Opening = Partial<Parameters<typeof Consumer.open>[1]>;

/** A sink over these batches that seals only when it is told to. */
async function openSink(batches: QueueBatch[], shared: Shared, more: Opening = {}): Promise<Consumer> {
  const consumer = await Consumer.open(shared, { random: Math.random, sealAfterMs: 3_600_000, reader: logOf(batches), ...more });
  consumer.sink.start();
  return consumer;
}

const kept = (to: number, from = 0) =>
  Array.from({ length: to - from }, (_, i) => from + i).filter((offset) => !isDropped(offset) && !isPoison(offset));

test('records can be found as soon as they are read, are in a file after a flush, and are read again after a stop without commit', async () => {
  const shared = share(20, false);
  const first = await openSink([batchOf(0, 12, false), batchOf(12, 20, false)], shared);
  await until(() => first.sink.cursor === 20);
  expect(await first.visible()).toEqual(kept(20));
  expect(await shared.warm.list('')).toEqual([]);
  await first.sink.stop(false);

  const second = await openSink([batchOf(0, 12, false), batchOf(12, 20, false)], shared);
  expect(second.sink.cursor).toBe(0);
  await second.sink.flush();
  expect([second.sink.open.length, (await shared.warm.list('')).length]).toEqual([0, 1]);
  expect(await second.visible()).toEqual(kept(20));
  await second.sink.stop(true);
  expect((await Consumer.open(shared, { random: Math.random, sealAfterMs: 1 })).sink.cursor).toBe(20);
});

test('what somebody waits for is sealed within seconds, however late it would be otherwise', async () => {
  const shared = share(20, false);
  const { sink } = await openSink([batchOf(0, 20, false)], shared);
  await until(() => sink.cursor === 20);
  expect(await shared.warm.list('')).toEqual([]);
  sink.hurry();
  await until(async () => (await shared.warm.list('')).length === 1);
  await sink.stop(true);
});

test('offsets that no batch brings are dropped as corrupt, in the middle and at the end', async () => {
  const shared = share(30, false);
  const { sink, ledger, visible } = await opened(openSink([batchOf(0, 10, false), batchOf(15, 22, false)], shared));
  await sink.flush();
  expect(await visible()).toEqual([...kept(10), ...kept(22, 15)]);
  const { accepted, warm } = await ledger.read({});
  expect([accepted, warm.dropped.corrupt, warm.in_flight]).toEqual([30, 5 + 8, 0]);
  await sink.stop(true);
});

const opened = async (opening: Promise<Consumer>) => {
  const consumer = await opening;
  return { sink: consumer.sink, ledger: consumer.ledger, visible: () => consumer.visible() };
};

test('records that cannot be read any more, or fail, are set aside with their bytes before anything is committed', async () => {
  const shared = share(5, false);
  const broken: QueueBatch = {
    ...batchOf(0, 5, false),
    payload: Buffer.from('{"message":"a"}\n{"message":"b"}\n{no json\n{"message":"poison"}'),
  };
  const { sink, visible } = await opened(openSink([broken], shared));
  await until(() => sink.cursor === 5);
  const letters = await shared.deadLetters.list({ tenant });
  expect(letters.map(({ position, code, body }) => [position.offset, code, body])).toEqual([
    [2, 'NOT_JSON', '{no json'],
    [3, 'PROCESS_FAILED', '{"message":"poison"}'],
    [4, 'MISSING', ''],
  ]);
  await sink.stop(true);
  expect(await visible()).toEqual([0, 1]);
});

test('a commit that fails is tried again; its rows stay visible, and the next batch fills meanwhile', async () => {
  const shared = share(8, false);
  let failures = 2;
  const state = (base: StateStore): StateStore => ({
    get: (key, known) => base.get(key, known),
    list: (prefix) => base.list(prefix),
    compareAndSet: (key, version, value) => base.compareAndSet(key, version, value),
    transact: async (writes) => {
      if (failures-- > 0) throw new AppError('DISK_FULL', 'no room');
      return base.transact(writes);
    },
    close: () => base.close(),
  });
  const consumer = await openSink([batchOf(0, 8, false)], shared, { fault: { state } });
  const flushed = consumer.sink.flush();
  await until(() => failures === 1);
  expect(await consumer.visible()).toEqual(kept(8));
  expect(consumer.sink.open).toHaveLength(1);
  await flushed;
  expect(failures).toBeLessThan(0);
  expect(await consumer.visible()).toEqual(kept(8));
  await consumer.sink.stop(true);
});

test('a record that killed the process too often is set aside, and it alone', async () => {
  const shared = share(9, false);
  const marks: unknown[] = [];
  const marker = { read: () => ({ offset: 6, count: 1, attempts: 8 }), write: (_: number, mark: unknown) => void marks.push(mark) };
  const { sink, visible } = await opened(openSink([batchOf(0, 9, false)], shared, { marker }));
  await until(() => sink.cursor === 9);
  expect(await visible()).toEqual(kept(9).filter((offset) => offset !== 6));
  const letters = await shared.deadLetters.list({ tenant });
  expect(letters.map(({ position, code }) => [position.offset, code])).toEqual([
    [3, 'PROCESS_FAILED'],
    [6, 'CRASH'],
  ]);
  expect(marks.at(-1)).toBeUndefined();
  await sink.stop(true);
});

test('more records than a table takes become several files, each row once', async () => {
  const total = 80_000;
  const shared = share(total, false);
  const batches = Array.from({ length: total / 8_000 }, (_, i) => batchOf(i * 8_000, (i + 1) * 8_000, false));
  const { sink, visible, ledger } = await opened(openSink(batches, shared));
  await sink.flush();
  expect((await shared.warm.list('')).length).toBe(2);
  expect((await ledger.read({})).warm.done).toBe(kept(total).length);
  expect((await visible()).length).toBe(kept(total).length);
  await sink.stop(true);
});

test('a log that cannot be read for a moment is read a second later', async () => {
  const shared = share(4, false);
  const honest = logOf([batchOf(0, 4, false)]);
  let failures = 1;
  const reader: QueueReader = {
    read: async (...given) => {
      if (failures-- > 0) throw new AppError('QUEUE_UNAVAILABLE', 'the disk');
      return honest.read(...given);
    },
    close: async () => {},
  };
  const { sink, visible } = await opened(openSink([], shared, { reader }));
  await until(() => sink.cursor === 4);
  expect(await visible()).toEqual(kept(4));
  await sink.stop(true);
});

test('a batch is sealed by itself when it is old, and one told of later offsets reads on', async () => {
  const shared = share(6, false);
  const batches = [batchOf(0, 6, false)];
  const consumer = await openSink(batches, shared, { sealAfterMs: 20 });
  await until(async () => (await consumer.progress.counts()).warm.in_flight === 0);
  batches.push(batchOf(6, 10, false));
  consumer.sink.advance(10);
  consumer.sink.advance(3);
  await until(async () => (await consumer.progress.counts()).end === 10 && (await consumer.progress.counts()).warm.in_flight === 0);
  expect(await consumer.visible()).toEqual(kept(10));
  await consumer.sink.stop(true);
});
