import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MemoryStateStore } from '../../src/adapters/state/memory/memory-state-store.ts';
import { manualClock } from '../../src/core/clock.ts';
import { AppError } from '../../src/core/errors.ts';
import type { IncomingMessage } from '../../src/core/ports/streams.ts';
import { createTakeIn } from '../../src/pipeline/take-in.ts';
import { accepting, decoded, startMs } from './accepting.ts';

const incoming = (values: (string | Uint8Array | null)[], tenant: string | undefined = 'acme', from = 70): IncomingMessage[] =>
  values.map((value, index) => ({
    partition: 3,
    offset: from + index,
    tenant,
    value: typeof value === 'string' ? Buffer.from(value) : value,
  }));

type Subject = ReturnType<typeof accepting>;
const outcomes = (subject: Subject): unknown[] =>
  decoded(subject).map((item) => ('record' in item ? item.record.message : item.fault.code));
const letters = (subject: Subject) =>
  decoded(subject).flatMap((item) =>
    'fault' in item ? [{ code: item.fault.code, detail: item.fault.detail, body: Buffer.from(item.bytes).toString() }] : [],
  );

function taking(subject = accepting(), end = Number.POSITIVE_INFINITY, state = new MemoryStateStore()) {
  return {
    subject,
    state,
    takeIn: createTakeIn({ ...subject.deps, accept: subject.accept, state, topic: 'logs.in', endOf: async () => end }),
  };
}

test('messages of a stream are accepted like a body, and every refused one is a dead letter with its masked bytes and its cause', async () => {
  const { subject, takeIn } = taking();
  const values = [
    '{"message":"one",\n"password":"hunter2hunter2"}',
    null,
    '{"message":"two"}',
    ' ',
    'password=hunter2hunter2',
    '{"timestamp":"soon","password":"hunter2hunter2"}',
    '[{"message":"a"}]',
  ];
  expect(await takeIn(incoming(values))).toEqual({ accepted: 2, refused: 5 });
  expect(outcomes(subject)).toEqual(['one', 'two', 'NOT_AN_OBJECT', 'NOT_AN_OBJECT', 'NOT_JSON', 'INVALID_TIMESTAMP', 'NOT_AN_OBJECT']);
  const text = subject.queue.batches.map(({ payload }) => Buffer.from(payload).toString()).join('');
  expect(text).not.toContain('hunter2');
  expect(letters(subject)[3]).toEqual({
    code: 'INVALID_TIMESTAMP',
    detail: expect.stringMatching(/"soon" is not a time.*\(message 75 of logs\.in\/3\)$/),
    body: '{"timestamp":"soon","password":"**************"}',
  });
  expect(subject.queue.batches.map(({ tenant, count }) => [tenant, count])).toEqual([
    ['acme', 2],
    ['acme', 5],
  ]);
});

test('a message that spoils the body it is in does not spoil its neighbours, and one that is too large is cut', async () => {
  const { subject, takeIn } = taking(accepting({ recordBytes: 1_000 }));
  const broken = Buffer.from([0x7b, 0xff, 0xfe, 0x7d]);
  const values = ['{"message":"one"}', broken, `{"message":"${'x'.repeat(400_000)}"}`, '{"message":"two"}'];
  expect(await takeIn(incoming(values))).toEqual({ accepted: 2, refused: 2 });
  expect(outcomes(subject).sort()).toEqual(['INVALID_BODY', 'RECORD_TOO_LARGE', 'one', 'two']);
  const [bytes, large] = letters(subject).sort((a, b) => a.body.length - b.body.length);
  expect(bytes!.body).toBe(`base64:${broken.toString('base64')}`);
  expect(large!.body).toHaveLength(256 * 1024);
  expect(large!.detail).toContain('cut to 262144 of 400014 bytes');
});

test('tenants are kept apart, and messages of nobody go to the platform', async () => {
  const { subject, takeIn } = taking();
  const messages = [
    ...incoming(['{"message":"a"}'], 'a', 70),
    ...incoming(['{"message":"b"}'], 'b', 71),
    { ...incoming(['{}'], 'a', 72)[0]!, tenant: undefined },
  ];
  expect(await takeIn(messages)).toEqual({ accepted: 2, refused: 1 });
  expect(subject.queue.batches.map(({ tenant }) => tenant)).toEqual(['a', 'b', 'logdrive-system']);
  expect(letters(subject)).toEqual([expect.objectContaining({ code: 'UNAUTHENTICATED', body: '{}' })]);
});

test('what may pass later is thrown, so that the messages come again', async () => {
  const { subject, takeIn } = taking();
  subject.queue.failure = new Error('away');
  await expect(takeIn(incoming(['{"message":"one"}']))).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
  expect(await takeIn(incoming(['{"message":"one"}']))).toEqual({ accepted: 1, refused: 0 });
});

test('what was begun waits for a delivery that holds all of it, and is let go after a minute', async () => {
  const clock = manualClock(startMs);
  const { subject, state } = taking();
  const takeIn = createTakeIn({ ...subject.deps, clock, accept: subject.accept, state, topic: 'logs.in', endOf: async () => 80 });
  const all = incoming(['{"message":"a"}', '{"message":"b"}', '{"message":"c"}']);
  subject.queue.failure = new Error('away');
  await expect(takeIn(all)).rejects.toThrow();
  await expect(takeIn(all.slice(0, 2))).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE', more: { retryAfterS: 5 } });
  clock.advance(61_000);
  expect(await takeIn(all.slice(0, 2))).toEqual({ accepted: 2, refused: 0 });
  expect(await takeIn(all)).toEqual({ accepted: 1, refused: 0 });
  expect(outcomes(subject)).toEqual(['a', 'b', 'c']);
});

test('a topic that was made anew is read from its beginning', async () => {
  const { subject, state, takeIn } = taking();
  await takeIn(incoming(['{"message":"old"}']));
  const anew = taking(subject, 2, state);
  expect(await anew.takeIn(incoming(['{"message":"new"}'], 'acme', 0))).toEqual({ accepted: 1, refused: 0 });
  expect(outcomes(subject)).toEqual(['old', 'new']);
});

/** Deliveries of one partition as Kafka makes them after failures: each begins at or before what is not yet committed. */
const deliveries = fc.array(
  fc.record({
    back: fc.nat(6),
    length: fc.integer({ min: 1, max: 9 }),
    more: fc.nat(3),
    failsAt: fc.option(fc.nat(9), { nil: undefined }),
  }),
  { maxLength: 20 },
);

test('however often and with whatever boundaries messages come, and wherever an attempt breaks off, each is taken in once', async () => {
  await fc.assert(fc.asyncProperty(deliveries, takesEachOnce), { numRuns: 100 });
});

async function takesEachOnce(given: { back: number; length: number; more: number; failsAt: number | undefined }[]): Promise<void> {
  const count = 30;
  const messages = incoming(
    Array.from({ length: count }, (_, i) => (i % 7 === 3 ? `{"timestamp":"soon","n":${i}}` : `{"message":"m${i}"}`)),
    'acme',
    0,
  ).map((message, i) => ({ ...message, tenant: i % 5 === 4 ? 'beta' : 'acme' }));
  const subject = accepting();
  const state = new MemoryStateStore();
  let steps = Number.POSITIVE_INFINITY;
  const step = () => {
    if (steps-- === 0) throw new AppError('QUEUE_UNAVAILABLE', 'planted');
  };
  /** Ends the attempt before or after what it does, as a crash would. */
  const breaking = async <T>(work: () => Promise<T>): Promise<T> => {
    step();
    const done = await work();
    step();
    return done;
  };
  const takeIn = createTakeIn({
    ...subject.deps,
    topic: 'logs.in',
    endOf: async () => count,
    state: {
      get: (key, known) => state.get(key, known),
      list: (prefix) => state.list(prefix),
      transact: (writes) => state.transact(writes),
      close: () => state.close(),
      compareAndSet: (key, version, value) => breaking(() => state.compareAndSet(key, version, value)),
    },
    queue: {
      partitions: 1,
      find: (tenant, key) => subject.queue.find(tenant, key),
      append: (partition, batch) => breaking(() => subject.queue.append(partition, batch)),
    },
    accept: (request) => breaking(() => subject.accept(request)),
  });
  let committed = 0;
  for (const { back, length, more, failsAt } of [...given, { back: 0, length: count, more: 0, failsAt: undefined }]) {
    const from = Math.max(0, committed - back);
    // After a failure the same messages come, or more.
    const to = Math.min(count, from + back + length);
    steps = failsAt ?? Number.POSITIVE_INFINITY;
    try {
      await takeIn(messages.slice(from, to));
      committed = Math.max(committed, to);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'QUEUE_UNAVAILABLE') throw error;
      steps = Number.POSITIVE_INFINITY;
      const further = Math.min(count, to + more);
      await takeIn(messages.slice(from, further));
      committed = Math.max(committed, further);
    }
  }
  const found = decoded(subject).map((item) => ('record' in item ? item.record.message : JSON.parse(Buffer.from(item.bytes).toString()).n));
  expect(found).toHaveLength(count);
  expect(new Set(found).size).toBe(count);
}
