import { describe, expect, test } from 'vitest';
import { PageCache } from '../../src/columnar/page-cache.ts';
import { manualClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import type { StateStore } from '../../src/core/ports/state-store.ts';
import { createCompactor } from '../../src/pipeline/compact.ts';
import { StepRunner } from '../../src/pipeline/run-steps.ts';
import { always } from '../../src/pipeline/store/search.ts';
import { everything } from '../../src/query/ast/expression.ts';
import { type Given, openStores } from './stores.ts';

const rows = (from: number, to: number): Given[] =>
  Array.from({ length: to - from }, (_, i) => ({ offset: from + i, tenant: (from + i) % 3 === 0 ? 'beta' : 'acme' }));
const acme = (from: number, to: number) => rows(from, to).flatMap(({ offset, tenant }) => (tenant === 'acme' ? [offset] : []));

/** Stores whose state store lets something happen before its `at`th read, counted from when `arm` is called. */
function openInterrupted() {
  let [reads, at] = [0, 0];
  let work = async () => {};
  const wrap = (state: StateStore): StateStore => ({
    get: async (key, known) => {
      if (++reads === at) await work();
      return state.get(key, known);
    },
    list: (prefix) => state.list(prefix),
    compareAndSet: (key, version, value) => state.compareAndSet(key, version, value),
    transact: (writes) => state.transact(writes),
    close: () => state.close(),
  });
  const stores = openStores(1, wrap);
  const arm = (when: number, what: () => Promise<void>) => {
    [reads, at, work] = [0, when, what];
  };
  const found = async (): Promise<number[]> => {
    const { records } = await stores.search.search({ tenant: 'acme', time: always, where: everything, order: 'asc', limit: 1_000 });
    return records.map(({ offset }) => offset).sort((a, b) => a - b);
  };
  const counted = async (): Promise<number> => {
    const plan = { tenant: 'acme', time: always, where: everything, groupBy: [], aggregates: [{ fn: 'count' as const, as: 'n' }] };
    const { rows: groups } = await stores.search.aggregate({ ...plan, orderBy: [], limit: 1 });
    return Number(groups[0]?.n ?? 0);
  };
  const runner = new StepRunner(stores.state, stores.warm);
  const { catalogue, warm } = stores;
  const compactor = createCompactor({ runner, catalogue, warm, cache: new PageCache(), clock: manualClock(), log: silentLog });
  return { ...stores, arm, found, counted, compactor, reads: () => reads };
}

/** Interrupts a query before each of its reads in turn, and once not at all. */
async function atEveryRead(
  work: (stores: ReturnType<typeof openInterrupted>) => () => Promise<void>,
  check: (found: number[], counted: number) => void,
) {
  for (let at = 1; ; at++) {
    const stores = openInterrupted();
    const committed = await stores.read(0, rows(0, 10));
    await stores.commit(0, committed);
    const interruption = work(stores);
    stores.arm(at, interruption);
    const found = await stores.found();
    const wasInTime = stores.reads() >= at;
    stores.arm(0, async () => {});
    check(found, await stores.counted());
    if (!wasInTime) return at;
  }
}

describe('a query', () => {
  test('sees each row once, whenever the batch in memory is committed meanwhile', async () => {
    const tried = await atEveryRead(
      ({ read, commit }) => {
        const reading = read(0, rows(10, 20));
        return async () => commit(0, await reading);
      },
      (found, counted) => {
        expect(found).toEqual(acme(0, 20));
        expect(counted).toBe(acme(0, 20).length);
      },
    );
    expect(tried).toBeGreaterThan(2);
  });

  test('sees each row once, whenever files are compacted meanwhile', async () => {
    await atEveryRead(
      ({ compactor }) =>
        async () =>
          void (await compactor.run(true)),
      (found, counted) => {
        expect(found).toEqual(acme(0, 10));
        expect(counted).toBe(acme(0, 10).length);
      },
    );
  });

  test('sees each row once while one batch is committed, compacted, and the next one is read', async () => {
    await atEveryRead(
      ({ read, commit, compactor }) => {
        const reading = read(0, rows(10, 20));
        return async () => {
          await commit(0, await reading);
          await compactor.run(true);
          await read(0, rows(20, 30));
        };
      },
      (found) => expect(found).toEqual(found.length > acme(0, 20).length ? acme(0, 30) : acme(0, 20)),
    );
  });

  test('with a snapshot sees nothing that came later, in memory or committed', async () => {
    const { read, commit, search, sources } = openInterrupted();
    await read(0, rows(0, 5));
    const snapshot = sources.snapshot();
    const later = await read(0, rows(5, 9));
    const plan = { tenant: 'acme', time: always, where: everything, order: 'asc' as const, limit: 100, snapshot };
    const offsets = async () => (await search.search(plan)).records.map(({ offset }) => offset).sort((a, b) => a - b);
    expect(await offsets()).toEqual(acme(0, 5));
    await commit(0, later);
    expect(await offsets()).toEqual(acme(0, 5));
  });
});

describe('opened files', () => {
  test('are kept by last use, and one that is listed and gone is an error that names it', async () => {
    const { read, commit, found, warm, sources } = openInterrupted();
    for (let i = 0; i < 12; i++) await commit(0, await read(0, rows(i * 3, i * 3 + 3)));
    expect(await found()).toEqual(acme(0, 36));
    expect(await sources.fileCount()).toBe(12);
    const [first] = await warm.list('');
    sources.close();
    await warm.remove(first!.name);
    await expect(found()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', detail: expect.stringContaining(first!.name) });
  });
});

describe('one record', () => {
  test('is found by its position or its own id, of its tenant alone; another text is refused', async () => {
    const { read, commit, search } = openInterrupted();
    const own = 'a'.repeat(32);
    await commit(0, await read(0, [{ offset: 0, clientId: own }]));
    await read(0, [{ offset: 1 }]);
    expect((await search.record('acme', own))?.offset).toBe(0);
    expect((await search.record('acme', '0000000000001'))?.offset).toBe(1);
    expect(await search.record('beta', '0000000000001')).toBeUndefined();
    expect(await search.record('acme', '0000000000009')).toBeUndefined();
    await expect(search.record('acme', 'no id')).rejects.toMatchObject({ code: 'INVALID_PARAMETER' });
  });

  test('ids of clients are looked for in committed files only', async () => {
    const { read, commit, search } = openInterrupted();
    const [filed, open] = ['b'.repeat(32), 'c'.repeat(32)];
    expect(await search.committedIds('acme', [filed])).toEqual(new Set());
    await commit(0, await read(0, [{ offset: 0, clientId: filed }]));
    await read(0, [{ offset: 1, clientId: open }]);
    expect(await search.committedIds('acme', [filed, open])).toEqual(new Set([filed]));
    expect(await search.committedIds('beta', [filed])).toEqual(new Set());
  });
});

describe('what is there', () => {
  test('services and fields are summed up over memory and files', async () => {
    const { read, commit, search } = openInterrupted();
    const shop = (level: 'info' | 'error') => ({ service: 'shop', level, attributes: { path: '/a', ms: 3 } });
    await commit(
      0,
      await read(0, [
        { offset: 0, record: shop('info') },
        { offset: 1, record: shop('error') },
      ]),
    );
    await read(0, [
      { offset: 2, record: shop('info') },
      { offset: 3, record: { service: 'api', attributes: { ms: 'slow' } } },
    ]);
    const services = await search.services('acme', always.fromUs, always.toUs);
    expect(services.map(({ name, count, levels }) => [name, count, levels])).toEqual([
      ['shop', 3, { info: 2, error: 1 }],
      ['api', 1, { info: 1 }],
    ]);
    expect(services[0]!.error_rate).toBeCloseTo(1 / 3);
    const fields = await search.fields('acme', always.fromUs, always.toUs);
    const ms = fields.find(({ name }) => name === 'attributes.ms');
    expect(ms).toEqual({
      name: 'attributes.ms',
      types: ['number', 'string'],
      count: 4,
      top: [
        { value: 3, count: 3 },
        { value: 'slow', count: 1 },
      ],
    });
  });
});
