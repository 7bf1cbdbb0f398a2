import { expect, test } from 'vitest';
import type { DeadLetter } from '../../src/core/ports/dead-letters.ts';
import type { Outcome } from '../../src/core/record.ts';
import { ClientIds } from '../../src/pipeline/store/client-ids.ts';
import { createRedrive } from '../../src/pipeline/store/redrive.ts';
import { always } from '../../src/pipeline/store/search.ts';
import { everything } from '../../src/query/ast/expression.ts';
import { recordOf } from '../archive/open-archive.ts';
import { type Given, generation, openStores } from './stores.ts';

/** Offsets that died, and a redrive over them with what it takes today. */
async function openRedrive(given: Given[], retry: (letter: DeadLetter) => Outcome) {
  const stores = openStores();
  const { deadLetters, archive, search } = stores;
  await stores.commit(0, await stores.read(0, given));
  const clientIds = new ClientIds((tenant, ids) => search.committedIds(tenant, ids));
  const redrive = createRedrive({ deadLetters, archive, clientIds, retry: async (letter) => retry(letter), nowMs: () => 5 });
  const visible = async () => {
    const { records } = await search.search({ tenant: 'acme', time: always, where: everything, order: 'asc', limit: 10_000 });
    return records.map(({ offset }) => offset).sort((a, b) => a - b);
  };
  const counts = async () => (await archive.head(generation, 0)).counts;
  return { ...stores, clientIds, redrive: (request: Parameters<typeof redrive>[1]) => redrive('acme', request), visible, counts };
}

const keep = ({ position }: DeadLetter, clientId?: string): Outcome => ({
  kind: 'keep',
  record: { ...recordOf(position.offset), client_id: clientId },
});
const deadAt = (...offsets: number[]): Given[] => offsets.map((offset) => ({ offset, dead: true }));
const all = { cause: 'PROCESS_FAILED: poison' };

test('done twice, and twice at once, is done once', async () => {
  const { redrive, visible, counts } = await openRedrive([{ offset: 0 }, ...deadAt(1, 2, 3)], (letter) => keep(letter));
  const results = await Promise.all([redrive(all), redrive(all), redrive(all)]);
  expect(results.reduce((sum, { redriven }) => sum + redriven, 0)).toBe(3);
  expect(await redrive(all)).toEqual({ matched: 0, redriven: 0, skipped: 0 });
  expect(await visible()).toEqual([0, 1, 2, 3]);
  expect(await counts()).toEqual({ done: 4, dropped: {}, dead: 0 });
});

test('records with ids of their own that are redriven at once are there once, not dropped as repeats of themselves', async () => {
  const { redrive, visible, counts } = await openRedrive(deadAt(0, 1), (letter) => keep(letter, `own-${letter.position.offset}`));
  await Promise.all([redrive(all), redrive(all)]);
  expect(await visible()).toEqual([0, 1]);
  expect(await counts()).toEqual({ done: 2, dropped: {}, dead: 0 });
});

test('an id that another record has taken meanwhile, in a file, in memory or in the same redrive, is not there twice', async () => {
  const given: Given[] = [...deadAt(0, 1, 2, 3), { offset: 4, clientId: 'filed' }];
  const ids = ['filed', 'held', 'same', 'same'];
  const { redrive, visible, clientIds, counts } = await openRedrive(given, (letter) => keep(letter, ids[letter.position.offset]));
  clientIds.hold({ clientIds: new Set(['held']) });
  await redrive(all);
  expect(await visible()).toEqual([2, 4]);
  expect(await counts()).toEqual({ done: 2, dropped: { duplicate: 3 }, dead: 0 });
});

test('what still cannot pass stays dead, with its new cause and one attempt more; what is dropped now leaves', async () => {
  const { redrive, deadLetters, counts, catalogue } = await openRedrive(deadAt(0, 1), ({ position }) =>
    position.offset === 0 ? { kind: 'dead', code: 'WORSE', detail: 'still not' } : { kind: 'drop', reason: 'rule' },
  );
  expect(await redrive(all)).toEqual({ matched: 2, redriven: 1, skipped: 1 });
  expect(await counts()).toEqual({ done: 0, dropped: { rule: 1 }, dead: 1 });
  const letters = await deadLetters.list({ tenant: 'acme' });
  expect(letters.map(({ state, attempts, cause }) => [state, attempts, cause])).toEqual([
    ['dead', 2, 'WORSE: still not'],
    ['redriven', 1, 'PROCESS_FAILED: poison'],
  ]);
  const minutes = await catalogue.minutes(0, Number.MAX_SAFE_INTEGER);
  expect(minutes.map(({ tenant, accepted }) => [tenant, accepted])).toEqual([
    ['acme', 2],
    ['acme#rule', 1],
  ]);
});

test('a dry run only counts, ids choose letters, and other tenants have none', async () => {
  const { redrive, deadLetters, counts } = await openRedrive([...deadAt(0, 1), { offset: 2, dead: true, tenant: 'beta' }], (letter) =>
    keep(letter),
  );
  expect(await redrive({ ...all, dryRun: true })).toEqual({ matched: 2, redriven: 2, skipped: 0 });
  expect((await counts()).dead).toBe(3);
  const [first] = await deadLetters.list({ tenant: 'acme' });
  expect(await redrive({ ids: [first!.id] })).toEqual({ matched: 1, redriven: 1, skipped: 0 });
  expect((await counts()).dead).toBe(2);
});

test('letters that do not fit one table are all redriven', async () => {
  const large = 'x'.repeat(5 << 20);
  const { redrive, visible, counts } = await openRedrive(deadAt(...Array.from({ length: 9 }, (_, i) => i)), (letter) => ({
    kind: 'keep',
    record: { ...recordOf(letter.position.offset), message: `${letter.position.offset} ${large}` },
  }));
  expect(await redrive(all)).toMatchObject({ redriven: 9 });
  expect(await visible()).toHaveLength(9);
  expect(await counts()).toEqual({ done: 9, dropped: {}, dead: 0 });
});
