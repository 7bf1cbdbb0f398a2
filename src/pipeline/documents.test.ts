import { expect, test } from 'vitest';
import { MemoryStateStore } from '../adapters/state/memory/memory-state-store.ts';
import { systemClock } from '../core/clock.ts';
import { createDocuments } from './documents.ts';

const searches = () => createDocuments({ state: new MemoryStateStore(), clock: systemClock })('searches');

test('a tenant sees its own documents alone, in the order in which they were made', async () => {
  const documents = searches();
  const first = await documents.create('acme', { n: 1 });
  await documents.create('acme', { n: 2 });
  await documents.create('acme-2', { n: 3 });
  expect((await documents.list('acme')).map(({ content }) => content)).toEqual([{ n: 1 }, { n: 2 }]);
  for (const act of [
    documents.get('acme-2', first.id),
    documents.replace('acme-2', first.id, {}, undefined),
    documents.remove('acme-2', first.id, undefined),
  ])
    await expect(act).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect((await documents.get('acme', first.id)).content).toEqual({ n: 1 });
});

test('of changes meant for one version, one holds', async () => {
  const documents = searches();
  const { id, version } = await documents.create('acme', { by: 'nobody' });
  const changes = ['ada', 'bob', 'eve'].map((by) => documents.replace('acme', id, { by }, version));
  const settled = await Promise.allSettled(changes);
  expect(settled.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
  for (const outcome of settled) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'PRECONDITION_FAILED' });
  const winner = settled.findIndex(({ status }) => status === 'fulfilled');
  expect((await documents.get('acme', id)).content).toEqual({ by: ['ada', 'bob', 'eve'][winner] });
});

test('changes meant for whatever is there all hold, the last one lasts', async () => {
  const documents = searches();
  const { id } = await documents.create('acme', 0);
  await Promise.all([1, 2, 3].map((n) => documents.replace('acme', id, n, undefined)));
  expect([1, 2, 3]).toContain((await documents.get('acme', id)).content);
});

test('what is too large, and one more than a tenant may have, is refused', async () => {
  const documents = searches();
  await expect(documents.create('acme', 'x'.repeat(400_000))).rejects.toMatchObject({ code: 'BODY_TOO_LARGE' });
  for (let i = 0; i < 1_000; i++) await documents.create('acme', i);
  await expect(documents.create('acme', 'one more')).rejects.toMatchObject({ code: 'CONFLICT' });
  await documents.create('other', 'of another tenant');
});
