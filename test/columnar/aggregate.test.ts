import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aggregate, canAggregate } from '../../src/columnar/aggregate.ts';
import { PageCache } from '../../src/columnar/page-cache.ts';
import { everything } from '../../src/query/ast/expression.ts';
import { aggregateRecords } from '../../src/query/compile/scan/aggregate.ts';
import type { Aggregate, AggregatePlan, GroupKey, GroupRow } from '../../src/query/plan.ts';
import { expression, sourcesOf, storedRecords, timeRange } from './arbitrary.ts';

const keyFields = [
  'service',
  'tenant',
  'level',
  'env',
  'host',
  'severity',
  'status',
  'path',
  'ok',
  '__proto__',
  'filler3',
  'observed_timestamp',
  'id',
];
const groupKey: fc.Arbitrary<GroupKey> = fc.oneof(
  fc.constantFrom(...keyFields, 'service', 'service').map((field) => ({ kind: 'field' as const, field, as: `key_${field}` })),
  fc.constantFrom(1, 2, 7).map((seconds) => ({ kind: 'bucket' as const, stepUs: seconds * 1e6, as: `bucket_${seconds}` })),
  fc.constantFrom('Europe/Berlin', 'Asia/Kolkata').map((zone) => ({ kind: 'bucket' as const, stepUs: 86_400e6, as: 'day', zone })),
);
const field = fc.constantFrom('latency_ms', 'status', 'severity', 'timestamp', 'path', 'filler3', 'id');
const oneAggregate: fc.Arbitrary<Aggregate> = fc.oneof(
  fc.record({ fn: fc.constant('count' as const), as: fc.constant('n') }),
  fc.record({
    fn: fc.constantFrom('sum' as const, 'avg' as const, 'min' as const, 'max' as const, 'distinct' as const),
    field,
    as: fc.constant('v'),
  }),
  fc.record({ fn: fc.constant('percentile' as const), field, percent: fc.constantFrom(0, 50, 95, 100), as: fc.constant('p') }),
);
const byService: GroupKey[] = [{ kind: 'field', field: 'service', as: 'key_service' }];
const bySecond: GroupKey[] = [...byService, { kind: 'bucket', stepUs: 1e6, as: 'bucket_1' }];
const plans = fc.record<AggregatePlan>({
  tenant: fc.constant('acme'),
  time: timeRange,
  where: fc.oneof(expression, fc.constant(everything)),
  groupBy: fc.oneof(fc.uniqueArray(groupKey, { maxLength: 3, selector: ({ as }) => as }), fc.constantFrom(byService, bySecond)),
  aggregates: fc.uniqueArray(oneAggregate, { maxLength: 3, selector: ({ as }) => as }),
  orderBy: fc.constantFrom<AggregatePlan['orderBy']>([], [['n', 'desc']], [['key_service', 'desc']]),
  limit: fc.constantFrom(2, 1000),
  snapshot: fc.constantFrom({ 0: 30, 1: 100, 2: 100 }, { 0: 100, 1: 100, 2: 100 }),
});

/** -0 and 0 are one value, and a sum depends on the order of its parts in the last digits. */
const comparable = (rows: GroupRow[]): GroupRow[] =>
  rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, typeof value === 'number' ? Number(value.toPrecision(10)) + 0 : value]),
    ),
  );

describe('aggregation over tables and files', () => {
  test('computes what a scan computes', async () => {
    await fc.assert(
      fc.asyncProperty(storedRecords(100), fc.array(fc.nat(5), { minLength: 1, maxLength: 5 }), plans, async (records, piles, plan) => {
        const sources = (await sourcesOf(records, piles, new PageCache())).map((source) => ({ source }));
        const { rows, truncated } = await aggregate(sources, plan);
        const all = aggregateRecords(records, { ...plan, limit: Number.MAX_SAFE_INTEGER });
        expect(comparable(rows)).toStrictEqual(comparable(aggregateRecords(records, plan)));
        expect(truncated).toBe(all.length > plan.limit);
      }),
      { numRuns: 400 },
    );
  });

  test('leaves gathering of ids and texts to another engine', () => {
    const plan: AggregatePlan = {
      tenant: 'a',
      time: { fromUs: 0, toUs: 1 },
      where: everything,
      groupBy: [],
      aggregates: [],
      orderBy: [],
      limit: 1,
    };
    expect(canAggregate({ ...plan, groupBy: [{ kind: 'field', field: 'service', as: 's' }] })).toBe(true);
    expect(canAggregate({ ...plan, groupBy: [{ kind: 'field', field: 'message', as: 'm' }] })).toBe(false);
    expect(canAggregate({ ...plan, aggregates: [{ fn: 'distinct', field: 'trace_id', as: 'd' }] })).toBe(false);
  });
});
