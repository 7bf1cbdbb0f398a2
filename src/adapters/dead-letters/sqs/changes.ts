import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import type { DeadLetter } from '../../../core/ports/dead-letters.ts';
import { causeHash, type Item, type Kept, keys, type Locator, letterItem, locatorItem, shardOf } from './items.ts';

/** One letter as it was (undefined: not there) and as it is to be. */
export type Change = { before: Kept | undefined; locator: Locator | undefined; after: { letter: DeadLetter; object: string | undefined } };

/** The actions that make changes of letters together with everything that is derived from them. Each letter may be changed once. */
export function actionsOf(table: string, changes: readonly Change[], nowMs: number): TransactWriteItem[] {
  const counters = new Map<string, { key: Item; by: number; cause?: string }>();
  const count = (key: Item, by: number, cause?: string) => {
    const named = `${key.pk!.S}\n${key.sk!.S}`;
    counters.set(named, { key, by: (counters.get(named)?.by ?? 0) + by, ...(cause === undefined ? {} : { cause }) });
  };
  const actions = changes.flatMap(({ before, locator, after }): TransactWriteItem[] => {
    const { letter } = after;
    const { id, tenant } = letter;
    for (const [kept, by] of [[before?.letter, -1] as const, [letter, 1] as const]) {
      if (kept?.state !== 'dead') continue;
      count(keys.group(tenant, causeHash(kept.cause), shardOf(id)), by, kept.cause);
      count(keys.count(shardOf(id)), by);
    }
    const version = (before?.version ?? 0) + 1;
    return [
      { Put: { TableName: table, Item: letterItem({ ...after, version }), ...unchanged(before) } },
      { Put: { TableName: table, Item: locatorItem(locatorAfter(before, locator, letter, nowMs)) } },
      ...deadEntries(table, before?.letter, letter),
    ];
  });
  return [...actions, ...[...counters.values()].filter(({ by }) => by !== 0).map((counter) => counting(table, counter))];
}

const unchanged = (before: Kept | undefined) =>
  before
    ? { ConditionExpression: 'n = :n', ExpressionAttributeValues: { ':n': { N: String(before.version) } } }
    : { ConditionExpression: 'attribute_not_exists(pk)' };

/** A letter that dies again gets another message; one that stays dead keeps the one that it has. */
function locatorAfter(
  before: Kept | undefined,
  locator: Locator | undefined,
  { id, tenant, state, cause }: DeadLetter,
  nowMs: number,
): Locator {
  const place = { id, tenant, state, cause: causeHash(cause) };
  if (locator && before?.letter.state === state) return { ...locator, ...place };
  return { ...place, sentMs: 0, sinceMs: nowMs, messageId: undefined };
}

function deadEntries(table: string, before: DeadLetter | undefined, after: DeadLetter): TransactWriteItem[] {
  const entryOf = (letter: DeadLetter | undefined) =>
    letter?.state === 'dead' ? keys.dead(letter.tenant, causeHash(letter.cause), letter.id) : undefined;
  const [old, next] = [entryOf(before), entryOf(after)];
  if (old?.sk.S === next?.sk.S) return [];
  return [...(old ? [{ Delete: { TableName: table, Key: old } }] : []), ...(next ? [{ Put: { TableName: table, Item: next } }] : [])];
}

const counting = (table: string, { key, by, cause }: { key: Item; by: number; cause?: string }): TransactWriteItem => ({
  Update: {
    TableName: table,
    Key: key,
    UpdateExpression: cause === undefined ? 'ADD dead :by' : 'SET cause = :cause ADD dead :by',
    ExpressionAttributeValues: { ':by': { N: String(by) }, ...(cause === undefined ? {} : { ':cause': { S: cause } }) },
  },
});
