import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { idOf } from '../../src/core/ids.ts';
import type { StoredRecord } from '../../src/core/record.ts';
import { type Comparison, type Expression, everything, type Scalar } from '../../src/query/ast/expression.ts';
import type { AggregatePlan, SearchPlan } from '../../src/query/plan.ts';
import type { HotStore } from '../../src/query/ports/hot-store.ts';

const minuteUs = 60_000_000;
const startUs = Date.UTC(2026, 10, 21, 8) * 1_000;

/** A record at an offset, a minute after the one before it. */
export function recordAt(offset: number, more: Partial<StoredRecord> = {}): StoredRecord {
  const position = { generation: 1, partition: 0, offset };
  return {
    timestamp: startUs + offset * minuteUs,
    timestamp_ns: 0,
    observed_timestamp: startUs + offset * minuteUs,
    level: offset % 3 === 0 ? 'error' : 'info',
    severity: offset % 3 === 0 ? 17 : 9,
    service: offset % 2 === 0 ? 'web' : 'api',
    env: undefined,
    host: undefined,
    message: `request ${offset} took its time`,
    trace_id: undefined,
    span_id: undefined,
    attributes: { status: 200 + offset, path: `/p/${offset % 4}` },
    client_id: undefined,
    tenant: 'acme',
    id: idOf(position),
    ...position,
    ...more,
  };
}

const planOf = (more: Partial<SearchPlan> = {}): SearchPlan => ({
  tenant: 'acme',
  time: { fromUs: 0, toUs: Number.MAX_SAFE_INTEGER },
  where: everything,
  order: 'desc',
  limit: 100,
  ...more,
});

const groupsOf = (field: string): AggregatePlan => ({
  ...planOf(),
  groupBy: [{ kind: 'field', field, as: 'key' }],
  aggregates: [{ fn: 'count', as: 'n' }],
  orderBy: [],
});

/** What every HotStore does. `open` gives an empty one; `gaps` names cases that an adapter cannot meet, each with its reason. */
export function describeHotStore(name: string, open: () => Promise<HotStore>, gaps: Record<string, string> = {}): void {
  describe(`HotStore: ${name}`, () => {
    let store: HotStore;
    const opened: HotStore[] = [];
    const it = (title: string, run: () => Promise<void>) => (gaps[title] ? test.skip(`${title}: ${gaps[title]}`, run) : test(title, run));

    beforeEach(async () => {
      store = await open();
      opened.push(store);
    });
    afterAll(async () => {
      for (const each of opened) await each.close();
    });

    it('finds what was written as soon as the write resolves, as it was written', async () => {
      const written = [recordAt(0, { trace_id: '0af7651916cd43dd8448eb211c80319c', env: 'prod' }), recordAt(1)];
      expect((await store.write(written)).map(({ result }) => result)).toEqual(['stored', 'stored']);
      const { records } = await store.search(planOf({ order: 'asc' }));
      expect(records).toEqual(written);
    });

    it('takes the same position twice for a retry and the same id elsewhere for a duplicate', async () => {
      const id = '0123456789abcdef0123456789abcdef';
      const first = recordAt(0, { id, client_id: id });
      await store.write([first]);
      expect((await store.write([first])).map(({ result }) => result)).toEqual(['retry']);
      expect((await store.write([recordAt(1, { id, client_id: id })])).map(({ result }) => result)).toEqual(['duplicate']);
      expect((await store.search(planOf())).records.map(({ offset }) => offset)).toEqual([0]);
    });

    it('keeps tenants apart', async () => {
      await store.write([recordAt(0), recordAt(1, { tenant: 'other' })]);
      expect((await store.search(planOf())).records.map(({ tenant }) => tenant)).toEqual(['acme']);
      expect((await store.search(planOf({ tenant: 'nobody' }))).records).toEqual([]);
    });

    it('lists newest first and walks on behind a record, in both orders', async () => {
      await store.write(Array.from({ length: 10 }, (_, offset) => recordAt(offset)));
      for (const order of ['desc', 'asc'] as const) {
        const walked: number[] = [];
        for (let plan = planOf({ order, limit: 3 }); ; ) {
          const { records } = await store.search(plan);
          walked.push(...records.map(({ offset }) => offset));
          const last = records.at(-1);
          if (!last) break;
          plan = { ...plan, after: last };
        }
        const expected = Array.from({ length: 10 }, (_, i) => i);
        expect(walked).toEqual(order === 'asc' ? expected : expected.reverse());
      }
    });

    it('sees only records below the snapshot and inside the time range', async () => {
      await store.write(Array.from({ length: 10 }, (_, offset) => recordAt(offset)));
      const time = { fromUs: startUs + 2 * minuteUs, toUs: startUs + 9 * minuteUs };
      const { records } = await store.search(planOf({ time, snapshot: { 0: 6 }, order: 'asc' }));
      expect(records.map(({ offset }) => offset)).toEqual([2, 3, 4, 5]);
    });

    it('counts and groups what matches', async () => {
      await store.write(Array.from({ length: 12 }, (_, offset) => recordAt(offset)));
      const { rows } = await store.aggregate({
        ...planOf(),
        where: { kind: 'compare', op: '=', field: 'level', value: 'error' },
        groupBy: [{ kind: 'field', field: 'service', as: 'service' }],
        aggregates: [
          { fn: 'count', as: 'n' },
          { fn: 'max', field: 'attributes.status', as: 'most' },
        ],
        orderBy: [['service', 'asc']],
      });
      expect(rows).toEqual([
        { service: 'api', n: 2, most: 209 },
        { service: 'web', n: 2, most: 206 },
      ]);
    });

    it('gives back whatever a record can be', async () => {
      const hugeText = 'a long line, über alles 😀 '.repeat(1_200);
      const attributes = {
        'http.request.method': 'GET',
        http: 'also a key of its own',
        empty: '',
        'k"ey \\ with=odd*signs': 'x',
        '.': 'dots',
        'a..b': 1,
        ' ': true,
        ['__proto__']: 'kept',
        long: 'v'.repeat(9_000),
        digits: '12345678901234567890',
        day: '2026-11-21',
        whole: 2 ** 53,
        large: 2 ** 70,
        tiny: 5e-324,
        huge: 1.7976931348623157e308,
        negative: -1.5,
        yes: true,
        no: false,
      };
      const written = [
        recordAt(0, { timestamp_ns: 999, attributes }),
        recordAt(1, { timestamp: 253_402_300_799_999_000, message: hugeText, attributes: { status: 'text here', http: 1 } }),
        recordAt(2, { timestamp: 0, message: undefined, attributes: {} }),
        recordAt(3, { message: '', service: 'ünit 😀', env: 'prod', host: 'h'.repeat(9_000), span_id: 'a'.repeat(16) }),
        recordAt(4, { message: `one token ${'t'.repeat(2 ** 20)}`, attributes: { status: true } }),
        recordAt(5, { message: '\u0000\u0001\n\r\t"\\ \u2028\ufeff', trace_id: 'f'.repeat(32) }),
      ];
      expect((await store.write(written)).map(({ result }) => result)).toEqual(written.map(() => 'stored'));
      const { records } = await store.search(planOf({ order: 'asc', time: { fromUs: 0, toUs: 1e18 } }));
      expect(records.toSorted((a, b) => a.offset - b.offset)).toEqual(written);
      expect(records.map(({ offset }) => offset)).toEqual([2, 0, 3, 4, 5, 1]);
    });

    it('finds values by their type, wherever it keeps them', async () => {
      const long = 'v'.repeat(9_000);
      await store.write([
        recordAt(0, { attributes: { x: 200, '.': 'dots', long } }),
        recordAt(1, { attributes: { x: '200', '.': 1 } }),
        recordAt(2, { attributes: { x: true, long: `${long}!` } }),
        recordAt(3, { attributes: {} }),
      ]);
      const offsetsOf = async (where: Expression) =>
        (await store.search(planOf({ where, order: 'asc' }))).records.map(({ offset }) => offset);
      const compare = (op: Comparison, field: string, value: Scalar): Expression => ({ kind: 'compare', op, field, value });
      expect(await offsetsOf(compare('=', 'x', 200))).toEqual([0]);
      expect(await offsetsOf(compare('=', 'x', '200'))).toEqual([1]);
      expect(await offsetsOf(compare('=', 'x', true))).toEqual([2]);
      expect(await offsetsOf(compare('!=', 'x', 200))).toEqual([1, 2, 3]);
      expect(await offsetsOf({ kind: 'exists', field: 'attributes.x' })).toEqual([0, 1, 2]);
      expect(await offsetsOf({ kind: 'in', field: 'attributes..', values: ['dots', 1] })).toEqual([0, 1]);
      expect(await offsetsOf(compare('=', 'long', long))).toEqual([0]);
      expect(await offsetsOf(compare('>', 'long', long))).toEqual([2]);
      expect(await offsetsOf({ kind: 'not', item: { kind: 'prefix', field: 'long', text: 'vv' } })).toEqual([1, 3]);
    });

    it('lets no condition reach another tenant', async () => {
      await store.write([recordAt(0), recordAt(1, { tenant: 'other' })]);
      const other: Expression = { kind: 'compare', op: '=', field: 'tenant', value: 'other' };
      for (const where of [
        other,
        { kind: 'or', items: [other, everything] },
        { kind: 'not', item: { kind: 'not', item: other } },
      ] as Expression[]) {
        const { records } = await store.search(planOf({ where }));
        expect(records.filter(({ tenant }) => tenant !== 'acme')).toEqual([]);
        const { rows } = await store.aggregate({ ...groupsOf('tenant'), where });
        expect(rows.filter(({ key }) => key !== 'acme')).toEqual([]);
      }
      const { rows } = await store.aggregate(groupsOf('service'));
      expect(rows).toEqual([{ key: 'web', n: 1 }]);
    });

    it('takes one id twice in a write, and on another day, for a duplicate', async () => {
      const id = 'fedcba9876543210fedcba9876543210';
      const dayUs = 86_400_000_000;
      const [first, second, third] = [0, 1, 2].map((offset) =>
        recordAt(offset, { id, client_id: id, observed_timestamp: startUs + offset * dayUs }),
      ) as [StoredRecord, StoredRecord, StoredRecord];
      expect((await store.write([first, second])).map(({ result }) => result)).toEqual(['stored', 'duplicate']);
      expect((await store.write([third, first])).map(({ result }) => result)).toEqual(['duplicate', 'retry']);
      expect((await store.search(planOf())).records).toEqual([first]);
    });

    it('answers the positions asked for, however many runs they have', async () => {
      await store.write(Array.from({ length: 600 }, (_, offset) => recordAt(offset, { partition: offset % 2 })));
      const asked = (
        await store.search(
          planOf({
            positions: [
              {
                partition: 1,
                offsets: [
                  [0, 4],
                  [7, 8],
                ],
              },
            ],
            order: 'asc',
          }),
        )
      ).records;
      expect(asked.map(({ offset }) => offset)).toEqual([1, 3, 7]);
      const everyFourth = Array.from({ length: 150 }, (_, i) => [i * 4, i * 4 + 1] as const);
      const positions = [{ generation: 1, partition: 0, offsets: everyFourth }];
      const many = (await store.search(planOf({ positions, order: 'asc', limit: 1_000 }))).records;
      expect(many.map(({ offset }) => offset)).toEqual(everyFourth.map(([from]) => from));
      expect((await store.search(planOf({ positions: [{ generation: 2, partition: 0, offsets: [[0, 600]] }] }))).records).toEqual([]);
      expect((await store.search(planOf({ positions: [] }))).records).toEqual([]);
    });

    it('walks the records of a snapshot while more arrive', async () => {
      await store.write(Array.from({ length: 10 }, (_, offset) => recordAt(offset, { timestamp: startUs })));
      const walked: number[] = [];
      for (let plan = planOf({ limit: 3, snapshot: { 0: 10 } }), next = 10; ; next++) {
        const { records } = await store.search(plan);
        walked.push(...records.map(({ offset }) => offset));
        if (records.length === 0) break;
        plan = { ...plan, after: records.at(-1)! };
        await store.write([recordAt(next, { timestamp: startUs })]);
      }
      expect(walked).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    });

    it('computes every aggregate, of values that some records lack', async () => {
      await store.write(
        Array.from({ length: 12 }, (_, offset) =>
          recordAt(offset, { host: offset < 6 ? undefined : 'h1', attributes: offset % 4 === 0 ? {} : { ms: offset } }),
        ),
      );
      const of = (fn: 'sum' | 'avg' | 'min' | 'max' | 'distinct') => ({ fn, field: 'ms', as: fn });
      const { rows, truncated } = await store.aggregate({
        ...groupsOf('host'),
        aggregates: [
          { fn: 'count', as: 'n' },
          ...(['sum', 'avg', 'min', 'max', 'distinct'] as const).map(of),
          { fn: 'percentile', field: 'ms', percent: 50, as: 'p50' },
        ],
      });
      expect(rows).toEqual([
        { key: null, n: 6, sum: 11, avg: 2.75, min: 1, max: 5, distinct: 4, p50: 2.5 },
        { key: 'h1', n: 6, sum: 43, avg: 8.6, min: 6, max: 11, distinct: 5, p50: 9 },
      ]);
      expect(truncated).toBe(false);
      const byBucket = await store.aggregate({
        ...groupsOf('host'),
        groupBy: [{ kind: 'bucket', stepUs: 5 * minuteUs, as: 'bucket' }],
        orderBy: [['n', 'desc']],
        limit: 2,
      });
      expect(byBucket).toMatchObject({
        rows: [
          { bucket: startUs, n: 5 },
          { bucket: startUs + 5 * minuteUs, n: 5 },
        ],
        truncated: true,
      });
      const none = await store.aggregate({
        ...groupsOf('host'),
        groupBy: [],
        time: { fromUs: 1, toUs: 2 },
        aggregates: [{ fn: 'count', as: 'n' }, of('max')],
      });
      expect(none.rows).toEqual([{ n: 0, max: null }]);
    });
  });
}
