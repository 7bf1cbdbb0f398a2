import type { Position, StoredRecord } from '../../../core/record.ts';
import { ask } from './ask.ts';
import type { Item } from './bulk.ts';
import type { OpenSearchClient } from './client.ts';
import type { Source } from './document.ts';
import type { Indices } from './indices.ts';

const fields = ['generation', 'partition', 'offset'];

/** Under which positions the ids of items that conflict are stored; also what no refresh has shown yet. */
export async function storedPositions(client: OpenSearchClient, items: readonly Item[]): Promise<Map<string, Position>> {
  if (items.length === 0) return new Map();
  const docs = items.map(({ index, record }) => ({ _index: index, _id: record.id, _source: fields }));
  const found = await client.json<{ docs: { _id: string; found?: boolean; _source?: Source }[] }>('POST', '/_mget', { docs });
  return new Map(found.docs.flatMap(({ _id, _source }) => (_source ? [[_id, positionOf(_source)] as const] : [])));
}

/**
 * Which of the clients' own ids are stored already in another index of their tenant: under which position. An index refuses an id twice, but knows
 * nothing of the other days.
 */
export async function storedElsewhere(
  client: OpenSearchClient,
  indices: Indices,
  records: readonly StoredRecord[],
  targets: readonly string[],
): Promise<Map<string, Position>> {
  const stored = new Map<string, Position>();
  const asked = new Map<string, { others: string[]; tenant: string; ids: Set<string> }>();
  for (const [r, { client_id, tenant }] of records.entries()) {
    if (client_id === undefined) continue;
    const key = `${tenant} ${targets[r]}`;
    const question = asked.get(key) ?? {
      others: (await indices.of(tenant)).filter((name) => name !== targets[r]),
      tenant,
      ids: new Set<string>(),
    };
    question.ids.add(client_id);
    asked.set(key, question);
  }
  for (const { others, tenant, ids } of asked.values()) {
    if (others.length === 0) continue;
    const body = { size: ids.size, _source: fields, query: { bool: { filter: [{ term: { tenant } }, { terms: { _id: [...ids] } }] } } };
    const found = await ask(client, others, body);
    for (const { _id, _source } of found.hits.hits) stored.set(_id, positionOf(_source));
  }
  return stored;
}

const positionOf = ({ generation, partition, offset }: Source): Position => ({ generation, partition, offset });
