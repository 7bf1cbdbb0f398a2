import { expect, test } from 'vitest';
import type { IncomingMessage } from '../../src/core/ports/streams.ts';
import { createTakeIn } from '../../src/pipeline/take-in.ts';
import { accepting, decoded } from './accepting.ts';

const incoming = (values: (string | Uint8Array | null)[], tenant: string | undefined = 'acme'): IncomingMessage[] =>
  values.map((value, index) => ({
    partition: 3,
    offset: 70 + index,
    tenant,
    value: typeof value === 'string' ? Buffer.from(value) : value,
  }));

const outcomes = (subject: ReturnType<typeof accepting>): unknown[] =>
  decoded(subject).map((item) => ('record' in item ? item.record.message : item.fault.code));

test('messages of a stream are accepted like a body, and every refused one is a record that ends as a dead letter, masked', async () => {
  const subject = accepting();
  const takeIn = createTakeIn({ ...subject.deps, accept: subject.accept });
  const values = [
    '{"message":"one",\n"password":"hunter2hunter2"}',
    null,
    '{"message":"two"}',
    ' ',
    'password=hunter2hunter2',
    '{"timestamp":"soon"}',
    '[{"message":"a"}]',
  ];
  expect(await takeIn(incoming(values))).toEqual({ accepted: 2, refused: 5 });
  expect(outcomes(subject)).toEqual(['one', 'two', ...Array(5).fill('NOT_AN_OBJECT')]);
  const text = subject.queue.batches.map(({ payload }) => Buffer.from(payload).toString()).join('');
  expect(text).not.toContain('hunter2');
  expect(text).toContain('message 75 of logs.in/3 is no record (');
  expect(subject.queue.batches.map(({ tenant, count }) => [tenant, count])).toEqual([
    ['acme', 2],
    ['acme', 5],
  ]);
});

test('a message that spoils the body it is in does not spoil its neighbours, and one that is too large is cut', async () => {
  const subject = accepting({ recordBytes: 1_000 });
  const takeIn = createTakeIn({ ...subject.deps, accept: subject.accept });
  const values = ['{"message":"one"}', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), `{"message":"${'x'.repeat(100_000)}"}`, '{"message":"two"}'];
  expect(await takeIn(incoming(values))).toEqual({ accepted: 2, refused: 2 });
  expect(outcomes(subject).sort()).toEqual(['NOT_AN_OBJECT', 'NOT_AN_OBJECT', 'one', 'two']);
  for (const { payload } of subject.queue.batches) expect(payload.length).toBeLessThan(70_000);
});

test('tenants are kept apart, and messages of nobody go to the platform', async () => {
  const subject = accepting();
  const takeIn = createTakeIn({ ...subject.deps, accept: subject.accept });
  const messages = [
    ...incoming(['{"message":"a"}'], 'a'),
    ...incoming(['{"message":"b"}'], 'b'),
    { ...incoming(['{}'])[0]!, tenant: undefined },
  ];
  expect(await takeIn(messages)).toEqual({ accepted: 2, refused: 1 });
  expect(subject.queue.batches.map(({ tenant }) => tenant)).toEqual(['a', 'b', 'logdrive-system']);
});

test('what may pass later is thrown, so that the messages come again', async () => {
  const subject = accepting();
  const takeIn = createTakeIn({ ...subject.deps, accept: subject.accept });
  subject.queue.failure = new Error('away');
  await expect(takeIn(incoming(['{"message":"one"}']))).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
  expect(await takeIn(incoming(['{"message":"one"}']))).toEqual({ accepted: 1, refused: 0 });
});
