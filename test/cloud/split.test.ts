import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { leaveDays } from '../../src/core/hot/leave-days.ts';
import type { StoredRecord } from '../../src/core/record.ts';
import { everything } from '../../src/query/ast/expression.ts';
import { aggregateRecords } from '../../src/query/compile/scan/aggregate.ts';
import { searchRecords } from '../../src/query/compile/scan/search.ts';
import type { AggregatePlan, SearchPlan, SortKey } from '../../src/query/plan.ts';
import { openCloud } from './open-cloud.ts';

type Cloud = Awaited<ReturnType<typeof openCloud>>;

const startMs = Date.now() - 3_600_000;
const time = { fromUs: 0, toUs: Number.MAX_SAFE_INTEGER };
const lists: SearchPlan = { tenant: 'default', time, where: everything, order: 'desc', limit: 1_000 };

const plans: Record<string, AggregatePlan> = {
  'counts by service and level': planOf([
    { fn: 'count', as: 'n' },
    { fn: 'min', field: 'timestamp', as: 'first' },
    { fn: 'max', field: 'attributes.ms', as: 'most' },
  ]),
  'sums and averages, also of what is sometimes no number': planOf([
    { fn: 'sum', field: 'attributes.ms', as: 'sum' },
    { fn: 'avg', field: 'attributes.ms', as: 'avg' },
    { fn: 'avg', field: 'severity', as: 'severity' },
  ]),
  'percentiles and distinct values': planOf([
    { fn: 'percentile', field: 'attributes.ms', percent: 95, as: 'p95' },
    { fn: 'percentile', field: 'attributes.ms', percent: 50, as: 'p50' },
    { fn: 'distinct', field: 'attributes.user', as: 'users' },
  ]),
  'one group': { ...planOf([{ fn: 'count', as: 'n' }]), groupBy: [] },
  'the three largest': { ...planOf([{ fn: 'count', as: 'n' }]), orderBy: [['n', 'desc']], limit: 3 },
};

function planOf(aggregates: AggregatePlan['aggregates']): AggregatePlan {
  const groupBy: AggregatePlan['groupBy'] = [
    { kind: 'field', field: 'service', as: 'service' },
    { kind: 'field', field: 'level', as: 'level' },
  ];
  return { tenant: 'default', time, where: everything, groupBy, aggregates, orderBy: [], limit: 1_000 };
}

let cloud: Cloud;
let sent = 0;

beforeEach(async () => {
  cloud = await openCloud();
  sent = 0;
});
afterEach(() => cloud.close());

/** Sends records, in requests of twenty, whose numbers go on from one call to the next. */
async function send(count: number): Promise<void> {
  for (let at = 0; at < count; at += 20) {
    const lines = Array.from({ length: Math.min(20, count - at) }, () => {
      const n = sent++;
      return {
        timestamp: startMs + (n % 17) * 1_000,
        service: ['api', 'web', 'jobs'][n % 3],
        level: n % 4 === 0 ? 'error' : 'info',
        message: `record ${n}`,
        n,
        ms: n % 11 === 0 ? 'slow' : (n * 7) % 101,
        user: `u${n % 13}`,
      };
    });
    await cloud.platform.accept({
      ...{ tenant: 'default', keyId: 'default', requestId: crypto.randomUUID(), defaults: {}, idempotencyKey: undefined },
      ...{ contentType: 'application/json', contentEncoding: undefined, contentLength: undefined },
      body: Buffer.from(JSON.stringify(lines)),
    });
  }
}

/** All that was accepted, as a platform whose stores are level gives it. */
async function oracle(): Promise<StoredRecord[]> {
  const { trouble, store } = cloud;
  const was = trouble.isAway;
  trouble.isAway = false;
  await cloud.catchUp('hot', 'warm');
  trouble.isAway = was;
  const { records } = await store.search(lists);
  expect(records.map(({ attributes }) => attributes.n as number).sort((a, b) => a - b)).toEqual(Array.from({ length: sent }, (_, n) => n));
  return records;
}

/** Asks everything there is, and holds it to what the plain evaluator makes of the same records. */
async function expectAnswers(visible: (records: StoredRecord[]) => StoredRecord[], reasons?: RegExp): Promise<void> {
  const { store } = cloud;
  const found = await store.search(lists);
  const groups = Object.fromEntries(
    await Promise.all(Object.entries(plans).map(async ([name, plan]) => [name, await store.aggregate(plan)])),
  );
  const services = await store.services('default', 0, Number.MAX_SAFE_INTEGER);
  const records = visible(await oracle());
  expect(found.records).toEqual(searchRecords(records, lists));
  for (const [name, plan] of Object.entries(plans)) {
    expect({ name, rows: rounded(groups[name].rows) }).toEqual({ name, rows: rounded(aggregateRecords(records, plan)) });
    if (reasons) expect(groups[name].reasons?.[0]).toMatch(reasons);
  }
  expect(services.reduce((sum, { count }) => sum + count, 0)).toBe(records.length);
  if (reasons) expect(found.reasons?.[0]).toMatch(reasons);
  else expect(found.reasons).toBeUndefined();
}

const rounded = (rows: Record<string, unknown>[]) =>
  rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([key, value]) => [key, typeof value === 'number' ? Number(value.toFixed(9)) : value])),
  );
const all = (records: StoredRecord[]) => records;

describe('one answer over two stores', () => {
  test('when both have everything, the hot store is asked alone', async () => {
    await send(200);
    await cloud.catchUp('hot', 'warm');
    expect((await cloud.store.search(lists)).stores).toHaveProperty('hot');
    expect((await cloud.store.search(lists)).stores).not.toHaveProperty('warm');
    await expectAnswers(all);
  });

  test('when the hot store lags, what it lacks comes from files', async () => {
    await send(120);
    await cloud.catchUp('hot', 'warm');
    cloud.sinks.hot = false;
    await send(120);
    await cloud.catchUp('warm');
    expect(Object.keys((await cloud.store.search(lists)).stores!)).toEqual(['warm']);
    await expectAnswers(all);
  });

  test('when the warm store lags, the hot one has the rest', async () => {
    cloud.sinks.warm = false;
    await send(60);
    await cloud.catchUp('warm', 'hot');
    await send(100);
    await cloud.catchUp('hot');
    await expectAnswers(all);
  });

  test('when each has a part that the other lacks, both are asked', async () => {
    cloud.sinks.hot = false;
    cloud.sinks.warm = false;
    await send(200);
    await Promise.all([cloud.drain('hot', 0), cloud.drain('warm', 1)]);
    expect(Object.keys((await cloud.store.search(lists)).stores!).sort()).toEqual(['hot', 'warm']);
    await expectAnswers(all);
  });

  test('when the hot store is away, files answer, and what only it has is said to be missing', async () => {
    await send(100);
    await cloud.catchUp('hot', 'warm');
    cloud.trouble.isAway = true;
    await expectAnswers(all);
    cloud.trouble.isAway = false;
    cloud.sinks.warm = false;
    await send(20);
    await cloud.catchUp('hot');
    cloud.trouble.isAway = true;
    await expectAnswersWithout(20);
  });

  /** The oracle brings the warm store up, so the answers are taken before. */
  async function expectAnswersWithout(count: number): Promise<void> {
    await expectAnswers(
      (records) => records.filter(({ attributes }) => (attributes.n as number) < sent - count),
      /20 records .* in no file yet/,
    );
  }

  test('days that retention dropped from the hot store are answered by files', async () => {
    await send(100);
    await cloud.catchUp('hot', 'warm');
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
    const partitions = [0, 1].map((partition) => [1, partition] as const);
    await cloud.runner.run(leaveDays(partitions, tomorrow, { nowMs: () => 1, oldestReaderMs: () => 2 }));
    expect(Object.keys((await cloud.store.search(lists)).stores!)).toEqual(['warm']);
    const due = await cloud.runner.run(leaveDays(partitions, tomorrow, { nowMs: () => 3, oldestReaderMs: () => 4 }));
    expect(due).toBe(tomorrow);
    await expectAnswers(all);
  });

  test('compaction in between changes no answer', async () => {
    await send(100);
    await cloud.catchUp('hot', 'warm');
    cloud.sinks.hot = false;
    await send(100);
    await cloud.catchUp('warm');
    await cloud.store.compact(true);
    await expectAnswers(all);
  });

  test('without a hot store files answer everything', async () => {
    await cloud.close();
    cloud = await openCloud({ withHot: false });
    await send(60);
    await cloud.catchUp('warm');
    expect((await cloud.store.search(lists)).records).toHaveLength(60);
    expect(await cloud.store.ledger({})).toMatchObject({ accepted: 60, hot: { done: 60 }, warm: { done: 60 } });
  });

  test('a walk sees each record once, while both stores move', async () => {
    await send(100);
    await cloud.catchUp('hot');
    const snapshot = await cloud.store.snapshot();
    const walked: StoredRecord[] = [];
    let after: SortKey | undefined;
    for (let page = 0; ; page++) {
      const { records } = await cloud.store.search({ ...lists, limit: 9, snapshot, ...(after ? { after } : {}) });
      walked.push(...records);
      after = records.at(-1);
      if (!after) break;
      await send(20);
      if (page % 3 === 1) await cloud.catchUp('warm');
      if (page % 4 === 2) await cloud.store.compact(true);
    }
    expect(walked.map(({ attributes }) => attributes.n as number).sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n));
  });

  test('a tail goes on from positions alone', async () => {
    await send(20);
    await cloud.catchUp('hot');
    const start = await cloud.store.tail('a', 'default', everything, undefined, 0);
    expect(start).toMatchObject({ records: [], missed: 0 });
    await send(60);
    await cloud.catchUp('hot');
    const { records, cursor } = await cloud.store.tail('b', 'default', everything, start.cursor, 5_000);
    expect(records.map(({ attributes }) => attributes.n as number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 60 }, (_, n) => n + 20),
    );
    expect(await cloud.store.tail('c', 'default', everything, cursor, 0)).toMatchObject({ records: [], cursor });
    await expect(cloud.store.tail('d', 'default', everything, 'nonsense', 0)).rejects.toMatchObject({ code: 'INVALID_PARAMETER' });
  });
});

test('days that something else may have deleted are not asked of the hot store, whatever its heads hold', async () => {
  await cloud.close();
  cloud = await openCloud({ hotDays: -1 });
  await send(40);
  await cloud.catchUp('hot', 'warm');
  expect(Object.keys((await cloud.store.search(lists)).stores!)).toEqual(['warm']);
  await expectAnswers(all);
});
