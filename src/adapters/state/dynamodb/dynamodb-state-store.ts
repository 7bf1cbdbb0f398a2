import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import {
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { backoffMs } from '../../../core/backoff.ts';
import { AppError } from '../../../core/errors.ts';
import { maxStateWrites, type StateStore, type StateWrite, type Versioned } from '../../../core/ports/state-store.ts';
import { refusalOf, translated, wasRepeated } from './failures.ts';
import { firstSegment, type Row, rowKey, rowOf, textOf, versionedOf, versionOf } from './rows.ts';

export type DynamoDbStateOptions = { client: DynamoDBClient; table: string };

/** DynamoDB's bound of all items of a transaction. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html */
const maxTransactionBytes = 4_000_000;
const busyAttempts = 10;
const busyPause = { baseMs: 20, maxMs: 1_000 };

/**
 * The StateStore in one DynamoDB table: `pk` the first segment of the key, `sk` the key, `v` the value as JSON text, `n` the version, `w` the write
 * it comes from. All reads are strongly consistent. A key begins with a random version and counts on from there, so that one that was deleted and
 * made again never has a former version; and a write whose answer was lost is known again by `w`.
 */
export class DynamoDbStateStore implements StateStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor({ client, table }: DynamoDbStateOptions) {
    this.#client = client;
    this.#table = table;
  }

  async get<T>(key: string, known?: Versioned<T>): Promise<Versioned<T> | undefined> {
    if (known) {
      const row = await this.#read(key, 'n');
      if (!row) return undefined;
      if (versionOf(row) === known.version) return known;
    }
    const row = await this.#read(key, 'n, v');
    return row && versionedOf<T>(row);
  }

  /** A prefix that ends inside the first segment reads the whole table: for operators and tests. */
  async list<T>(prefix: string): Promise<({ key: string } & Versioned<T>)[]> {
    const rows: Row[] = [];
    for (let from: Row | undefined, isFirst = true; isFirst || from; isFirst = false) {
      const page = await this.#page(prefix, from);
      rows.push(...(page.Items ?? []));
      from = page.LastEvaluatedKey;
    }
    const found = rows.map((row) => ({ key: row.sk!.S!, ...versionedOf<T>(row) }));
    // A query comes in byte order, a scan in none.
    return firstSegment(prefix) === undefined ? found.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key))) : found;
  }

  async compareAndSet(key: string, version: number, value: unknown): Promise<number | undefined> {
    if (value === undefined) return (await this.transact([{ key, version, value }])) ? version + 1 : undefined;
    const next = nextVersion(version);
    const writer = randomUUID();
    const command = new PutItemCommand({
      TableName: this.#table,
      Item: rowOf(key, next, textOf(key, value), writer),
      ...conditionOf(version),
    });
    try {
      await this.#persistently(() => this.#client.send(command));
      return next;
    } catch (error) {
      if (refusalOf(error) !== 'taken') throw translated(error);
      return wasRepeated(error) && (await this.#isOurs(key, version, next, writer)) ? next : undefined;
    }
  }

  async transact(writes: StateWrite[]): Promise<boolean> {
    if (writes.length > maxStateWrites)
      throw new AppError('INTERNAL', `a transaction of ${writes.length} keys: at most ${maxStateWrites} fit`);
    if (writes.length === 0) return true;
    let bytes = 0;
    const items = writes.map(({ key, version, value }): TransactWriteItem => {
      const where = { TableName: this.#table, ...conditionOf(version) };
      if (value === undefined) return { [version === 0 ? 'ConditionCheck' : 'Delete']: { ...where, Key: rowKey(key) } };
      const text = textOf(key, value);
      bytes += Buffer.byteLength(text);
      return { Put: { ...where, Item: rowOf(key, nextVersion(version), text, randomUUID()) } };
    });
    if (bytes > maxTransactionBytes) throw new AppError('INTERNAL', `a transaction of ${bytes} bytes: at most ${maxTransactionBytes} fit`);
    try {
      // The token makes repeats of one sending one transaction, for ten minutes. What was refused as a whole is sent under a new one.
      await this.#persistently(() =>
        this.#client.send(new TransactWriteItemsCommand({ TransactItems: items, ClientRequestToken: randomUUID() })),
      );
      return true;
    } catch (error) {
      if (refusalOf(error) === 'taken') return false;
      throw translated(error);
    }
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }

  async #read(key: string, attributes: string): Promise<Row | undefined> {
    try {
      const request = { TableName: this.#table, Key: rowKey(key), ConsistentRead: true, ProjectionExpression: attributes };
      return (await this.#client.send(new GetItemCommand(request))).Item;
    } catch (error) {
      throw translated(error);
    }
  }

  async #page(prefix: string, from: Row | undefined): Promise<{ Items?: Row[] | undefined; LastEvaluatedKey?: Row | undefined }> {
    const common = {
      TableName: this.#table,
      ConsistentRead: true,
      ProjectionExpression: 'sk, n, v',
      ...(from ? { ExclusiveStartKey: from } : {}),
    };
    const first = firstSegment(prefix);
    try {
      if (first !== undefined) {
        const values = { ':first': { S: first }, ':prefix': { S: prefix } };
        const condition = 'pk = :first AND begins_with(sk, :prefix)';
        return await this.#client.send(
          new QueryCommand({ ...common, KeyConditionExpression: condition, ExpressionAttributeValues: values }),
        );
      }
      const values = { ':theirs': { S: '#' }, ...(prefix === '' ? {} : { ':prefix': { S: prefix } }) };
      const filter = `NOT begins_with(pk, :theirs)${prefix === '' ? '' : ' AND begins_with(sk, :prefix)'}`;
      return await this.#client.send(new ScanCommand({ ...common, FilterExpression: filter, ExpressionAttributeValues: values }));
    } catch (error) {
      throw translated(error);
    }
  }

  /**
   * Whether the write that a condition refused when it was repeated had been done before.
   * @throws AppError STORE_UNAVAILABLE where others have written since, so that nobody can tell
   */
  async #isOurs(key: string, version: number, next: number, writer: string): Promise<boolean> {
    const row = await this.#read(key, 'n, w');
    if (row?.w?.S === writer) return true;
    // Versions count by one, and a new key's first is nobody else's: what stands directly on `version` was the first to be written there.
    if (row && version > 0 && versionOf(row) === next) return false;
    throw new AppError('STORE_UNAVAILABLE', `the answer to a write of ${key} was lost, and the key has changed since`, { retryAfterS: 1 });
  }

  /** Does it again while others hold the same keys. */
  async #persistently<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (attempt === busyAttempts - 1 || refusalOf(error) !== 'busy') throw error;
        await wait(backoffMs(attempt, busyPause));
      }
    }
  }
}

const nextVersion = (version: number): number => (version === 0 ? randomBytes(6).readUIntBE(0, 6) + 1 : version + 1);

const conditionOf = (version: number) =>
  version === 0
    ? { ConditionExpression: 'attribute_not_exists(pk)' }
    : { ConditionExpression: 'n = :n', ExpressionAttributeValues: { ':n': { N: String(version) } } };
