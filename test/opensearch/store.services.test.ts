import { afterEach, describe, expect, test } from 'vitest';
import { indexName } from '../../src/adapters/hot/opensearch/index-name.ts';
import type { OpenSearchHotStore } from '../../src/adapters/hot/opensearch/opensearch-hot-store.ts';
import type { StoredRecord } from '../../src/core/record.ts';
import { type Expression, everything } from '../../src/query/ast/expression.ts';
import { isSettled } from '../../src/query/compile/opensearch/letters.ts';
import { aggregateRecords } from '../../src/query/compile/scan/aggregate.ts';
import { searchRecords } from '../../src/query/compile/scan/search.ts';
import type { AggregatePlan, SearchPlan } from '../../src/query/plan.ts';
import { tokensOf } from '../../src/query/text.ts';
import { recordAt } from '../contract/hot-store.contract.ts';
import { services } from '../services/services.ts';
import { dropAll, openHotStore } from './open-hot-store.ts';
import { xorshift } from './random.ts';

const url = services().openSearch?.url;
const many = (count: number, more: (offset: number) => Partial<StoredRecord> = () => ({})) =>
  Array.from({ length: count }, (_, offset) => recordAt(offset, more(offset)));
const planOf = (more: Partial<SearchPlan> = {}): SearchPlan => ({
  tenant: 'acme',
  time: { fromUs: 0, toUs: 1e16 },
  where: everything,
  order: 'desc',
  limit: 100,
  ...more,
});
const groupsOf = (more: Partial<AggregatePlan>): AggregatePlan => ({
  tenant: 'acme',
  time: { fromUs: 0, toUs: 1e16 },
  where: everything,
  groupBy: [],
  aggregates: [{ fn: 'count', as: 'n' }],
  orderBy: [],
  limit: 100_000,
  ...more,
});
const dayUs = 86_400_000_000;

describe.skipIf(!url)('the hot store on OpenSearch', () => {
  const opened: OpenSearchHotStore[] = [];
  afterEach(async () => {
    for (const store of opened.splice(0)) {
      await dropAll(store);
      await store.close();
    }
  });
  const open = (options: Parameters<typeof openHotStore>[1] = {}): OpenSearchHotStore => {
    const store = openHotStore(url!, options);
    opened.push(store);
    return store;
  };

  test('a write that waits for the next refresh is searchable when it resolves', async () => {
    const store = open({ refresh: 'wait' });
    for (const offset of [0, 1]) {
      await store.write([recordAt(offset)]);
      expect((await store.search(planOf())).records.map(({ offset }) => offset)).toContain(offset);
    }
    expect((await store.write([recordAt(1)])).map(({ result }) => result)).toEqual(['retry']);
  });

  test('more keys than an index has fields for are kept, found and counted', async () => {
    const store = open({ maxFields: 60 });
    const records = many(300, (offset) => ({
      attributes: { [`k${offset % 150}`]: offset, [`t${offset % 150}`]: `v${offset}`, a: 'leaf', [offset % 2 ? 'a.b' : 'c']: 'other' },
    }));
    const results = await store.write(records);
    expect(results.filter(({ result }) => result !== 'stored')).toEqual([]);
    for (const key of ['k3', 'k149', 'a', 'a.b', 't149']) {
      const where: Expression = { kind: 'exists', field: key };
      const plan = planOf({ where, limit: 1_000 });
      expect((await store.search(plan)).records, key).toEqual(searchRecords(records, plan));
      const groups = groupsOf({ where, groupBy: [{ kind: 'field', field: key, as: 'key' }] });
      expect((await store.aggregate(groups)).rows, key).toEqual(aggregateRecords(records, groups));
    }
    // The refusals taught the store: what it writes now is taken at once.
    const before = store.retries;
    await store.write(
      many(300, (offset) => ({ ...records[offset]!, offset: offset + 300, id: `0100000000${offset + 300}`.padStart(13, '0') })),
    );
    expect(store.retries).toBe(before);
  });

  test('a record that the node refuses for good is dead with what the node said; the others are stored', async () => {
    const store = open();
    const results = await store.write([recordAt(0), recordAt(1, { generation: 100_000 }), recordAt(2)]);
    expect(results.map(({ result }) => result)).toEqual(['stored', 'dead', 'stored']);
    expect(results[1]).toMatchObject({ code: 'HOT_REFUSED', detail: expect.stringContaining('generation') });
  });

  test('lists its days, drops one, and makes it anew', async () => {
    const store = open();
    await store.write([recordAt(0), recordAt(1, { observed_timestamp: recordAt(0).observed_timestamp - dayUs })]);
    const days = await store.days();
    expect(days.map(({ day, records }) => [day, records])).toEqual([
      ['2026-11-20', 1],
      ['2026-11-21', 1],
    ]);
    expect(days.every(({ bytes }) => bytes > 0)).toBe(true);
    expect(await store.dropDay(days[0]!.cell, '2026-11-20')).toBe(true);
    expect(await store.dropDay(days[0]!.cell, '2026-11-20')).toBe(false);
    expect((await store.search(planOf())).records.map(({ offset }) => offset)).toEqual([0]);
    expect(
      (await store.write([recordAt(1, { observed_timestamp: recordAt(0).observed_timestamp - dayUs })])).map(({ result }) => result),
    ).toEqual(['stored']);
    expect((await store.search(planOf())).records.map(({ offset }) => offset)).toEqual([1, 0]);
    await expect(store.dropDay('*', '2026-11-20')).rejects.toMatchObject({ code: 'INVALID_PARAMETER' });
  });

  test('finds the records of other numbers of cells, and of a tenant that got its own', async () => {
    const first = open({ cells: 3 });
    await first.write([recordAt(0)]);
    const second = open({ prefix: first.prefix, cells: 5 });
    await second.write([recordAt(1)]);
    const third = open({ prefix: first.prefix, cells: 5, ownCells: ['acme'] });
    await third.write([recordAt(2)]);
    expect((await third.days()).map(({ cell }) => cell.replace(/^\d+/, '')).sort()).toEqual(['of3', 'of5', 't-acme']);
    for (const store of [open({ prefix: first.prefix, cells: 1 }), third]) {
      expect((await store.search(planOf())).records.map(({ offset }) => offset)).toEqual([2, 1, 0]);
    }
  });

  test('does not write to an index that somebody else made', async () => {
    const store = open({ cells: 1, retry: { budgetMs: 0 } });
    const name = indexName({ cell: '0of1', day: '2026-11-21' }, store.prefix);
    await store.client.json('PUT', `/${name}`, {});
    await expect(store.write([recordAt(0)])).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      detail: expect.stringContaining('layout'),
    });
  });

  test('reads on until a limit is full of what it had to look at', async () => {
    const store = open();
    await store.write(many(3_000, (offset) => ({ message: offset < 5 ? 'ends  with two  blanks' : 'ends with blanks two' })));
    const where: Expression = { kind: 'regex', field: 'message', text: 'with two {2}blanks' };
    const { records, stats } = await store.search(planOf({ where, limit: 5 }));
    expect(records.map(({ offset }) => offset)).toEqual([4, 3, 2, 1, 0]);
    expect(stats.rows).toBe(3_000);
    expect((await store.aggregate(groupsOf({ where }))).rows).toEqual([{ n: 5 }]);
    const strict = open({ prefix: store.prefix, maxVerified: 2_000 });
    await expect(strict.aggregate(groupsOf({ where }))).rejects.toMatchObject({
      code: 'QUERY_TOO_LARGE',
      detail: expect.stringContaining('narrow'),
    });
  });

  test('answers patterns that the node finds too complex', async () => {
    const store = open();
    const records = many(50, (offset) => ({ attributes: { path: 'ab'.repeat(offset) } }));
    await store.write(records);
    for (const text of [`(a|b)*a${'(a|b)'.repeat(18)}$`, `[ab]*a[ab]{60}`]) {
      const plan = planOf({ where: { kind: 'regex', field: 'path', text } });
      expect((await store.search(plan)).records).toEqual(searchRecords(records, plan));
      const groups = groupsOf({ where: plan.where });
      expect((await store.aggregate(groups)).rows).toEqual(aggregateRecords(records, groups));
    }
  });

  test('gives every group, however many pages they take', async () => {
    const store = open();
    const records = many(12_000, (offset) => ({ attributes: { user: `u${offset}`, even: offset % 2 === 0 } }));
    await store.write(records);
    const plan = groupsOf({
      groupBy: [
        { kind: 'field', field: 'user', as: 'user' },
        { kind: 'field', field: 'even', as: 'even' },
      ],
      orderBy: [['n', 'desc']],
    });
    const { rows, truncated } = await store.aggregate(plan);
    expect(rows).toEqual(aggregateRecords(records, plan));
    expect(truncated).toBe(false);
    const few = open({ prefix: store.prefix, maxGroups: 5_000 });
    await expect(few.aggregate(plan)).rejects.toMatchObject({ code: 'QUERY_TOO_LARGE' });
  });

  test('percentiles and distinct values of very many values are approximate, say so, and are within 1 %', async () => {
    const store = open({ maxValues: 2_000 });
    const random = xorshift(5);
    // Latencies: a long tail.
    const records = many(20_000, (offset) => ({
      attributes: { ms: Math.exp(3 + 1.2 * (random() + random() + random() + random() - 2) * 1.7), user: `u${offset % 15_000}` },
    }));
    await store.write(records);
    const plan = groupsOf({
      groupBy: [{ kind: 'field', field: 'service', as: 'service' }],
      aggregates: [
        { fn: 'count', as: 'n' },
        { fn: 'sum', field: 'ms', as: 'total' },
        { fn: 'percentile', field: 'ms', percent: 50, as: 'p50' },
        { fn: 'percentile', field: 'ms', percent: 95, as: 'p95' },
        { fn: 'percentile', field: 'ms', percent: 99.9, as: 'p999' },
        { fn: 'distinct', field: 'user', as: 'users' },
        { fn: 'distinct', field: 'level', as: 'levels' },
      ],
    });
    const { rows, approximate } = await store.aggregate(plan);
    expect(approximate).toEqual(['p50', 'p95', 'p999', 'users']);
    const exact = aggregateRecords(records, plan);
    expect(rows).toHaveLength(exact.length);
    for (const [r, row] of rows.entries()) {
      expect(row).toMatchObject({ service: exact[r]!.service, n: exact[r]!.n, levels: exact[r]!.levels });
      for (const name of ['total', 'p50', 'p95', 'p999', 'users']) {
        const [value, truth] = [row[name] as number, exact[r]![name] as number];
        expect(Math.abs(value - truth) / truth, `${name}: ${value} for ${truth}`).toBeLessThan(0.01);
      }
    }
    const precise = open({ prefix: store.prefix });
    const { rows: counted, approximate: none } = await precise.aggregate(plan);
    expect(none).toBeUndefined();
    expect(counted.map(({ p95, users }) => [p95, users])).toEqual(exact.map(({ p95, users }) => [p95, users]));
  });

  test('the node folds every settled letter and finds every token as we do', async () => {
    const store = open({ cells: 1 });
    await store.write([recordAt(0)]);
    const index = indexName({ cell: '0of1', day: '2026-11-21' }, store.prefix);
    const wrong: string[] = [];
    for (let page = 0; page < 0x20000; page += 0x800) {
      if (page === 0xd800) continue;
      const letters = Array.from({ length: 0x800 }, (_, i) => String.fromCodePoint(page + i)).filter(
        (letter) => isSettled(letter) && isSettled(letter.toLowerCase()),
      );
      const text = letters.map((letter) => `x${letter}y`).join(' ');
      const { tokens } = await store.client.json<{ tokens: { token: string }[] }>('POST', `/${index}/_analyze`, {
        analyzer: 'token',
        text,
      });
      const ours = tokensOf(text);
      const theirs = tokens.map(({ token }) => token);
      if (theirs.length !== ours.length) wrong.push(`${page.toString(16)}: ${theirs.length} tokens for ${ours.length}`);
      wrong.push(...ours.filter((token, i) => theirs[i] !== token));
    }
    expect(wrong).toEqual([]);
  });
});
