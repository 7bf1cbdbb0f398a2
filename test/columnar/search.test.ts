import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PageCache } from '../../src/columnar/page-cache.ts';
import { search } from '../../src/columnar/search.ts';
import type { SourceRef } from '../../src/columnar/sources.ts';
import { intervalsOf } from '../../src/core/intervals.ts';
import type { StoredRecord } from '../../src/core/record.ts';
import { everything } from '../../src/query/ast/expression.ts';
import { searchRecords } from '../../src/query/compile/scan/search.ts';
import type { SearchPlan } from '../../src/query/plan.ts';
import { expression, middleUs, onMessage, sourcesOf, storedRecords, timeRange } from './arbitrary.ts';

const deal = fc.array(fc.nat(5), { minLength: 1, maxLength: 6 });
const limits = fc.constantFrom(1, 5, 1000);
const where = fc.oneof(
  { weight: 3, arbitrary: onMessage },
  { weight: 3, arbitrary: expression },
  { weight: 1, arbitrary: fc.constant(everything) },
);
const cacheBytes = fc.constantFrom(0, 20_000, 64 << 20);
const order = fc.constantFrom('desc' as const, 'asc' as const);
const offsets = fc.array(fc.tuple(fc.nat(60), fc.nat(30)), { maxLength: 3 });
const planOf = (plan: Partial<SearchPlan>): SearchPlan => ({
  tenant: 'acme',
  time: { fromUs: 0, toUs: 4e15 },
  where: everything,
  order: 'desc',
  limit: 1000,
  ...plan,
});

async function expectAsScanned(sources: SourceRef[], records: StoredRecord[], plan: SearchPlan): Promise<void> {
  const found = await search(sources, plan);
  expect(found.records).toStrictEqual(searchRecords(records, plan));
}

describe('search over tables and files', () => {
  test('finds what a scan finds, in its order', async () => {
    const plans = fc.array(fc.record({ where, time: timeRange, order, limit: limits }), { minLength: 12, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(storedRecords(120), deal, cacheBytes, plans, async (records, piles, maxBytes, asked) => {
        const sources = (await sourcesOf(records, piles, new PageCache(maxBytes))).map((source) => ({ source }));
        for (const plan of asked) await expectAsScanned(sources, records, planOf(plan));
      }),
      { numRuns: 150 },
    );
  });

  test('walks with a cursor over every record once, whatever arrives meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(
        storedRecords(60),
        deal,
        expression,
        order,
        fc.integer({ min: 1, max: 7 }),
        async (records, piles, where, order, limit) => {
          const cache = new PageCache();
          const early = records.filter(({ offset }) => offset < 40);
          const snapshot = { 0: 40, 1: 40, 2: 40 };
          const walked: StoredRecord[] = [];
          for (let after: StoredRecord | undefined; ; after = walked.at(-1)) {
            const sources = (await sourcesOf(walked.length === 0 ? early : records, piles, cache)).map((source) => ({ source }));
            const { records: page } = await search(sources, planOf({ where, order, limit, snapshot, ...(after ? { after } : {}) }));
            walked.push(...page);
            if (page.length < limit) break;
          }
          expect(walked).toStrictEqual(searchRecords(early, planOf({ where, order })));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('sees only the positions that a source and a query allow', async () => {
    await fc.assert(
      fc.asyncProperty(storedRecords(80), deal, expression, offsets, offsets, async (records, piles, where, first, second) => {
        const cache = new PageCache();
        const setOf = (list: [number, number][]) => intervalsOf(list.map(([from, size]) => [from, from + size + 1]));
        const only = [
          { partition: 0, offsets: setOf(first) },
          { generation: 1, partition: 1, offsets: setOf(second) },
        ];
        const positions = [1, 2].map((partition) => ({ partition, offsets: setOf(second) }));
        const sources = (await sourcesOf(records, piles, cache)).map((source) => ({ source, only }));
        const seen = searchRecords(records, planOf({ positions: only }));
        await expectAsScanned(sources, seen, planOf({ where }));
        await expectAsScanned(sources, seen, planOf({ where, positions }));
        const inTwo = sources.flatMap((source) => [
          { ...source, time: { fromUs: middleUs, toUs: 4e15 } },
          { ...source, time: { fromUs: 0, toUs: middleUs } },
        ]);
        await expectAsScanned(inTwo, seen, planOf({ where }));
      }),
      { numRuns: 60 },
    );
  });
});
