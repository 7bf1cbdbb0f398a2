import { describe, expect, test } from 'vitest';
import { aggregate } from '../../src/columnar/aggregate.ts';
import { PageCache } from '../../src/columnar/page-cache.ts';
import { search } from '../../src/columnar/search.ts';
import { everything } from '../../src/query/ast/expression.ts';
import { defaultBudget, type QueryBudget, QueryRun } from '../../src/query/budget.ts';
import { searchRecords } from '../../src/query/compile/scan/search.ts';
import type { AggregatePlan, SearchPlan, SortKey } from '../../src/query/plan.ts';
import { partOf, tableOf } from '../columnar/arbitrary.ts';

const startUs = 1_763_700_000_000_000;
const recordAt = (offset: number) => ({
  ...{
    timestamp: startUs + Math.floor(offset / 3) * 1_000,
    timestamp_ns: 0,
    observed_timestamp: startUs,
    level: 'info' as const,
    severity: 9,
  },
  ...{ service: 'api', env: undefined, host: undefined, trace_id: undefined, span_id: undefined, client_id: undefined },
  ...{ message: `record ${offset} ${'x'.repeat(2_000)}`, attributes: { n: offset } },
  ...{ tenant: 'acme', generation: 0, partition: 0, offset, id: String(offset).padStart(13, '0') },
});
const records = Array.from({ length: 3_000 }, (_, offset) => recordAt(offset));
const plan: SearchPlan = { tenant: 'acme', time: { fromUs: 0, toUs: startUs * 2 }, where: everything, order: 'desc', limit: 100_000 };
const groups: AggregatePlan = {
  ...{ tenant: 'acme', time: plan.time, where: everything, orderBy: [], limit: 10_000 },
  groupBy: [{ kind: 'field', field: 'n', as: 'n' }],
  aggregates: [{ fn: 'count', as: 'count' }],
};
/** A clock that goes on by 1 ms whenever it is looked at. */
const ticking = () => {
  let ms = 0;
  return () => ms++;
};
const run = (budget: Partial<QueryBudget>, signal?: AbortSignal) => new QueryRun({ ...defaultBudget, ...budget }, ticking(), signal);
const sources = async () => {
  const cache = new PageCache();
  const piles = [0, 1_000, 2_000].map((from) => records.slice(from, from + 1_000));
  return [{ source: await partOf(piles[0]!, cache) }, { source: await partOf(piles[1]!, cache) }, { source: tableOf(piles[2]!) }];
};

describe('a query that has used up its budget', () => {
  test.each(['desc', 'asc'] as const)('of time answers what is certain, %s, and goes on from there: each record once', async (order) => {
    const refs = await sources();
    const walked: number[] = [];
    let after: SortKey | undefined;
    let pages = 0;
    do {
      const page = await search(refs, { ...plan, order, ...(after ? { after } : {}) }, run({ timeoutMs: 4 }));
      walked.push(...page.records.map(({ offset }) => offset));
      after = page.resume;
      expect(page.reasons?.[0] ?? '').toContain(after ? 'query.timeout' : '');
      pages++;
    } while (after && pages < 100);
    expect(pages).toBeGreaterThan(2);
    const all = searchRecords(records, { ...plan, order }).map(({ offset }) => offset);
    expect(walked).toEqual(all);
  });

  test('of bytes answers what is certain, and groups not at all', async () => {
    const refs = await sources();
    const { records: found, reasons, resume } = await search(refs, plan, run({ scanBytes: 1 }));
    expect(resume).toBeDefined();
    expect(reasons?.[0]).toContain('query.scanBytes');
    expect(found.length).toBeLessThan(3_000);
    await expect(aggregate(await sources(), groups, run({ scanBytes: 1 }))).rejects.toMatchObject({ code: 'QUERY_TOO_LARGE' });
    await expect(aggregate(await sources(), groups, run({ timeoutMs: 2 }))).rejects.toMatchObject({ code: 'QUERY_TIMEOUT' });
  });

  test('of groups, or of memory for them, is refused with what to change', async () => {
    const refs = await sources();
    for (const budget of [{ groups: 100 }, { memoryBytes: 100 * 256 }]) {
      await expect(aggregate(refs, groups, run(budget))).rejects.toMatchObject({
        code: 'QUERY_TOO_LARGE',
        detail: expect.stringContaining('more than 100 groups'),
      });
    }
  });
});

test('a query that comes no further within its budget is refused, not begun anew for ever', async () => {
  const refs = await sources();
  const first = await search(refs, plan, run({ timeoutMs: 0 }));
  await expect(search(refs, { ...plan, after: first.resume! }, run({ timeoutMs: 0 }))).rejects.toMatchObject({ code: 'QUERY_TIMEOUT' });
});

test('a query that nobody waits for stops at its next step', async () => {
  const refs = await sources();
  const gone = new AbortController();
  gone.abort();
  await expect(search(refs, plan, run({}, gone.signal))).rejects.toMatchObject({ code: 'QUERY_CANCELLED' });
  await expect(aggregate(refs, groups, run({}, gone.signal))).rejects.toMatchObject({ code: 'QUERY_CANCELLED' });
});
