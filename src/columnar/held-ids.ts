import type { ReadStats } from '../query/plan.ts';
import { mayHold } from './bloom.ts';
import type { PartGroup } from './group.ts';
import { hashColumn, hashOnPage, hashValue } from './hash.ts';
import type { Part } from './part.ts';
import { noReads, valueAt } from './rows.ts';
import { run, type Steps } from './steps.ts';

const column = 'client_id';

/**
 * Tells which of these clients' ids have a row in any of the parts. Reads the filters, and of the rows only pages of ids that probably hold one:
 * much less than a search for them, which finds whole records. Parts must stay open until it resolves.
 */
export async function heldIds(parts: Iterable<Part>, ids: readonly string[]): Promise<Set<string>> {
  return await run(holding(parts, ids));
}

function* holding(parts: Iterable<Part>, ids: readonly string[]): Steps<Set<string>> {
  const stats = noReads();
  const state = hashColumn(column);
  const sought = new Map(ids.map((id) => [id, hashValue(state, id)]));
  const held = new Set<string>();
  for (const part of parts) {
    for (const group of part.groups) {
      yield undefined;
      for (const id of yield* heldIn(group, sought, stats)) {
        held.add(id);
        sought.delete(id);
      }
      if (sought.size === 0) return held;
    }
  }
  return held;
}

function* heldIn(group: PartGroup, sought: ReadonlyMap<string, number>, stats: ReadStats): Steps<string[]> {
  if (!group.has(column)) return [];
  const filter = yield* group.filter(stats);
  const possible = [...sought].filter(([, hash]) => mayHold(filter, hash));
  if (possible.length === 0) return [];
  const onPages = yield* group.idPages(stats);
  const held: string[] = [];
  for (const window of group.windows) {
    const here = possible.filter(([, hash]) => !onPages || mayHold(onPages, hashOnPage(hash, window.index)));
    if (here.length === 0) continue;
    const wanted = new Set<unknown>(here.map(([id]) => id));
    const ids = yield* group.load(column, window, stats);
    for (let row = window.from; row < window.to; row++) {
      const id = valueAt(ids, row);
      if (wanted.delete(id)) held.push(id as string);
    }
    yield undefined;
  }
  return held;
}
