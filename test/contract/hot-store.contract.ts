import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { idOf } from '../../src/core/ids.ts';
import type { StoredRecord } from '../../src/core/record.ts';
import { everything } from '../../src/query/ast/expression.ts';
import type { SearchPlan } from '../../src/query/plan.ts';
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
  });
}
