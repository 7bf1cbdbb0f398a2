import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aggregate } from '../../src/columnar/aggregate.ts';
import { encodeTable } from '../../src/columnar/encode.ts';
import { PageCache } from '../../src/columnar/page-cache.ts';
import { openPart } from '../../src/columnar/part.ts';
import { idOf } from '../../src/core/ids.ts';
import { type Intervals, offsetsOf } from '../../src/core/intervals.ts';
import type { AttributeValue, StoredRecord } from '../../src/core/record.ts';
import { type Expression, everything } from '../../src/query/ast/expression.ts';
import { aggregateRecords } from '../../src/query/compile/scan/aggregate.ts';
import type { Aggregate, AggregatePlan, GroupKey, GroupRow } from '../../src/query/plan.ts';
import type { WarmFile, WarmQuery } from '../../src/query/ports/warm-query.ts';
import { expression, objectOf, storedRecords, tableOf, timeRange } from '../columnar/arbitrary.ts';

export type WarmQueryBench = {
  engine: WarmQuery;
  /** Brings a file to where the engine looks for it; its name. */
  store(bytes: Uint8Array[]): Promise<string>;
  /** Whether it also takes the bytes of a file that is not stored. */
  takesBytes: boolean;
  /** A gap: attributes are left to others when their names are not made of letters, digits, `_`, `.` and `-`. */
  leavesOddNames?: boolean;
  close(): Promise<void>;
};

const startUs = 1_763_700_000_000_000;
const always = { fromUs: 0, toUs: startUs * 2 };
const base: AggregatePlan = { tenant: 'acme', time: always, where: everything, groupBy: [], aggregates: [], orderBy: [], limit: 100 };
const count: Aggregate = { fn: 'count', as: 'n' };
const byField = (field: string): GroupKey => ({ kind: 'field', field, as: 'key' });

const record = (offset: number, attributes: Record<string, AttributeValue>, more: Partial<StoredRecord> = {}): StoredRecord => {
  const position = { generation: 0, partition: 0, offset };
  const empty = { env: undefined, host: undefined, message: undefined, trace_id: undefined, span_id: undefined, client_id: undefined };
  const times = { timestamp: startUs + offset, timestamp_ns: 0, observed_timestamp: startUs };
  return {
    ...empty,
    ...times,
    level: 'info',
    severity: 9,
    service: 'api',
    attributes,
    tenant: 'acme',
    id: idOf(position),
    ...position,
    ...more,
  };
};

const fields = ['service', 'level', 'env', 'severity', 'status', 'latency_ms', 'path', 'ok', 'filler3', 'nothing', 'k"ey', '__proto__'];
const manyValued = ['id', 'message', 'trace_id', 'timestamp', 'observed_timestamp'];
const groupKey: fc.Arbitrary<GroupKey> = fc.oneof(
  fc.constantFrom(...fields, ...manyValued).map((field) => ({ kind: 'field' as const, field, as: `key_${field}` })),
  fc.constantFrom(1, 7).map((seconds) => ({ kind: 'bucket' as const, stepUs: seconds * 1e6, as: `bucket_${seconds}` })),
  fc.constantFrom('Europe/Berlin', 'Asia/Kolkata').map((zone) => ({ kind: 'bucket' as const, stepUs: 86_400e6, as: 'day', zone })),
);
const oneAggregate: fc.Arbitrary<Aggregate> = fc.oneof(
  fc.constant(count),
  fc.record({
    fn: fc.constantFrom('sum' as const, 'avg' as const, 'min' as const, 'max' as const, 'distinct' as const, 'distinct' as const),
    field: fc.constantFrom(...fields, ...manyValued),
    as: fc.constant('v'),
  }),
  fc.record({
    fn: fc.constant('percentile' as const),
    field: fc.constantFrom(...fields, 'timestamp'),
    percent: fc.constantFrom(0, 50, 95, 100),
    as: fc.constant('p'),
  }),
);
const plans = fc.record<AggregatePlan>({
  tenant: fc.constantFrom('acme', 'acme', 'zeta', 'nobody'),
  time: timeRange,
  where: fc.oneof({ weight: 3, arbitrary: expression }, { weight: 1, arbitrary: fc.constant(everything) }),
  groupBy: fc.uniqueArray(groupKey, { maxLength: 3, selector: ({ as }) => as }),
  aggregates: fc.uniqueArray(oneAggregate, { maxLength: 3, selector: ({ as }) => as }),
  orderBy: fc.constantFrom<AggregatePlan['orderBy']>(
    [],
    [['n', 'desc']],
    [
      ['v', 'asc'],
      ['key_status', 'desc'],
    ],
  ),
  limit: fc.constantFrom(2, 1000),
  snapshot: fc.constantFrom({ 0: 30, 1: 100, 2: 100 }, { 0: 100, 2: 100 }, { 0: 100, 1: 100, 2: 100 }),
});

/** Sums depend on the order of their parts in the last digits, and percentiles on how two values are joined. */
const comparable = (rows: GroupRow[]): GroupRow[] =>
  rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, typeof value === 'number' ? Number(value.toPrecision(12)) + 0 : value]),
    ),
  );

/** What every engine for aggregates over files must do. */
export function warmQueryContract(engineName: string, open: () => Promise<WarmQueryBench>): void {
  describe(`${engineName} as a warm query`, () => {
    let bench: WarmQueryBench;
    beforeAll(async () => {
      bench = await open();
    });
    afterAll(() => bench.close());

    async function fileOf(records: StoredRecord[], isStored = true): Promise<WarmFile> {
      const steps = encodeTable(tableOf(records));
      let step = steps.next();
      while (!step.done) step = steps.next();
      const { bytes, info } = step.value;
      const part = await openPart(objectOf(bytes, false), new PageCache());
      const columns = part.groups.flatMap(({ place }) => place.columns.map((column) => column.name));
      return { content: isStored || !bench.takesBytes ? await bench.store(bytes) : bytes, bytes: info.bytes, columns };
    }

    async function rowsOf(records: StoredRecord[], plan: Partial<AggregatePlan>): Promise<GroupRow[] | undefined> {
      return (await bench.engine.aggregate([await fileOf(records)], { ...base, ...plan }))?.rows;
    }

    test('computes what a scan computes, and what our reader does, over files and rows that are in no store', async () => {
      let refused = 0;
      const runs = 100;
      await fc.assert(
        fc.asyncProperty(storedRecords(80), fc.array(fc.nat(3), { minLength: 1, maxLength: 4 }), plans, async (records, deal, plan) => {
          const piles = [...Map.groupBy(records, ({ offset }) => deal[offset % deal.length]!)];
          const files = await Promise.all(piles.map(([pile, held]) => fileOf(held, pile !== 0)));
          const groups = await bench.engine.aggregate(files, plan);
          if (!groups) {
            refused++;
            return;
          }
          const expected = comparable(aggregateRecords(records, plan));
          expect(comparable(groups.rows)).toStrictEqual(expected);
          const all = aggregateRecords(records, { ...plan, limit: Number.MAX_SAFE_INTEGER });
          expect(groups.truncated).toBe(all.length > plan.limit);
          const ours = await aggregate([{ source: tableOf(records) }], plan);
          const isOurs = ![...plan.groupBy, ...plan.aggregates].some((item) => 'field' in item && item.field === 'id');
          if (isOurs) expect(comparable(ours.rows)).toStrictEqual(expected);
        }),
        { numRuns: runs },
      );
      expect(refused).toBeLessThan(runs / 4);
    });

    test('sees the offsets and times of a file that count, and no others', async () => {
      const records = Array.from({ length: 20 }, (_, offset) => record(offset, {}, { generation: offset % 2 }));
      const file = await fileOf(records);
      const seen = async (more: Partial<WarmFile>, plan: Partial<AggregatePlan> = {}) => {
        const whole = { ...base, aggregates: [count], ...plan };
        return (await bench.engine.aggregate([{ ...file, ...more }], whole))?.rows[0]?.n;
      };
      const only = (offsets: Intervals) => [{ generation: 1, partition: 0, offsets }];
      expect(await seen({})).toBe(20);
      expect(
        await seen({
          only: only([
            [0, 5],
            [7, 8],
          ]),
        }),
      ).toBe(3);
      expect(await seen({ only: only([]) })).toBe(0);
      expect(await seen({ only: [] })).toBe(0);
      expect(await seen({ only: [{ generation: 1, partition: 9, offsets: [[0, 20]] }] })).toBe(0);
      expect(await seen({ time: { fromUs: startUs + 5, toUs: startUs + 7 } })).toBe(2);
      expect(await seen({ time: { fromUs: 0, toUs: startUs + 7 } }, { time: { fromUs: startUs + 6, toUs: always.toUs } })).toBe(1);
      expect(await seen({}, { snapshot: { 0: 12 } })).toBe(12);
      expect(await seen({}, { snapshot: { 1: 12 } })).toBe(0);
      expect(await seen({}, { tenant: 'other' })).toBe(0);
    });

    test('adds up one file given in parts and others whole', async () => {
      const first = await fileOf(Array.from({ length: 10 }, (_, offset) => record(offset, { a: offset })));
      const second = await fileOf(Array.from({ length: 10 }, (_, i) => record(i + 10, { b: 'x' })));
      const plan = { ...base, groupBy: [byField('b')], aggregates: [count, { fn: 'sum' as const, field: 'a', as: 's' }] };
      const only = (offsets: Iterable<number>) => [{ generation: 0, partition: 0, offsets: offsetsOf(offsets) }];
      const parts = [{ ...first, only: only([1, 2]) }, { ...first, only: only([5]) }, second];
      const groups = await bench.engine.aggregate(parts, plan);
      expect(groups?.rows).toEqual([
        { key: null, n: 3, s: 8 },
        { key: 'x', n: 10, s: null },
      ]);
      expect(groups?.stats).toMatchObject({ files: 3, bytes: first.bytes * 2 + second.bytes });
    });

    test('keeps apart values of one attribute that look alike, wherever they are stored', async () => {
      const many = Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`k${i}`, i]));
      const values: AttributeValue[] = ['200', 200, 'true', true, '', 0, false, 1e300, 'a\0b', '\ufeffmark', 2 ** 70];
      const crowded = values.map((value, i) => record(i, { ...many, x: value }));
      const plain = values.map((value, i) => record(i + 100, { x: value }));
      const files = [await fileOf(crowded), await fileOf(plain)];
      const groups = await bench.engine.aggregate(files, { ...base, groupBy: [byField('x')], aggregates: [count] });
      expect(groups?.rows).toEqual(
        [false, true, 0, 200, 2 ** 70, 1e300, '', '200', 'a\0b', 'true', '\ufeffmark'].map((key) => ({ key, n: 2 })),
      );
      for (const value of values) {
        const where: Expression = { kind: 'compare', op: '=', field: 'x', value };
        expect((await bench.engine.aggregate(files, { ...base, where, aggregates: [count] }))?.rows).toEqual([{ n: 2 }]);
      }
    });

    test('takes no text for SQL, whoever named it', async () => {
      const nasty = `x'" OR 1=1; --`;
      const records = [record(0, { [nasty]: nasty, 'a.b': 1 }), record(1, {})];
      for (const field of [nasty, 'a.b', `"); DROP TABLE x; --`]) {
        const where: Expression = { kind: 'compare', op: '=', field, value: nasty };
        const plan = { where, groupBy: [byField(field)], aggregates: [count] };
        const expected = aggregateRecords(records, { ...base, ...plan });
        const isLeft = bench.leavesOddNames && field === nasty;
        expect(await rowsOf(records, plan)).toEqual(isLeft ? undefined : expected);
      }
      expect(await rowsOf(records, { tenant: `acme' OR '1'='1`, aggregates: [count] })).toEqual([{ n: 0 }]);
    });

    test('never answers for names that differ in case only with the values of the other', async () => {
      const records = [record(0, { Path: 'a', path: 'b' }), record(1, { path: 'b', path_1: 'c' }), record(2, { PATH: 'd' })];
      for (const field of ['Path', 'path', 'path_1', 'PATH']) {
        const plan = { groupBy: [byField(field)], aggregates: [count] };
        const rows = await rowsOf(records, plan);
        if (rows) expect(rows).toEqual(aggregateRecords(records, { ...base, ...plan }));
      }
    });

    test('leaves to others what it would see differently', async () => {
      const records = [record(0, {}, { message: 'a\rb' })];
      expect(await rowsOf(records, { where: { kind: 'regex', field: 'message', text: '(?m)^b' }, aggregates: [count] })).toBeUndefined();
      expect(await bench.engine.aggregate([], { ...base, aggregates: [count] })).toBeUndefined();
    });

    test('refuses what a scan refuses', async () => {
      const where: Expression = { kind: 'compare', op: '>', field: 'timestamp', value: 'noon' };
      await expect(rowsOf([record(0, {})], { where, aggregates: [count] })).rejects.toMatchObject({ code: 'INVALID_QUERY' });
    });
  });
}
