import { createHash } from 'node:crypto';
import { DeleteMessageCommand, type Message, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sqsClient } from '../../src/adapters/dead-letters/sqs/client.ts';
import { SqsDeadLetters } from '../../src/adapters/dead-letters/sqs/sqs-dead-letters.ts';
import { dynamoDbClient } from '../../src/adapters/state/dynamodb/client.ts';
import { DynamoDbStateStore } from '../../src/adapters/state/dynamodb/dynamodb-state-store.ts';
import { s3Client } from '../../src/adapters/warm/s3/client.ts';
import { S3WarmStore } from '../../src/adapters/warm/s3/s3-warm-store.ts';
import { manualClock } from '../../src/core/clock.ts';
import { idOf } from '../../src/core/ids.ts';
import type { DeadLetter } from '../../src/core/ports/dead-letters.ts';
import { aws, endpointOf, makeBucket, makeQueue, makeTable } from './aws-bench.ts';
import { describeDeadLetters } from './dead-letters.contract.ts';
import { FaultyProxy, seeded } from './faulty-proxy.ts';

const dayMs = 86_400_000;

function letter(offset: number, more: Partial<DeadLetter> = {}): DeadLetter {
  const position = { generation: 0, partition: offset % 3, offset };
  return {
    ...{ id: `dl-${idOf(position)}`, tenant: 'acme', position, sink: 'hot', body: `{"n":${offset}}`, observedUs: 1_700_000_000_000_000 },
    ...{
      code: 'MAPPING',
      detail: 'field "a" is no number',
      cause: 'MAPPING: field N is no number',
      attempts: 1,
      firstAtMs: 1,
      lastAtMs: 2,
    },
    ...{ codeVersion: '0.1.0', state: 'dead' },
    ...more,
  };
}

describe.skipIf(!aws)('dead letters on SQS', () => {
  const opened: SqsDeadLetters[] = [];
  const tables: Awaited<ReturnType<typeof makeTable>>[] = [];
  const sqs = aws ? sqsClient(endpointOf()) : undefined!;
  let place: { table: string; queueUrl: string; bucket: string };
  const makePlace = async () => {
    const table = await makeTable();
    tables.push(table);
    place = { table: table.table, queueUrl: await makeQueue(), bucket: await makeBucket() };
  };
  const clock = manualClock(1_800_000_000_000);
  const open = (endpoint?: string) => {
    const at = { ...endpointOf(endpoint), attempts: 3, attemptTimeoutMs: 4_000 };
    const objects = new S3WarmStore({ client: s3Client(endpointOf()), bucket: place.bucket });
    const letters = new SqsDeadLetters({ dynamoDb: dynamoDbClient(at), sqs: sqsClient(at), objects, clock, ...place });
    opened.push(letters);
    return letters;
  };
  afterAll(async () => {
    await Promise.all(opened.map((letters) => letters.close()));
    await Promise.all(tables.map(({ remove }) => remove()));
    sqs.destroy();
  });

  describeDeadLetters(
    'sqs',
    async () => {
      await makePlace();
      return open();
    },
    async () => open(),
  );

  /** All messages of the queue, which stay there. */
  async function messages(): Promise<Message[]> {
    const wanted = { MaxNumberOfMessages: 10, VisibilityTimeout: 0, MessageAttributeNames: ['All'] };
    const found = new Map<string, Message>();
    for (let more = true; more; ) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: place.queueUrl, ...wanted }));
      more = Messages.some(({ MessageId }) => !found.has(MessageId!));
      for (const message of Messages) found.set(message.MessageId!, message);
    }
    return [...found.values()];
  }
  const idsOf = (found: Message[]) => found.map(({ MessageAttributes }) => MessageAttributes?.id?.StringValue).sort();

  describe('and their messages', () => {
    beforeEach(makePlace);

    test('a dead letter is a message with its bytes and cause, once', async () => {
      const letters = open();
      await letters.put([letter(1), letter(2, { state: 'discarded' })]);
      await letters.put([letter(1, { attempts: 2 })]);
      const [message, ...others] = await messages();
      expect(others).toEqual([]);
      expect(message!.Body).toBe('{"n":1}');
      const attributes = Object.fromEntries(
        Object.entries(message!.MessageAttributes ?? {}).map(([name, value]) => [name, value.StringValue]),
      );
      expect(attributes).toMatchObject({
        id: letter(1).id,
        tenant: 'acme',
        code: 'MAPPING',
        detail: 'field "a" is no number',
        position: '0/1/1',
      });
    });

    test('a body that is large, or that SQS does not take, comes back as it was', async () => {
      const letters = open();
      const large = letter(1, { body: JSON.stringify({ message: 'ä'.repeat(200_000) }) });
      const odd = letter(2, { body: '{"message":"\uffff\\u0000"}', detail: '' });
      await letters.put([large, odd, letter(3, { body: '' })]);
      expect(await letters.list({})).toEqual([letter(3, { body: '' }), large, odd]);
      const bodies = (await messages()).map(({ Body }) => Body!);
      expect(bodies).toEqual(expect.arrayContaining(['{"message":"\\uffff\\u0000"}', ' ']));
      const named = bodies.find((body) => body.includes('object'))!;
      const objects = new S3WarmStore({ client: s3Client(endpointOf()), bucket: place.bucket });
      expect(Buffer.from(await objects.get((JSON.parse(named) as { object: string }).object)).toString()).toBe(large.body);
    });

    test('many letters of many tenants and causes are listed, counted and grouped exactly', async () => {
      const letters = open();
      const random = seeded(3);
      const all = Array.from({ length: 120 }, (_, offset) =>
        letter(offset, { tenant: random() < 0.5 ? 'acme' : 'zeta', cause: `C${Math.floor(random() * 4)}` }),
      );
      await Promise.all([letters.put(all.slice(0, 70)), open().put(all.slice(60))]);
      const redriven = all.filter(() => random() < 0.3);
      for (const { id } of redriven) expect(await letters.mark(id, 'dead', 'redriven', 9)).toBe(true);
      const gone = new Set(redriven.map(({ id }) => id));
      const dead = all.filter(({ id }) => !gone.has(id)).sort((a, b) => (a.id < b.id ? -1 : 1));
      expect(await letters.count()).toBe(dead.length);
      for (const tenant of ['acme', 'zeta']) {
        const theirs = dead.filter((one) => one.tenant === tenant);
        const expected = [...Map.groupBy(theirs, ({ cause }) => cause)].map(([cause, of]) => ({
          cause,
          count: of.length,
          sampleId: of[0]!.id,
        }));
        expect(await letters.groups(tenant)).toEqual(expected.sort((a, b) => b.count - a.count || (a.cause < b.cause ? -1 : 1)));
        for (const { cause } of expected) {
          const found: DeadLetter[] = [];
          for (let after: string | undefined; ; after = found.at(-1)!.id) {
            const page = await letters.list({ tenant, cause, state: 'dead', limit: 7, ...(after === undefined ? {} : { after }) });
            found.push(...page);
            if (page.length < 7) break;
          }
          expect(found).toEqual(theirs.filter((one) => one.cause === cause));
        }
      }
      const ids = (await letters.list({ state: 'dead', limit: 1_000_000 })).map(({ id }) => id);
      expect(ids).toEqual(dead.map(({ id }) => id));
      expect((await letters.list({ tenant: 'acme', state: 'redriven', limit: 500 })).length).toBe(
        redriven.filter(({ tenant }) => tenant === 'acme').length,
      );
    });

    test('letters and the keys of the state store share a table and do not meet', async () => {
      const state = new DynamoDbStateStore({ client: dynamoDbClient(endpointOf()), table: place.table });
      await open().put([letter(1)]);
      await state.compareAndSet('warm/heads/0', 0, 1);
      expect((await state.list('')).map(({ key }) => key)).toEqual(['warm/heads/0']);
      await state.close();
    });

    test('reconciling removes what is dead no more, leaves what is, and sends what is missing or expires', async () => {
      const letters = open();
      await letters.put([letter(1), letter(2), letter(3)]);
      await letters.mark(letter(1).id, 'dead', 'redriven', 5);
      expect(await letters.reconcile()).toEqual({ removed: 1, left: 2, foreign: 0, sent: 0 });
      expect(idsOf(await messages())).toEqual([letter(2).id, letter(3).id].sort());
      expect(await letters.reconcile()).toEqual({ removed: 0, left: 2, foreign: 0, sent: 0 });
      for (const { ReceiptHandle } of await messages())
        await sqs.send(new DeleteMessageCommand({ QueueUrl: place.queueUrl, ReceiptHandle: ReceiptHandle! }));
      clock.advance(13 * dayMs);
      expect(await letters.reconcile()).toMatchObject({ sent: 0 });
      clock.advance(dayMs);
      expect(await letters.reconcile()).toMatchObject({ left: 0, sent: 2 });
      expect(idsOf(await messages())).toEqual([letter(2).id, letter(3).id].sort());
      expect(await letters.reconcile()).toMatchObject({ left: 2, sent: 0 });
    });

    test('a letter that dies again is sent again', async () => {
      const letters = open();
      await letters.put([letter(1)]);
      await letters.mark(letter(1).id, 'dead', 'redriven', 5);
      await letters.put([letter(1, { attempts: 3 })]);
      expect(await messages()).toHaveLength(2);
      expect(await letters.reconcile()).toMatchObject({ removed: 1, left: 1, sent: 0 });
      expect(await letters.count()).toBe(1);
    });
  });

  describe('behind a network that fails', () => {
    let proxy: FaultyProxy;
    beforeAll(async () => {
      proxy = await FaultyProxy.start(aws!.endpoint);
    });
    beforeEach(async () => {
      proxy.reset();
      await makePlace();
    });
    afterAll(() => proxy.close());

    test('a letter whose message could not be sent is not put, but seen, and its message comes with the next try', async () => {
      const letters = open(proxy.endpoint);
      proxy.rule = ({ operation }) => (operation === 'SendMessageBatch' ? 'refuse' : undefined);
      await expect(letters.put([letter(1)])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      expect(await open().list({ state: 'dead' })).toEqual([letter(1)]);
      proxy.reset();
      await letters.put([letter(1)]);
      expect(idsOf(await messages())).toEqual([letter(1).id]);
      expect(await letters.count()).toBe(1);
    });

    test('nobody comes back after a crash: reconciling sends the message', async () => {
      proxy.rule = ({ operation }) => (operation === 'SendMessageBatch' ? 'refuse' : undefined);
      await expect(open(proxy.endpoint).put([letter(1)])).rejects.toThrow();
      const later = open();
      expect(await later.reconcile()).toMatchObject({ sent: 0 });
      clock.advance(61_000);
      expect(await later.reconcile()).toMatchObject({ sent: 1 });
      expect(await later.reconcile()).toMatchObject({ sent: 0, left: 1 });
    });

    test('messages that a batch did not take are sent again, alone', async () => {
      const ids = [letter(1), letter(2), letter(3)];
      proxy.rule = ({ operation, count }) => {
        if (operation !== 'SendMessageBatch' || count > 0) return undefined;
        const body = {
          Successful: [{ Id: '0', MessageId: 'taken', MD5OfMessageBody: createHash('md5').update(letter(1).body).digest('hex') }],
          Failed: [1, 2].map((Id) => ({ Id: String(Id), SenderFault: false, Code: 'InternalError' })),
        };
        return { status: 200, body: JSON.stringify(body), headers: { 'content-type': 'application/x-amz-json-1.0' } };
      };
      await open(proxy.endpoint).put(ids);
      expect(idsOf(await messages())).toEqual([letter(2).id, letter(3).id].sort());
    });

    test('letters put and marked through a storm of faults are counted exactly', async () => {
      const letters = open(proxy.endpoint);
      const random = seeded(11);
      proxy.rule = () => {
        const roll = random();
        if (roll < 0.1) return 'lose';
        return roll < 0.2 ? { status: 500, body: '{"message":"internal"}' } : undefined;
      };
      const persistently = async <T>(work: () => Promise<T>): Promise<T> => {
        for (;;) {
          try {
            return await work();
          } catch (error) {
            expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
          }
        }
      };
      const all = Array.from({ length: 30 }, (_, offset) => letter(offset));
      await Promise.all([0, 1, 2].map((part) => persistently(() => letters.put(all.slice(part * 10, part * 10 + 10)))));
      for (const { id } of all.slice(0, 8)) await persistently(() => letters.mark(id, 'dead', 'discarded', 5));
      proxy.reset();
      expect(await letters.count()).toBe(22);
      expect(await letters.groups('acme')).toMatchObject([{ count: 22 }]);
      // Each message that stays is the one of a dead letter.
      await letters.reconcile();
      expect(await letters.reconcile()).toEqual({ removed: 0, left: 22, foreign: 0, sent: 0 });
    });
  });
});
