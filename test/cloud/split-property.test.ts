import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PageCache } from '../../src/columnar/page-cache.ts';
import { readHot } from '../../src/core/hot/commit-hot.ts';
import { heldIn } from '../../src/core/hot/head.ts';
import { leaveDays } from '../../src/core/hot/leave-days.ts';
import { type Intervals, includes } from '../../src/core/intervals.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import type { StoredRecord } from '../../src/core/record.ts';
import { dayOf } from '../../src/core/warm/file.ts';
import { statusOf } from '../../src/core/warm/status.ts';
import { redriveLetters } from '../../src/pipeline/cloud/cloud-redrive.ts';
import { SplitSearch } from '../../src/pipeline/cloud/split-search.ts';
import { createCompactor } from '../../src/pipeline/compact.ts';
import { deliverHot, deliverWarm } from '../../src/pipeline/deliver/deliver.ts';
import { SourceFinder } from '../../src/pipeline/store/sources.ts';
import { everything } from '../../src/query/ast/expression.ts';
import { aggregateRecords } from '../../src/query/compile/scan/aggregate.ts';
import { searchRecords } from '../../src/query/compile/scan/search.ts';
import type { AggregatePlan, SearchPlan } from '../../src/query/plan.ts';
import { ample, batchOf, generation, openSinks, startMs } from '../deliver/open-sinks.ts';

const end = 24;
const dayMs = 86_400_000;
const lineAt = (offset: number) => {
  if (offset % 6 === 4) return `{"message": "broken ${offset}"`;
  return { service: offset % 5 === 2 ? 'noise' : ['api', 'web'][offset % 2], message: `record ${offset}`, ms: (offset * 13) % 29 };
};
/** Four observed days, and event times that go back and forth. */
const batchAt = (offset: number, partition: number) =>
  batchOf(offset, [lineAt(offset)], { partition, observedUs: (startMs + Math.floor(offset / 6) * dayMs) * 1_000 });
const range = (from: number, to: number, partition: number) => Array.from({ length: to - from }, (_, i) => batchAt(from + i, partition));

const list: SearchPlan = {
  tenant: 'acme',
  time: { fromUs: 0, toUs: Number.MAX_SAFE_INTEGER },
  where: everything,
  order: 'desc',
  limit: 1_000,
};
const groups: AggregatePlan = {
  ...{ tenant: 'acme', time: list.time, where: everything, orderBy: [], limit: 100 },
  groupBy: [{ kind: 'field', field: 'service', as: 'service' }],
  aggregates: [
    { fn: 'count', as: 'n' },
    { fn: 'avg', field: 'attributes.ms', as: 'avg' },
    { fn: 'percentile', field: 'attributes.ms', percent: 90, as: 'p90' },
    { fn: 'distinct', field: 'attributes.ms', as: 'distinct' },
  ],
};

type Action =
  | { kind: 'hot' | 'warm'; partition: number; n: number }
  | { kind: 'retain'; day: number }
  | { kind: 'redrive' }
  | { kind: 'compact' };
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('hot' as const, 'warm' as const),
      partition: fc.nat(1),
      n: fc.integer({ min: 1, max: 10 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('retain' as const), day: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'redrive' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'compact' as const }) },
);

test('whatever each store has, an answer over both is that over the records that either has', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 10 }), async (actions) => {
      const { deps, runner, catalogue, warm, hot, clock, deadLetters } = openSinks();
      const sources = new SourceFinder({ catalogue, warm, cache: new PageCache(1 << 20), generation, maxOpenParts: 16 });
      const search = new SplitSearch({
        generation,
        runner,
        catalogue,
        sources,
        sql: undefined,
        hot,
        hotTimeoutMs: 60_000,
        firstHotDay: () => '',
        log: silentLog,
      });
      const compactor = createCompactor({ runner, catalogue, warm, cache: new PageCache(1 << 20), clock, log: silentLog });
      // What every record is, from a store that has them all and is never asked anything else.
      const oracle = openSinks();
      for (const partition of [0, 1]) await deliverHot(oracle.deps, range(0, end, partition), ample);
      await redriveMended(oracle);
      const { records } = await oracle.hot.search(list);
      const next = { hot: [0, 0], warm: [0, 0] };
      let now = 0;
      let lastFloor = '';

      for (const act of actions) {
        if (act.kind === 'compact') await compactor.run(true);
        else if (act.kind === 'redrive') await redriveMended({ deps, runner, hot, deadLetters, clock });
        else if (act.kind === 'retain') {
          const floor = new Date(startMs + act.day * dayMs).toISOString().slice(0, 10);
          if (floor > lastFloor) lastFloor = floor;
          const due = await runner.run(
            leaveDays(
              [
                [1, 0],
                [1, 1],
              ],
              floor,
              { nowMs: () => ++now, oldestReaderMs: () => ++now },
            ),
          );
          for (const { cell, day } of due ? await hot.days() : []) if (day < due!) await hot.dropDay(cell, day);
        } else {
          const { partition } = act;
          const from = next[act.kind][partition]!;
          const to = Math.min(end, from + act.n);
          await (act.kind === 'hot' ? deliverHot : deliverWarm)(deps, range(from, to, partition), ample);
          next[act.kind][partition] = to;
        }
        const visible: StoredRecord[] = [];
        for (const partition of [0, 1]) {
          const inWarm = await runner.run(statusOf(generation, partition, [[0, end]], 'warm'));
          const inHot = await runner.run(statusOf(generation, partition, [[0, end]], 'hot'));
          const isIn = (set: Intervals, { offset }: StoredRecord) => includes(set, offset);
          // What is dead in the archive leaves with its day: its letter has it.
          const held = heldIn(await runner.run(readHot(generation, partition)));
          const isLeft = (record: StoredRecord) =>
            isIn(inWarm.dead, record) && dayOf(record.observed_timestamp) < lastFloor && !isIn(held, record);
          const has = (record: StoredRecord) => isIn(inWarm.done, record) || (isIn(inHot.done, record) && !isLeft(record));
          visible.push(...records.filter((record) => record.partition === partition && has(record)));
        }
        expect((await search.search(list)).records).toEqual(searchRecords(visible, list));
        expect((await search.aggregate(groups)).rows).toEqual(aggregateRecords(visible, groups));
      }
    }),
    { numRuns: 30 },
  );
}, 120_000);

type Sinks = Pick<ReturnType<typeof openSinks>, 'deps' | 'runner' | 'hot' | 'deadLetters' | 'clock'>;

async function redriveMended({ deps, runner, hot, deadLetters, clock }: Sinks): Promise<void> {
  const letters = await deadLetters.list({ tenant: 'acme', state: 'dead' });
  await deadLetters.put(letters.map((letter) => ({ ...letter, body: '{"service":"mended","message":"mended","ms":3}' })));
  const redriving = { runner, hot, deadLetters, processing: deps.processing, clientIds: deps.clientIds, clock };
  await redriveLetters(redriving, 'acme', { ids: letters.map(({ id }) => id) });
}
