import { type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { type Clock, systemClock } from '../../../core/clock.ts';
import { AppError } from '../../../core/errors.ts';
import type { DeadLetter, DeadLetterFilter, DeadLetters } from '../../../core/ports/dead-letters.ts';
import type { WarmStore } from '../../../core/ports/warm-store.ts';
import { Bodies } from './bodies.ts';
import { actionsOf, type Change } from './changes.ts';
import { type Item, type Kept, keptOf, keys, type Locator, locatorOf } from './items.ts';
import { Messages } from './messages.ts';
import { groupsOf, idsOf } from './read.ts';
import { type Reconciled, type ReconcileLimits, reconcile } from './reconcile.ts';
import { LettersTable, translated } from './table.ts';

export type SqsDeadLettersOptions = {
  dynamoDb: DynamoDBClient;
  /** May be the table of the state store. */
  table: string;
  sqs: SQSClient;
  queueUrl: string;
  /** Takes large bodies. */
  objects: Pick<WarmStore, 'putIfAbsent' | 'get'>;
  clock?: Clock;
};

const defaultLimit = 100;
/** A letter takes at most four actions and three counters of a transaction, which has 100. */
const lettersAtOnce = 14;
const changeAttempts = 10;

/**
 * The DeadLetters on AWS: letters and their states are items in DynamoDB, large bodies objects, and for each dead letter there is a message in an
 * SQS queue, for alarms, operators and other consumers. The item comes first: whatever a crash leaves, no letter goes unseen.
 */
export class SqsDeadLetters implements DeadLetters {
  readonly #table: LettersTable;
  readonly #bodies: Bodies;
  readonly #messages: Messages;
  readonly #clock: Clock;
  readonly #close: () => void;

  constructor({ dynamoDb, table, sqs, queueUrl, objects, clock = systemClock }: SqsDeadLettersOptions) {
    this.#table = new LettersTable(dynamoDb, table);
    this.#bodies = new Bodies(objects);
    this.#messages = new Messages(sqs, queueUrl);
    this.#clock = clock;
    this.#close = () => {
      dynamoDb.destroy();
      sqs.destroy();
    };
  }

  /** Resolves when letters are in the table and their messages in the queue. A letter whose message was sent before gets no other. */
  async put(letters: DeadLetter[]): Promise<void> {
    const last = [...new Map(letters.map((letter) => [letter.id, letter])).values()];
    for (let from = 0; from < last.length; from += lettersAtOnce) await this.#putSome(last.slice(from, from + lettersAtOnce));
  }

  async get(tenant: string, id: string): Promise<DeadLetter | undefined> {
    const [item] = await this.#table.getAll([keys.letter(tenant, id)]);
    return item && (await this.#bodies.join([keptOf(item)]))[0];
  }

  async list(filter: DeadLetterFilter): Promise<DeadLetter[]> {
    const places: { tenant: string; id: string }[] = [];
    const limit = filter.limit ?? defaultLimit;
    if (limit > 0) {
      for await (const place of idsOf(this.#table, filter)) if (places.push(place) === limit) break;
    }
    const items = await this.#table.getAll(places.map(({ tenant, id }) => keys.letter(tenant, id)));
    const kept = new Map(items.map((item) => [item.sk!.S!.slice('id/'.length), keptOf(item)]));
    return this.#bodies.join(places.flatMap(({ id }) => kept.get(id) ?? []));
  }

  groups(tenant: string): Promise<{ cause: string; count: number; sampleId: string }[]> {
    return groupsOf(this.#table, tenant);
  }

  async count(): Promise<number> {
    let total = 0;
    for await (const item of this.#table.query({ pk: keys.shards })) total += Number(item.dead!.N);
    return total;
  }

  async mark(id: string, from: DeadLetter['state'], to: DeadLetter['state'], atMs: number): Promise<boolean> {
    for (let attempt = 0; attempt < changeAttempts; attempt++) {
      const locator = (await this.#table.getAll([keys.locator(id)])).map(locatorOf)[0];
      const [item] = locator ? await this.#table.getAll([keys.letter(locator.tenant, id)]) : [];
      if (!item) return false;
      const before = keptOf(item);
      if (before.letter.state !== from) return false;
      const after = { letter: { ...before.letter, state: to, lastAtMs: atMs }, object: before.object };
      if (await this.#table.transact(actionsOf(this.#table.name, [{ before, locator, after }], this.#clock.nowMs()))) return true;
    }
    throw busy();
  }

  /**
   * Brings the queue to what the table says: removes messages of letters that are dead no more (and second ones of one letter), sends those that are
   * missing or about to expire. Run it every hour or so; twice at once does no harm.
   */
  reconcile(limits: ReconcileLimits = {}): Promise<Reconciled> {
    return reconcile({ table: this.#table, messages: this.#messages, clock: this.#clock, send: (ids) => this.#send(ids) }, limits);
  }

  async close(): Promise<void> {
    this.#close();
  }

  async #putSome(letters: readonly DeadLetter[]): Promise<void> {
    const afters = await Promise.all(letters.map(async (letter) => ({ letter, object: await this.#bodies.store(letter) })));
    for (let attempt = 0; attempt < changeAttempts; attempt++) {
      const wanted = letters.flatMap(({ tenant, id }) => [keys.letter(tenant, id), keys.locator(id)]);
      const found = new Map((await this.#table.getAll(wanted)).map((item) => [placeOf(item), item]));
      const changes = afters.map((after): Change => {
        const { tenant, id } = after.letter;
        const [before, locator] = [found.get(placeOf(keys.letter(tenant, id))), found.get(placeOf(keys.locator(id)))];
        return { before: before && keptOf(before), locator: locator && locatorOf(locator), after };
      });
      if (!(await this.#table.transact(actionsOf(this.#table.name, changes, this.#clock.nowMs())))) continue;
      const isSent = ({ before, locator }: Change) => before?.letter.state === 'dead' && locator !== undefined && locator.sentMs > 0;
      const unsent = changes.filter((change) => change.after.letter.state === 'dead' && !isSent(change));
      await this.#announce(unsent.map(({ after }) => ({ ...after, version: 0 })));
      return;
    }
    throw busy();
  }

  /** Sends messages for letters and notes that they were sent. */
  async #announce(kept: readonly Kept[]): Promise<void> {
    if (kept.length === 0) return;
    const messageIds = await this.#messages.send(kept);
    const noted = kept.map(({ letter }, i) => this.#note(letter.id, messageIds[i]!));
    await Promise.all(noted);
  }

  async #note(id: string, messageId: string): Promise<void> {
    const command = new UpdateItemCommand({
      TableName: this.#table.name,
      Key: keys.locator(id),
      UpdateExpression: 'SET sent = :now, m = :message',
      ConditionExpression: 'st = :dead',
      ExpressionAttributeValues: { ':now': { N: String(this.#clock.nowMs()) }, ':message': { S: messageId }, ':dead': { S: 'dead' } },
    });
    // One that was redriven meanwhile needs no note: its message goes with the next reconciliation.
    await translated(() => this.#table.client.send(command)).catch((error: AppError) => {
      if ((error.more.cause as Error | undefined)?.name !== 'ConditionalCheckFailedException') throw error;
    });
  }

  async #send(locators: readonly Locator[]): Promise<void> {
    const items = await this.#table.getAll(locators.map(({ tenant, id }) => keys.letter(tenant, id)));
    await this.#announce(items.map(keptOf).filter(({ letter }) => letter.state === 'dead'));
  }
}

const placeOf = (item: Item): string => `${item.pk!.S}\n${item.sk!.S}`;
const busy = (): AppError => new AppError('STORE_UNAVAILABLE', 'many change the same dead letters', { retryAfterS: 1 });
