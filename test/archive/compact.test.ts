import { describe, expect, test } from 'vitest';
import { dayOf } from '../../src/core/warm/file.ts';
import { partitionKey, tenantKey } from '../../src/core/warm/keys.ts';
import { createRetention } from '../../src/pipeline/retain.ts';
import { type Given, hourMs, openArchive, startMs, upTo } from './open-archive.ts';

const dayMs = 24 * hourMs;
/** Two tenants, records a second apart; the last of each ten is 40 days late. */
const give = (offset: number): Given => ({
  tenant: offset % 2 === 0 ? 'acme' : 'beta',
  ...(offset % 10 === 9 || offset % 10 === 8 ? { timestamp: (startMs - 40 * dayMs) * 1000 + offset } : {}),
});
const of = (tenant: string, end: number) => upTo(end).filter((offset) => give(offset).tenant === tenant);
const names = async (archive: ReturnType<typeof openArchive>, prefix: string) => (await archive.warm.list(prefix)).map(({ name }) => name);

describe('compaction', () => {
  test('files of all tenants become one a tenant and hour, and every row stays visible once', async () => {
    const archive = openArchive();
    for (let i = 0; i < 4; i++) await archive.commit([[i * 10, i * 10 + 10]], { give });
    expect(await archive.compactor.run()).toEqual({ read: 0, written: 0 });
    archive.clock.advance(hourMs + 300_000);
    expect(await archive.compactor.run()).toEqual({ read: 4, written: 4 });
    for (const tenant of ['acme', 'beta']) expect(await archive.visible(tenant)).toEqual(of(tenant, 40));
    expect((await archive.catalogue.partitions())[0]?.files).toEqual([]);
    const late = dayOf((startMs - 40 * dayMs) * 1000);
    expect((await names(archive, 'tenant=beta/')).map((name) => name.replace(/[^/]+$/, ''))).toEqual([
      `tenant=beta/dataset=logs/dt=${late}/hour=08/`,
      'tenant=beta/dataset=logs/dt=2026-11-21/hour=08/',
    ]);
  });

  test('many files are compacted before their hour is over, and merged when it is', async () => {
    const archive = openArchive({ maxLevel0Files: 2 });
    for (let i = 0; i < 6; i++) {
      await archive.commit([[i, i + 1]]);
      await archive.compactor.run();
    }
    expect((await archive.catalogue.days('acme', ['2026-11-21']))[0]?.files).toHaveLength(2);
    archive.clock.advance(hourMs + 300_000);
    await archive.compactor.run();
    expect((await archive.catalogue.days('acme', ['2026-11-21']))[0]?.files).toHaveLength(1);
    expect(await archive.visible()).toEqual(upTo(6));
  });

  test('a file condemned is deleted after the grace, and late data finds its hour again', async () => {
    const archive = openArchive();
    await archive.commit([[0, 5]]);
    await archive.compactor.run(true);
    await archive.commit([[5, 9]]);
    await archive.compactor.run(true);
    expect(await names(archive, 'level0/')).toHaveLength(2);
    expect(await archive.compactor.collect()).toBe(0);
    archive.clock.advance(900_001);
    expect(await archive.compactor.collect()).toBe(4);
    expect(await names(archive, '')).toHaveLength(1);
    expect(await archive.visible()).toEqual(upTo(9));
  });

  test('two compactors at once take every row in once', async () => {
    const archive = openArchive();
    for (let i = 0; i < 3; i++) await archive.commit([[i * 10, i * 10 + 10]], { give });
    await Promise.all([archive.compactor.run(true), archive.compactor.run(true), archive.commit([[30, 40]], { give })]);
    await archive.compactor.run(true);
    for (const tenant of ['acme', 'beta']) expect(await archive.visible(tenant)).toEqual(of(tenant, 40));
  });

  test('a run that crashed between two tenants is finished by the next', async () => {
    const archive = openArchive();
    await archive.commit([[0, 20]], { give });
    const real = archive.state.transact.bind(archive.state);
    let left = 2;
    archive.state.transact = async (writes) => {
      if (left-- === 0) throw new Error('crash');
      return real(writes);
    };
    await expect(archive.compactor.run(true)).rejects.toThrow('crash');
    archive.state.transact = real;
    for (const tenant of ['acme', 'beta']) expect(await archive.visible(tenant)).toEqual(of(tenant, 20));
    await archive.commit([[20, 40]], { give });
    await archive.compactor.run(true);
    for (const tenant of ['acme', 'beta']) expect(await archive.visible(tenant)).toEqual(of(tenant, 40));
    expect((await archive.catalogue.partitions())[0]?.files).toEqual([]);
  });

  test('the lowest position of a client id is kept, and the others are accounted for', async () => {
    const archive = openArchive();
    const twice = () => ({ client_id: 'c'.repeat(32) });
    await archive.commit([[3, 4]], { give: twice });
    await archive.commit([[1, 2]], { give: twice });
    await archive.compactor.run(true);
    expect(await archive.visible()).toEqual([1]);
    expect(await archive.catalogue.removed()).toEqual([{ generation: 0, partition: 0, duplicate: 1, erased: 0 }]);
  });

  test('objects that a crash left without a head are swept and deleted', async () => {
    const archive = openArchive();
    await archive.commit([[0, 5]]);
    await archive.warm.putIfAbsent('level0/p0/0123.parquet', [new Uint8Array(1)]);
    expect(await archive.compactor.sweep()).toBe(1);
    await archive.compactor.collect();
    archive.clock.advance(900_001);
    expect(await archive.compactor.collect()).toBe(1);
    expect(await names(archive, 'level0/')).toHaveLength(1);
    expect(await archive.visible()).toEqual(upTo(5));
  });

  test('erasure takes matching records out of every file and counts them', async () => {
    const archive = openArchive();
    await archive.commit([[0, 20]], { give });
    expect(await archive.compactor.erase('acme', ({ offset }) => offset === 4 || offset === 8)).toBe(2);
    expect(await archive.visible('acme')).toEqual(of('acme', 20).filter((offset) => offset !== 4 && offset !== 8));
    expect(await archive.visible('beta')).toEqual(of('beta', 20));
  });
});

test('retention ends files by the day they were observed, by tenant, and forgets what is empty', async () => {
  const archive = openArchive();
  const { runner, catalogue, state, clock, compactor } = archive;
  const minutes = [{ tenant: 'acme', minute: startMs * 1000, offsets: [[0, 20]] as const }];
  await archive.commit([[0, 20]], { give, minutes });
  await compactor.run(true);
  const retention = createRetention({
    runner,
    catalogue,
    state,
    clock,
    warmDays: (tenant) => (tenant === 'acme' ? 2 : 30),
    maxWarmDays: 30,
  });
  const pass = async () => {
    await retention.run();
    await compactor.collect();
    clock.advance(900_001);
    await compactor.collect();
  };
  clock.set(startMs + 2 * dayMs);
  await pass();
  expect(await archive.visible('acme')).toEqual(of('acme', 20));
  clock.set(startMs + 3 * dayMs);
  await pass();
  expect(await archive.visible('acme')).toEqual([]);
  expect(await archive.visible('beta')).toEqual(of('beta', 20));
  expect((await state.get(tenantKey('acme')))?.value).toEqual([]);
  clock.set(startMs + 32 * dayMs);
  await pass();
  expect(await names(archive, '')).toEqual([]);
  expect(await catalogue.minutes(0, Number.MAX_SAFE_INTEGER)).toEqual([]);
  expect(await state.get(partitionKey(0, 0))).toMatchObject({ value: { counts: { done: 20 } } });
});
