import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { dynamoDbClient } from '../../src/adapters/state/dynamodb/client.ts';
import { DynamoDbStateStore } from '../../src/adapters/state/dynamodb/dynamodb-state-store.ts';
import { maxStateBytes, maxStateWrites } from '../../src/core/ports/state-store.ts';
import { aws, endpointOf, makeTable } from './aws-bench.ts';
import { FaultyProxy, type Seen, seeded } from './faulty-proxy.ts';
import { describeStateStore } from './state-store.contract.ts';

const tables: Awaited<ReturnType<typeof makeTable>>[] = [];
const newTable = async () => {
  const made = await makeTable();
  tables.push(made);
  return made.table;
};
const openAt = (table: string, endpoint?: string, attemptTimeoutMs = 3_000) =>
  new DynamoDbStateStore({ client: dynamoDbClient({ ...endpointOf(endpoint), attemptTimeoutMs, attempts: 3 }), table });

const throttled = {
  status: 400,
  body: '{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}',
};
const cancelled = (...codes: string[]) => ({
  status: 400,
  body: JSON.stringify({
    __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
    message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes.join(', ')}]`,
    CancellationReasons: codes.map((Code) => ({ Code })),
  }),
});

describe.skipIf(!aws)('DynamoDB', () => {
  afterAll(() => Promise.all(tables.map(({ remove }) => remove())));

  let table = '';
  describeStateStore(
    'dynamodb',
    async () => {
      table = await newTable();
      return openAt(table);
    },
    async () => openAt(table),
  );

  describe('many writers', () => {
    let store: DynamoDbStateStore;
    beforeAll(async () => {
      store = openAt(await newTable());
    });
    afterAll(() => store.close());

    test('of 50 compare-and-sets at once exactly one wins, on keys new and old', async () => {
      let version = 0;
      for (let round = 0; round < 5; round++) {
        const won = await Promise.all(Array.from({ length: 50 }, (_, i) => store.compareAndSet('race/one', version, { round, i })));
        expect(won.filter((result) => result !== undefined)).toHaveLength(1);
        const now = (await store.get<{ i: number }>('race/one'))!;
        expect(now.value.i).toBe(won.findIndex((result) => result !== undefined));
        version = now.version;
      }
    });

    test('transfers between accounts, by writers who all know better, neither make nor lose a coin', async () => {
      const random = seeded(7);
      const accounts = Array.from({ length: 6 }, (_, i) => `bank/${i}`);
      for (const account of accounts) await store.compareAndSet(account, 0, 100);
      const moved: [from: string, to: string, amount: number][] = [];
      const writer = async () => {
        for (let done = 0; done < 15; ) {
          const [from, to] = [...accounts].sort(() => random() - 0.5) as [string, string];
          const [a, b] = await Promise.all([store.get<number>(from), store.get<number>(to)]);
          const amount = Math.floor(random() * 10) + 1;
          const writes = [
            { key: from, version: a!.version, value: a!.value - amount },
            { key: to, version: b!.version, value: b!.value + amount },
          ];
          if (!(await store.transact(writes))) continue;
          moved.push([from, to, amount]);
          done++;
        }
      };
      await Promise.all(Array.from({ length: 6 }, writer));
      const expected = new Map(accounts.map((account) => [account, 100]));
      for (const [from, to, amount] of moved) {
        expected.set(from, expected.get(from)! - amount);
        expected.set(to, expected.get(to)! + amount);
      }
      expect(new Map((await store.list<number>('bank/')).map(({ key, value }) => [key, value]))).toEqual(expected);
      expect(moved).toHaveLength(6 * 15);
    });

    test('listings span pages, and begin anywhere', async () => {
      const large = 'x'.repeat(maxStateBytes - 2);
      const keys = Array.from({ length: 8 }, (_, i) => `page/${i}`);
      for (const key of keys) await store.compareAndSet(key, 0, large);
      expect((await store.list<string>('page/')).map(({ key, value }) => [key, value.length])).toEqual(
        keys.map((key) => [key, large.length]),
      );
      for (const key of ['zoo', 'zoo/a', 'zoom/b', 'zo/c', '\uffff/x', '😀/x']) await store.compareAndSet(key, 0, key);
      expect((await store.list('zoo')).map(({ key }) => key)).toEqual(['zoo', 'zoo/a', 'zoom/b']);
      expect((await store.list('')).map(({ key }) => key)).toEqual(
        expect.arrayContaining([...keys, 'zo/c', 'zoo', 'zoo/a', 'zoom/b', '\uffff/x', '😀/x']),
      );
      expect((await store.list('')).map(({ key }) => key).slice(-2)).toEqual(['\uffff/x', '😀/x']);
    });

    test('keys that others have in this table, and transactions that are too large, are refused with a reason', async () => {
      for (const key of ['', '#dead/x', 'k'.repeat(1025)]) {
        await expect(store.get(key)).rejects.toMatchObject({ code: 'INTERNAL' });
        await expect(store.compareAndSet(key, 0, 1)).rejects.toMatchObject({ code: 'INTERNAL' });
      }
      const writes = Array.from({ length: maxStateWrites }, (_, i) => ({ key: `w/${i}`, version: 0, value: 'x'.repeat(300_000) }));
      await expect(store.transact(writes)).rejects.toThrow('at most 4000000 fit');
      expect(await store.transact([])).toBe(true);
    });

    test('a table that is not there is an error that says so, and can be tried again', async () => {
      const other = openAt('logdrive-nowhere');
      await expect(other.get('a')).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        more: { cause: { name: 'ResourceNotFoundException' } },
      });
      await other.close();
    });
  });

  describe('behind a network that fails', () => {
    let proxy: FaultyProxy;
    let store: DynamoDbStateStore;
    let direct: DynamoDbStateStore;
    beforeAll(async () => {
      proxy = await FaultyProxy.start(aws!.endpoint);
      const name = await newTable();
      store = openAt(name, proxy.endpoint, 1_500);
      direct = openAt(name);
    });
    beforeEach(() => proxy.reset());
    afterEach(() => proxy.reset());
    afterAll(async () => {
      await Promise.all([store.close(), direct.close()]);
      await proxy.close();
    });
    const first = (operation: string, fault: ReturnType<FaultyProxy['rule']>) => (seen: Seen) =>
      seen.operation === operation && seen.count === 0 ? fault : undefined;

    test('of a value that is known only the version is asked for, and every read is strongly consistent', async () => {
      await direct.compareAndSet('known', 0, { large: 'x'.repeat(100_000) });
      const known = (await store.get('known'))!;
      proxy.reset();
      expect(await store.get('known', known)).toBe(known);
      await store.list('known/');
      const asked = proxy.seen.map(({ body }) => JSON.parse(body) as { ProjectionExpression: string; ConsistentRead: boolean });
      expect(asked.map(({ ProjectionExpression }) => ProjectionExpression)).toEqual(['n', 'sk, n, v']);
      expect(asked.every(({ ConsistentRead }) => ConsistentRead)).toBe(true);
    });

    test.each(['lose', 'hang', 'refuse'] as const)(
      'a write whose answer is lost (%s) is known as ours when it is repeated',
      async (fault) => {
        proxy.rule = first('PutItem', fault);
        const created = (await store.compareAndSet(`lost/${fault}`, 0, 'one'))!;
        expect(created).toBeGreaterThan(0);
        proxy.reset();
        proxy.rule = first('PutItem', fault);
        expect(await store.compareAndSet(`lost/${fault}`, created, 'two')).toBe(created + 1);
        expect(proxy.seen.filter(({ operation }) => operation === 'PutItem')).toHaveLength(2);
        expect(await direct.get(`lost/${fault}`)).toEqual({ value: 'two', version: created + 1 });
      },
    );

    test('a write that somebody else was first with is not taken for ours, repeated or not', async () => {
      const version = (await direct.compareAndSet('theirs', 0, 0))!;
      await direct.compareAndSet('theirs', version, 'theirs');
      proxy.rule = first('PutItem', 'refuse');
      expect(await store.compareAndSet('theirs', version, 'ours')).toBeUndefined();
      expect((await direct.get('theirs'))?.value).toBe('theirs');
    });

    test('where others have written since, nobody can tell, and the error says so', async () => {
      const version = (await direct.compareAndSet('gone-on', 0, 0))!;
      const theirs = (await direct.compareAndSet('gone-on', version, 1))!;
      await direct.compareAndSet('gone-on', theirs, 2);
      proxy.rule = first('PutItem', 'refuse');
      await expect(store.compareAndSet('gone-on', version, 'ours')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    });

    test.each(['lose', 'hang'] as const)('a transaction whose answer is lost (%s) is done once, deletions too', async (fault) => {
      const version = (await direct.compareAndSet(`tx/${fault}`, 0, 1))!;
      proxy.rule = first('TransactWriteItems', fault);
      expect(await store.transact([{ key: `tx/${fault}`, version, value: undefined }])).toBe(true);
      proxy.reset();
      proxy.rule = first('TransactWriteItems', fault);
      expect(await store.transact([{ key: `tx/${fault}`, version: 0, value: 2 }])).toBe(true);
      expect((await direct.get(`tx/${fault}`))?.value).toBe(2);
    });

    test('a transaction that meets another, or is throttled, is tried again; one whose condition fails is not', async () => {
      const version = (await direct.compareAndSet('busy', 0, 1))!;
      const busy = [
        cancelled('TransactionConflict', 'None'),
        cancelled('ThrottlingError'),
        cancelled('None', 'ProvisionedThroughputExceeded'),
      ];
      proxy.rule = ({ operation, count }) => (operation === 'TransactWriteItems' ? busy[count] : undefined);
      expect(await store.transact([{ key: 'busy', version, value: 2 }])).toBe(true);
      expect(proxy.seen).toHaveLength(busy.length + 1);
      const tokens = proxy.seen.map(({ body }) => (JSON.parse(body) as { ClientRequestToken: string }).ClientRequestToken);
      expect(new Set(tokens).size).toBe(tokens.length);
      proxy.reset();
      proxy.rule = () => cancelled('TransactionConflict', 'ConditionalCheckFailed');
      expect(await store.transact([{ key: 'busy', version: 0, value: 3 }])).toBe(false);
      expect(proxy.seen).toHaveLength(1);
    });

    test('a throttled request is tried again, and in the end given up with its cause', async () => {
      proxy.rule = ({ count }) => (count < 2 ? throttled : undefined);
      expect(await store.get('nothing')).toBeUndefined();
      expect(proxy.seen).toHaveLength(3);
      proxy.reset();
      proxy.rule = () => throttled;
      await expect(store.compareAndSet('a', 0, 1)).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        retryable: true,
        more: { retryAfterS: 1, cause: { name: 'ProvisionedThroughputExceededException' } },
      });
      expect(proxy.seen).toHaveLength(3);
    });

    test('counting on one key through a storm of faults loses no step and takes none twice', async () => {
      const random = seeded(41);
      proxy.rule = () => {
        const roll = random();
        if (roll < 0.08) return 'lose';
        if (roll < 0.14) return 'refuse';
        if (roll < 0.2) return { status: 503, body: '{"message":"unavailable"}' };
        return roll < 0.25 ? throttled : undefined;
      };
      await direct.compareAndSet('count', 0, 0);
      let unknown = 0;
      const counter = async () => {
        for (let done = 0; done < 10; ) {
          try {
            const { value, version } = (await store.get<number>('count'))!;
            if ((await store.compareAndSet('count', version, value + 1)) !== undefined) done++;
          } catch (error) {
            expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
            unknown++;
          }
        }
      };
      await Promise.all([counter(), counter(), counter()]);
      const { value } = (await direct.get<number>('count'))!;
      expect(value).toBeGreaterThanOrEqual(30);
      // A step whose outcome stayed unknown may have been taken.
      expect(value).toBeLessThanOrEqual(30 + unknown);
    });
  });
});
