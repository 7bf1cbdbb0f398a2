import type { DeadLetterFilter } from '../../../core/ports/dead-letters.ts';
import { causeHash, type Item, keys, locatorOf, shardOf } from './items.ts';
import type { LettersTable } from './table.ts';

export type Place = { tenant: string; id: string };

/** Where the letters of a filter are, oldest first; its limit is the caller's. */
export async function* idsOf(table: LettersTable, filter: DeadLetterFilter): AsyncGenerator<Place> {
  const { tenant, ids, after } = filter;
  if (ids) yield* ofIds(table, filter, ids);
  else if (tenant === undefined) yield* ofAllTenants(table, filter);
  else if (filter.cause !== undefined && filter.state === 'dead') {
    const prefix = `dead/${causeHash(filter.cause)}/`;
    for await (const { sk } of table.query({ pk: keys.tenant(tenant), from: prefix + (after ?? ''), to: `${prefix}\uffff` })) {
      const id = sk!.S!.slice(prefix.length);
      if (id !== after) yield { tenant, id };
    }
  } else {
    for await (const { sk } of table.query({ pk: keys.tenant(tenant), from: `id/${after ?? ''}`, to: 'id/\uffff', ...matching(filter) })) {
      const id = sk!.S!.slice('id/'.length);
      if (id !== after) yield { tenant, id };
    }
  }
}

async function* ofIds(
  table: LettersTable,
  { tenant, cause, state, after }: DeadLetterFilter,
  ids: readonly string[],
): AsyncGenerator<Place> {
  const wanted = [...new Set(ids)].filter((id) => after === undefined || id > after);
  const locators = (await table.getAll(wanted.map(keys.locator))).map(locatorOf).sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const found of locators) {
    const isOther = (tenant !== undefined && found.tenant !== tenant) || (state !== undefined && found.state !== state);
    if (!isOther && (cause === undefined || found.cause === causeHash(cause))) yield { tenant: found.tenant, id: found.id };
  }
}

/** Ids begin with their shard, so shards follow one another. */
async function* ofAllTenants(table: LettersTable, filter: DeadLetterFilter): AsyncGenerator<Place> {
  const { after } = filter;
  for await (const shard of table.query({ pk: keys.shards, ...(after === undefined ? {} : { from: shardOf(after) }) })) {
    const asked = { pk: keys.shard(shard.sk!.S!), ...(after === undefined ? {} : { from: after }), ...matching(filter) };
    for await (const item of table.query(asked)) {
      const { tenant, id } = locatorOf(item);
      if (id !== after) yield { tenant, id };
    }
  }
}

function matching({ cause, state }: DeadLetterFilter) {
  const parts: [text: string, values: Item][] = [
    ...(cause === undefined ? [] : [['ca = :ca', { ':ca': { S: causeHash(cause) } }] as [string, Item]]),
    ...(state === undefined ? [] : [['st = :st', { ':st': { S: state } }] as [string, Item]]),
  ];
  if (parts.length === 0) return {};
  return { filter: { text: parts.map(([text]) => text).join(' AND '), values: Object.assign({}, ...parts.map(([, values]) => values)) } };
}

/** How many letters of a tenant are dead by cause, the most frequent first: by counters, one item for each cause and shard. */
export async function groupsOf(table: LettersTable, tenant: string): Promise<{ cause: string; count: number; sampleId: string }[]> {
  const groups = new Map<string, { cause: string; count: number }>();
  for await (const { sk, cause, dead } of table.query({ pk: keys.tenant(tenant), from: 'group/', to: 'group/\uffff' })) {
    const hash = sk!.S!.split('/')[1]!;
    groups.set(hash, { cause: cause!.S!, count: (groups.get(hash)?.count ?? 0) + Number(dead!.N) });
  }
  const found = await Promise.all([...groups].map(async ([hash, group]) => ({ ...group, sampleId: await firstDead(table, tenant, hash) })));
  return found
    .filter((group): group is typeof group & { sampleId: string } => group.count > 0 && group.sampleId !== undefined)
    .sort((a, b) => b.count - a.count || (a.cause < b.cause ? -1 : 1));
}

async function firstDead(table: LettersTable, tenant: string, hash: string): Promise<string | undefined> {
  const prefix = `dead/${hash}/`;
  for await (const { sk } of table.query({ pk: keys.tenant(tenant), from: prefix, to: `${prefix}\uffff`, pageSize: 1 }))
    return sk!.S!.slice(prefix.length);
  return undefined;
}
