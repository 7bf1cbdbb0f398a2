import { createHash } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { DeadLetter } from '../../../core/ports/dead-letters.ts';

export type Item = Record<string, AttributeValue>;
export type Key = { pk: { S: string }; sk: { S: string } };

/** Ids begin with `dl-`, generation and partition, in an order that is that of positions: so a shard is written by few, and shards follow one another. */
const shardLength = 'dl-0000'.length;
const root = '#dead-letters';

export const shardOf = (id: string): string => id.slice(0, shardLength);
/** Causes are texts; keys take their hash. */
export const causeHash = (cause: string): string => createHash('sha256').update(cause).digest('hex').slice(0, 24);

const keyOf = (pk: string, sk: string): Key => ({ pk: { S: pk }, sk: { S: sk } });

/**
 * What is kept of letters: the letter under its tenant; where it is and what was sent for it, under its shard (`locator`); an entry for each dead one
 * under its cause; and how many are dead by tenant, cause and shard, and by shard.
 */
export const keys = {
  tenant: (tenant: string): string => `${root}/tenant/${tenant}`,
  shard: (shard: string): string => `${root}/shard/${shard}`,
  shards: root,
  letter: (tenant: string, id: string): Key => keyOf(keys.tenant(tenant), `id/${id}`),
  locator: (id: string): Key => keyOf(keys.shard(shardOf(id)), id),
  dead: (tenant: string, hash: string, id: string): Key => keyOf(keys.tenant(tenant), `dead/${hash}/${id}`),
  group: (tenant: string, hash: string, shard: string): Key => keyOf(keys.tenant(tenant), `group/${hash}/${shard}`),
  count: (shard: string): Key => keyOf(root, shard),
};

/** A letter as it is kept; `object` names its body where that is too large for an item. */
export type Kept = { letter: DeadLetter; version: number; object: string | undefined };

export function letterItem({ letter, version, object }: Kept): Item {
  const text = JSON.stringify(object === undefined ? letter : { ...letter, body: '' });
  return {
    ...keys.letter(letter.tenant, letter.id),
    l: { S: text },
    st: { S: letter.state },
    ca: { S: causeHash(letter.cause) },
    n: { N: String(version) },
    ...(object === undefined ? {} : { o: { S: object } }),
  };
}

export const keptOf = (item: Item): Kept => ({
  letter: JSON.parse(item.l!.S!) as DeadLetter,
  version: Number(item.n!.N),
  object: item.o?.S,
});

/** Where a letter is, and the message that stands for it. `sentMs` 0: none yet; `sinceMs`: since when it is in this state. */
export type Locator = {
  id: string;
  tenant: string;
  state: string;
  cause: string;
  sentMs: number;
  sinceMs: number;
  messageId: string | undefined;
};

export const locatorItem = ({ id, tenant, state, cause, sentMs, sinceMs, messageId }: Locator): Item => ({
  ...keys.locator(id),
  t: { S: tenant },
  st: { S: state },
  ca: { S: cause },
  sent: { N: String(sentMs) },
  since: { N: String(sinceMs) },
  ...(messageId === undefined ? {} : { m: { S: messageId } }),
});

export const locatorOf = (item: Item): Locator => ({
  id: item.sk!.S!,
  tenant: item.t!.S!,
  state: item.st!.S!,
  cause: item.ca!.S!,
  sentMs: Number(item.sent!.N),
  sinceMs: Number(item.since!.N),
  messageId: item.m?.S,
});
