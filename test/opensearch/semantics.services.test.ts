import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { StoredRecord } from '../../src/core/record.ts';
import { everything } from '../../src/query/ast/expression.ts';
import { aggregateRecords } from '../../src/query/compile/scan/aggregate.ts';
import { searchRecords } from '../../src/query/compile/scan/search.ts';
import type { Aggregate, AggregatePlan, GroupKey, GroupRow, SearchPlan } from '../../src/query/plan.ts';
import { expression, onMessage, storedRecords, timeRange } from '../columnar/arbitrary.ts';
import { services } from '../services/services.ts';
import { dropAll, openHotStore } from './open-hot-store.ts';

const url = services().openSearch?.url;
const runs = Number(process.env.LOGDRIVE_TEST_RUNS ?? 40);
const plansOfRun = 12;

const snapshot = fc.constantFrom<SearchPlan['snapshot']>(undefined, { 0: 30, 1: 100, 2: 100 }, { 0: 12, 2: 25 });
const positions = fc.constantFrom<SearchPlan['positions']>(
  undefined,
  undefined,
  [
    {
      partition: 0,
      offsets: [
        [0, 10],
        [15, 40],
      ],
    },
    { generation: 1, partition: 1, offsets: [[0, 100]] },
  ],
  [0, 1, 2].map((partition) => ({ partition, offsets: Array.from({ length: 60 }, (_, i) => [i * 2, i * 2 + 1] as const) })),
);
const where = fc.oneof(expression, expression, onMessage, fc.constant(everything));
const searches = fc.record<SearchPlan>({
  tenant: fc.constant('acme'),
  time: timeRange,
  where,
  order: fc.constantFrom('desc', 'asc'),
  limit: fc.constantFrom(1, 7, 1000),
  snapshot,
  positions,
} as never);
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
  'k"ey',
  'observed_timestamp',
  'timestamp',
  'message',
  'id',
];
const groupKey: fc.Arbitrary<GroupKey> = fc.oneof(
  fc.constantFrom(...keyFields, 'service', 'service').map((field) => ({ kind: 'field' as const, field, as: `key_${field}` })),
  fc.constantFrom(1, 2, 7).map((seconds) => ({ kind: 'bucket' as const, stepUs: seconds * 1e6, as: `bucket_${seconds}` })),
  fc.constantFrom('Europe/Berlin', 'Asia/Kolkata').map((zone) => ({ kind: 'bucket' as const, stepUs: 86_400e6, as: 'day', zone })),
);
const field = fc.constantFrom('latency_ms', 'status', 'severity', 'timestamp', 'path', 'k"ey', 'id', 'message');
const oneAggregate: fc.Arbitrary<Aggregate> = fc.oneof(
  fc.record({ fn: fc.constant('count' as const), as: fc.constant('n') }),
  fc.record({
    fn: fc.constantFrom('sum' as const, 'avg' as const, 'min' as const, 'max' as const, 'distinct' as const),
    field,
    as: fc.constant('v'),
  }),
  fc.record({ fn: fc.constant('percentile' as const), field, percent: fc.constantFrom(0, 50, 95, 100), as: fc.constant('p') }),
);
const aggregates = fc.record<AggregatePlan>({
  tenant: fc.constant('acme'),
  time: timeRange,
  where,
  groupBy: fc.uniqueArray(groupKey, { maxLength: 3, selector: ({ as }) => as }),
  aggregates: fc.uniqueArray(oneAggregate, { maxLength: 3, selector: ({ as }) => as }),
  orderBy: fc.constantFrom<AggregatePlan['orderBy']>([], [['n', 'desc']], [['key_service', 'desc']]),
  limit: fc.constantFrom(2, 1000),
  snapshot,
  positions,
} as never);

/** A record as its id and day allow it to be stored: of equal ids the first. */
function storable(records: StoredRecord[]): StoredRecord[] {
  const seen = new Set<string>();
  return records.filter(({ id }) => !seen.has(id) && seen.add(id));
}

/** A sum depends on the order of its parts in the last digits. */
const comparable = (rows: GroupRow[]): GroupRow[] =>
  rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, typeof value === 'number' ? Number(value.toPrecision(10)) + 0 : value]),
    ),
  );

describe.skipIf(!url)('OpenSearch beside the scan', () => {
  const open = { timeout: 600_000 };
  const stores = new Set<ReturnType<typeof openHotStore>>();
  afterAll(async () => {
    for (const store of stores) {
      await dropAll(store);
      await store.close();
    }
  });

  async function filled<T>(records: StoredRecord[], use: (store: ReturnType<typeof openHotStore>) => Promise<T>): Promise<T> {
    // Few columns, so that some attributes find none.
    const store = openHotStore(url!, { maxFields: 38 });
    stores.add(store);
    await store.write(records);
    const result = await use(store);
    await dropAll(store);
    await store.close();
    stores.delete(store);
    return result;
  }

  test('the sets of a pattern hold the same letters', open, async () => {
    const texts = ['warn', 'x', 'x-y', '!', '~', ']', '\\', '^', '[', 'é', '\u{1f600}', '\n', '\t', ' ', 'A_1', '-'];
    const records: StoredRecord[] = texts.map((host, offset) => ({
      ...{ tenant: 'acme', generation: 1, partition: 0, offset, id: `0100000000${String(offset).padStart(3, '0')}` },
      ...{ timestamp: 1_763_700_000_000_000 + offset, timestamp_ns: 0, observed_timestamp: 1_763_700_000_000_000 },
      ...{ level: 'info', severity: 9, service: 'web', env: undefined, host, message: undefined, trace_id: undefined, span_id: undefined },
      ...{ client_id: undefined, attributes: {} },
    }));
    await filled(records, async (store) => {
      for (const text of ['.', '[^x]', '^[!-~]$', '\\W', '[\\[-a]', '[ -/]', '^[^a-z]$', '[\\x00-\\x1f]', '[:-@]|é']) {
        const time = { fromUs: 0, toUs: Number.MAX_SAFE_INTEGER };
        const plan: SearchPlan = { tenant: 'acme', time, where: { kind: 'regex', field: 'host', text }, order: 'asc', limit: 100 };
        const hosts = (found: StoredRecord[]) => found.map(({ host }) => host);
        expect(hosts((await store.search(plan)).records), text).toEqual(hosts(searchRecords(records, plan)));
      }
    });
  });

  test('the same records and conditions give the same records', open, async () => {
    const plans = fc.array(searches, { minLength: plansOfRun, maxLength: plansOfRun });
    await fc.assert(
      fc.asyncProperty(storedRecords(80), plans, async (all, plans) => {
        const records = storable(all);
        await filled(records, async (store) => {
          for (const plan of plans) {
            const found = await store.search(plan);
            expect(found.records, JSON.stringify(plan)).toEqual(searchRecords(records, plan));
          }
        });
      }),
      { numRuns: runs, endOnFailure: true },
    );
  });

  test('the same records and groups give the same values', open, async () => {
    const plans = fc.array(aggregates, { minLength: plansOfRun, maxLength: plansOfRun });
    await fc.assert(
      fc.asyncProperty(storedRecords(80), plans, async (all, plans) => {
        const records = storable(all);
        await filled(records, async (store) => {
          for (const plan of plans) {
            const { rows, truncated, approximate } = await store.aggregate(plan);
            const every = aggregateRecords(records, { ...plan, limit: Number.MAX_SAFE_INTEGER });
            expect(comparable(rows), JSON.stringify(plan)).toStrictEqual(comparable(aggregateRecords(records, plan)));
            expect(truncated).toBe(every.length > plan.limit);
            expect(approximate).toBeUndefined();
          }
        });
      }),
      { numRuns: runs, endOnFailure: true },
    );
  });
});
