import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import {
  BatchGetItemCommand,
  type DynamoDBClient,
  QueryCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { backoffMs } from '../../../core/backoff.ts';
import { AppError } from '../../../core/errors.ts';
import type { Item, Key } from './items.ts';

/** BatchGetItem's bound. */
const maxKeys = 100;
const busyAttempts = 10;
const busyPause = { baseMs: 20, maxMs: 1_000 };

/** What can be asked of one partition of the table, in the order of `sk`. Bounds are inclusive. */
export type Asked = { pk: string; from?: string; to?: string; filter?: { text: string; values: Item }; pageSize?: number };

/** The table of the letters: strongly consistent reads, and transactions that are tried again while others are at the same items. */
export class LettersTable {
  readonly client: DynamoDBClient;
  readonly name: string;

  constructor(client: DynamoDBClient, name: string) {
    this.client = client;
    this.name = name;
  }

  /** Items one by one, read in pages as they are wanted. */
  async *query({ pk, from = ' ', to = '\uffff', filter, pageSize }: Asked): AsyncGenerator<Item> {
    for (let start: Item | undefined, isFirst = true; isFirst || start; isFirst = false) {
      const command = new QueryCommand({
        TableName: this.name,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: { ':pk': { S: pk }, ':from': { S: from }, ':to': { S: to }, ...filter?.values },
        ...(filter ? { FilterExpression: filter.text } : {}),
        ...(pageSize ? { Limit: pageSize } : {}),
        ...(start ? { ExclusiveStartKey: start } : {}),
      });
      const page = await translated(() => this.client.send(command));
      yield* page.Items ?? [];
      start = page.LastEvaluatedKey;
    }
  }

  /** The items of these keys that are there, in no order. */
  async getAll(keys: readonly Key[]): Promise<Item[]> {
    const found: Item[] = [];
    for (let from = 0; from < keys.length; from += maxKeys) {
      let left: Item[] = keys.slice(from, from + maxKeys);
      for (let attempt = 0; left.length > 0; attempt++) {
        if (attempt > 0) await wait(backoffMs(attempt, busyPause));
        const request = { RequestItems: { [this.name]: { Keys: left, ConsistentRead: true } } };
        const answer = await translated(() => this.client.send(new BatchGetItemCommand(request)));
        found.push(...(answer.Responses?.[this.name] ?? []));
        left = answer.UnprocessedKeys?.[this.name]?.Keys ?? [];
        if (left.length > 0 && attempt === busyAttempts)
          throw new AppError('STORE_UNAVAILABLE', 'the dead letters are throttled', { retryAfterS: 1 });
      }
    }
    return found;
  }

  /** Writes all or nothing; false where a condition did not hold. A repeat of one sending is one transaction: it has a token. */
  async transact(actions: TransactWriteItem[]): Promise<boolean> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.client.send(new TransactWriteItemsCommand({ TransactItems: actions, ClientRequestToken: randomUUID() }));
        return true;
      } catch (error) {
        const reasons = error instanceof TransactionCanceledException ? (error.CancellationReasons ?? []).map(({ Code }) => Code) : [];
        if (reasons.includes('ConditionalCheckFailed')) return false;
        if (reasons.length === 0 || reasons.includes('ValidationError') || attempt === busyAttempts - 1) throw failureOf(error);
        await wait(backoffMs(attempt, busyPause));
      }
    }
  }
}

export async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw failureOf(error);
  }
}

/** Turns what the clients throw into ours, with it as the cause. */
export function failureOf(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const { name, message } = error as Error;
  return new AppError('STORE_UNAVAILABLE', `the dead letters failed: ${name}: ${message}`, { retryAfterS: 1, cause: error });
}
