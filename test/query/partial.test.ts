import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aggregate, partial } from '../../src/columnar/aggregate.ts';
import { PageCache } from '../../src/columnar/page-cache.ts';
import { everything } from '../../src/query/ast/expression.ts';
import { defaultBudget, QueryRun } from '../../src/query/budget.ts';
import { aggregateRecords } from '../../src/query/compile/scan/aggregate.ts';
import { DistinctSketch, packedHash } from '../../src/query/partial/distinct-sketch.ts';
import { partialOfRecords } from '../../src/query/partial/of-records.ts';
import { mergePartials } from '../../src/query/partial/partial.ts';
import { Quantiles } from '../../src/query/partial/values.ts';
import type { AggregatePlan, GroupRow } from '../../src/query/plan.ts';
import { expression, partOf, storedRecords, tableOf, timeRange } from '../columnar/arbitrary.ts';

const runOf = (memoryBytes: number): QueryRun => {
  const run = new QueryRun({ ...defaultBudget, timeoutMs: 600_000 }, () => 0);
  run.room.leftBytes = memoryBytes;
  return run;
};
const stats = { files: 0, filesPruned: 0, pages: 0, pagesPruned: 0, bytes: 0, rows: 0 };
const plans = fc.record<AggregatePlan>({
  tenant: fc.constant('acme'),
  time: timeRange,
  where: fc.oneof(expression, fc.constant(everything)),
  groupBy: fc.constantFrom(
    [],
    [{ kind: 'field' as const, field: 'service', as: 'service' }],
    [
      { kind: 'field' as const, field: 'status', as: 'status' },
      { kind: 'bucket' as const, stepUs: 86_400e6, as: 'day', zone: 'Europe/Berlin' },
    ],
  ),
  aggregates: fc.constant([
    { fn: 'count', as: 'n' },
    { fn: 'avg', field: 'latency_ms', as: 'avg' },
    { fn: 'max', field: 'severity', as: 'max' },
    { fn: 'percentile', field: 'status', percent: 75, as: 'p75' },
    { fn: 'distinct', field: 'path', as: 'paths' },
    { fn: 'distinct', field: 'id', as: 'ids' },
  ] as AggregatePlan['aggregates']),
  orderBy: fc.constantFrom<AggregatePlan['orderBy']>([], [['n', 'desc']]),
  limit: fc.constantFrom(2, 1_000),
});
const comparable = (rows: GroupRow[]): GroupRow[] =>
  rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, typeof value === 'number' ? Number(value.toPrecision(10)) + 0 : value]),
    ),
  );

describe('what disjoint parts of the records say', () => {
  test('adds up to what all of them say, whoever says it', async () => {
    await fc.assert(
      fc.asyncProperty(storedRecords(60), plans, fc.nat(4), async (records, plan, deal) => {
        const piles = [0, 1, 2].map((pile) => records.filter(({ offset }) => (offset * (deal + 1)) % 3 === pile));
        const run = runOf(1 << 20);
        const refs = piles[1]!.length > 0 ? [{ source: await partOf(piles[1]!, new PageCache()) }] : [];
        const mine = partialOfRecords(
          piles[0]!.filter(
            (record) => aggregateRecords([record], { ...plan, groupBy: [], aggregates: [{ fn: 'count', as: 'n' }] })[0]!.n === 1,
          ),
          plan,
          run.room,
        );
        const parts = [{ groups: mine, stats }, await partial(refs, plan, run), await partial([{ source: tableOf(piles[2]!) }], plan, run)];
        const { rows, truncated, approximate } = mergePartials(plan, parts);
        expect(comparable(rows)).toStrictEqual(comparable(aggregateRecords(records, plan)));
        expect(truncated).toBe(aggregateRecords(records, { ...plan, limit: 1e9 }).length > plan.limit);
        expect(approximate).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test('is within 1 % and named so, where there is no room for the values', async () => {
    const values = Array.from({ length: 40_000 }, (_, i) => Math.exp(((i * 7919) % 40_000) / 4_000));
    const plan = { ...base, aggregates: [p('x', 95), { fn: 'distinct' as const, field: 'x', as: 'distinct' }] };
    const records = values.map((x, offset) => ({ ...record, offset, id: String(offset), attributes: { x } }));
    const halves = [records.slice(0, 20_000), records.slice(10_000).slice(10_000)];
    const run = runOf(50_000);
    const parts = await Promise.all(halves.map((half) => partial([{ source: tableOf(half) }], plan, run)));
    const exact = aggregateRecords(records, plan)[0]!;
    for (const { rows, approximate } of [
      mergePartials(plan, parts),
      await aggregate([{ source: tableOf(records.slice(0, 30_000)) }, { source: tableOf(records.slice(30_000)) }], plan, runOf(50_000)),
    ]) {
      expect(approximate).toEqual(['p', 'distinct']);
      expect(Math.abs(Number(rows[0]!.p) / Number(exact.p) - 1)).toBeLessThan(0.01);
      expect(Math.abs(Number(rows[0]!.distinct) / Number(exact.distinct) - 1)).toBeLessThan(0.01);
    }
  });
});

describe('sketches', () => {
  test.each([10, 1_000, 100_000, 1_000_000])('count %i distinct values within 1 %', (n) => {
    const [whole, ...halves] = [new DistinctSketch(), new DistinctSketch(), new DistinctSketch()];
    for (let i = 0; i < n; i++) {
      const value = i % 3 === 0 ? i : i % 3 === 1 ? `user-${i}` : String(i);
      whole!.add(value);
      halves[i % 2]!.add(value);
    }
    expect(Math.abs(whole!.estimate() / n - 1)).toBeLessThan(0.01);
    halves[0]!.merge(halves[1]!);
    expect(halves[0]!.estimate()).toBe(whole!.estimate());
  });

  test('tell values of two types apart, and no two of a million alike', () => {
    expect(new Set([packedHash('1'), packedHash(1), packedHash(true), packedHash('true')]).size).toBe(4);
    expect(packedHash(-0)).toBe(packedHash(0));
    expect(new Set(Array.from({ length: 200_000 }, (_, i) => packedHash(`/a/${i}`))).size).toBe(200_000);
  });

  test('give percentiles within 1 %, of negative values too', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 200 }),
        fc.constantFrom(1, -1),
        fc.nat(100),
        (given, sign, percent) => {
          const room = { leftBytes: 0 };
          const exact = new Quantiles({ leftBytes: 1e6 });
          const sketched = new Quantiles(room);
          for (const value of given) for (const each of [exact, sketched]) each.add(value * sign);
          expect(sketched.isExact).toBe(false);
          expect(Math.abs(sketched.result(percent)! - exact.result(percent)!)).toBeLessThanOrEqual(Math.abs(exact.result(percent)!) * 0.01);
        },
      ),
    );
  });
});

const p = (field: string, percent: number) => ({ fn: 'percentile' as const, field, percent, as: 'p' });
const startUs = 1_763_700_000_000_000;
const base: AggregatePlan = {
  ...{ tenant: 'acme', time: { fromUs: 0, toUs: startUs * 2 }, where: everything },
  ...{ groupBy: [], aggregates: [], orderBy: [], limit: 10 },
};
const record = {
  ...{ timestamp: startUs, timestamp_ns: 0, observed_timestamp: startUs, level: 'info' as const, severity: 9, service: 'api' },
  ...{ env: undefined, host: undefined, message: undefined, trace_id: undefined, span_id: undefined, client_id: undefined },
  ...{ tenant: 'acme', generation: 0, partition: 0 },
};
