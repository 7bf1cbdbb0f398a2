import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DuckDbWarmQuery } from '../../src/adapters/warm-query/duckdb/duckdb-warm-query.ts';
import { PageCache } from '../../src/columnar/page-cache.ts';
import { manualClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import { createCompactor } from '../../src/pipeline/compact.ts';
import { StepRunner } from '../../src/pipeline/run-steps.ts';
import { always, StoreSearch } from '../../src/pipeline/store/search.ts';
import { createSqlEngine } from '../../src/pipeline/store/sql-engine.ts';
import { everything } from '../../src/query/ast/expression.ts';
import { unboundedRun } from '../../src/query/budget.ts';
import type { AggregatePlan, GroupKey } from '../../src/query/plan.ts';
import { recordOf } from '../archive/open-archive.ts';
import { type Given, openStores } from './stores.ts';

const by = (field: string): GroupKey[] => [{ kind: 'field', field, as: 'key' }];
const plan: AggregatePlan = {
  tenant: 'acme',
  time: always,
  where: everything,
  groupBy: by('trace_id'),
  aggregates: [{ fn: 'count', as: 'n' }],
  orderBy: [],
  limit: 100_000,
};
const traceOf = (offset: number) => String(offset).padStart(32, '0');
const rows = (from: number, to: number): Given[] =>
  Array.from({ length: to - from }, (_, i) => {
    const offset = from + i;
    return {
      offset,
      tenant: offset % 3 === 0 ? 'beta' : 'acme',
      record: { trace_id: traceOf(offset), attributes: { request: `r${offset}`, path: '/a' } },
    };
  });
const traces = (from: number, to: number) => rows(from, to).flatMap(({ offset, tenant }) => (tenant === 'acme' ? [traceOf(offset)] : []));

describe('aggregates in SQL over what the store holds', () => {
  let root: string;
  let warmQuery: DuckDbWarmQuery;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'logdrive-sql-engine-'));
    warmQuery = new DuckDbWarmQuery({ root, temporary: join(root, 'tmp') });
  });
  afterAll(async () => {
    await warmQuery.close();
    await rm(root, { recursive: true });
  });

  function open(fewRows = 0) {
    const stores = openStores();
    const sql = createSqlEngine({ warmQuery, sources: stores.sources, fewRows });
    const { catalogue, warm } = stores;
    const runner = new StepRunner(stores.state, warm);
    const compactor = createCompactor({ runner, catalogue, warm, cache: new PageCache(), clock: manualClock(), log: silentLog });
    /** Brings the objects of the store in memory to where DuckDB looks for them. */
    const publish = async () => {
      for (const { name } of await warm.list('')) {
        await mkdir(dirname(join(root, name)), { recursive: true });
        await writeFile(join(root, name), await warm.get(name));
      }
    };
    return { ...stores, sql, compactor, publish, search: new StoreSearch(stores.sources, sql) };
  }

  test('sees each row once: in memory, committed, compacted, and below a snapshot', async () => {
    const stores = open();
    const found = async (more: Partial<AggregatePlan> = {}) => {
      await stores.publish();
      const groups = await stores.sql.aggregate({ ...plan, ...more }, unboundedRun());
      if (groups) expect(groups.rows.every(({ n }) => n === 1)).toBe(true);
      return groups?.rows.map(({ key }) => key);
    };
    const first = await stores.read(0, rows(0, 30));
    expect(await found()).toEqual(traces(0, 30));
    await stores.commit(0, first);
    expect(await found()).toEqual(traces(0, 30));
    await stores.compactor.run(true);
    const second = await stores.read(0, rows(30, 60));
    await stores.read(0, rows(60, 80));
    expect(await found()).toEqual(traces(0, 80));
    await stores.commit(0, second);
    await stores.compactor.run(true);
    expect(await found()).toEqual(traces(0, 80));
    expect(await found({ snapshot: { 0: 70 } })).toEqual(traces(0, 70));
    expect(await found({ time: { fromUs: 0, toUs: 1 } })).toBeUndefined();
    expect(await found({ tenant: 'nobody' })).toBeUndefined();
    const { rows: counted } = await stores.search.aggregate({
      ...plan,
      groupBy: [],
      aggregates: [{ fn: 'distinct', field: 'id', as: 'd' }],
    });
    expect(counted).toEqual([{ d: traces(0, 80).length }]);
    expect((await stores.search.aggregate({ ...plan, tenant: 'nobody' })).rows).toEqual([]);
  });

  test('takes an attribute whose values rarely repeat, once there are many of them', async () => {
    const stores = open();
    await stores.commit(0, await stores.read(0, rows(0, 12_000)));
    await stores.publish();
    const before = warmQuery.counts().queries;
    expect((await stores.search.aggregate({ ...plan, groupBy: by('path') })).rows).toEqual([{ key: '/a', n: 8_000 }]);
    expect(warmQuery.counts().queries).toBe(before);
    expect((await stores.search.aggregate({ ...plan, groupBy: by('request'), limit: 7_000 })).truncated).toBe(true);
    expect(warmQuery.counts().queries).toBe(before + 1);
  });

  test('leaves few rows to our reader, whatever is gathered', async () => {
    const stores = open(20);
    await stores.commit(0, await stores.read(0, rows(0, 60)));
    await stores.publish();
    const time = { fromUs: 0, toUs: recordOf(30).timestamp };
    const before = warmQuery.counts().queries;
    expect((await stores.search.aggregate({ ...plan, time })).rows).toHaveLength(20);
    expect(warmQuery.counts().queries).toBe(before);
    expect((await stores.search.aggregate({ ...plan, time, groupBy: by('id') })).rows).toHaveLength(20);
    expect((await stores.search.aggregate(plan)).rows).toHaveLength(40);
    expect(warmQuery.counts().queries).toBe(before + 1);
  });

  test('leaves to our reader what SQL cannot say', async () => {
    const stores = open();
    await stores.commit(0, await stores.read(0, rows(0, 10)));
    await stores.publish();
    const where = { kind: 'regex', field: 'message', text: '(?m)^record' } as const;
    expect((await stores.search.aggregate({ ...plan, where })).rows).toHaveLength(traces(0, 10).length);
    expect((await stores.search.aggregate({ ...plan, where, groupBy: by('id') })).rows).toHaveLength(traces(0, 10).length);
  });
});
