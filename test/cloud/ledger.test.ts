import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readHot } from '../../src/core/hot/commit-hot.ts';
import { heldIn } from '../../src/core/hot/head.ts';
import { emptyPartition, type SinkHead } from '../../src/core/warm/progress.ts';
import { readLedger } from '../../src/pipeline/cloud/cloud-ledger.ts';
import { receiptStatus } from '../../src/pipeline/cloud/cloud-receipts.ts';
import { redriveLetters } from '../../src/pipeline/cloud/cloud-redrive.ts';
import { deliverHot, deliverWarm } from '../../src/pipeline/deliver/deliver.ts';
import type { Ledger, LedgerFilter, SinkCounts } from '../../src/pipeline/store-api.ts';
import { ample, batchOf, generation, openSinks, startMs } from '../deliver/open-sinks.ts';

const minuteMs = 60_000;
/** Three tenants over four minutes; some records are dropped by rule, some can never be read, some are duplicates. */
const tenantAt = (offset: number) => ['acme', 'beta', 'gamma'][offset % 3]!;
const minuteAt = (offset: number) => startMs + Math.floor(offset / 5) * minuteMs;
const lineAt = (offset: number) => {
  if (offset % 7 === 3) return `{"message": "broken ${offset}"`;
  if (offset % 11 === 5) return { id: `same-${tenantAt(offset)}`, message: `record ${offset}` };
  return { service: offset % 5 === 2 ? 'noise' : 'api', message: `record ${offset}` };
};
const at = (offset: number) => batchOf(offset, [lineAt(offset)], { tenant: tenantAt(offset), observedUs: minuteAt(offset) * 1_000 });
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => at(from + i));

function open(end: number) {
  const sinks = openSinks();
  const { state, runner, catalogue, clock, deps, deadLetters, hot } = sinks;
  const partitions = async () => {
    const warm: SinkHead = (await catalogue.partitions())[0] ?? emptyPartition(generation, 0);
    return [{ partition: 0, end, hot: await runner.run(readHot(generation, 0)), warm }];
  };
  const read = (filter: LedgerFilter) =>
    readLedger(
      {
        ...{ state, partitions, generation, hotSink: 'hot' },
        removed: () => catalogue.removed(),
        holes: async () => [],
        nowUs: () => clock.nowMs() * 1_000,
      },
      filter,
    );
  const redriving = { runner, hot, deadLetters, processing: deps.processing, clientIds: deps.clientIds, clock };
  /** Mends what a letter keeps, as whoever redrives it does. */
  const mend = async (tenant: string) => {
    const letters = await deadLetters.list({ tenant, state: 'dead' });
    await deadLetters.put(letters.map((letter) => ({ ...letter, body: '{"message":"mended"}' })));
    return letters.map(({ id }) => id);
  };
  const redrive = (tenant: string, ids: string[]) => redriveLetters(redriving, tenant, { ids });
  return { ...sinks, read, mend, redrive, redriving };
}

const sumOf = ({ done, dead, in_flight, dropped }: SinkCounts) =>
  done + dead + in_flight + Object.values(dropped).reduce((sum, n) => sum + n, 0);

function expectBalanced({ accepted, hot, warm, minutes, partitions }: Ledger, isByTenant: boolean): void {
  for (const sink of [hot, warm, ...partitions.flatMap((item) => [item.hot, item.warm])])
    for (const n of [sink.done, sink.dead, sink.in_flight, ...Object.values(sink.dropped)]) expect(n).toBeGreaterThanOrEqual(0);
  expect([sumOf(hot), sumOf(warm)]).toEqual([accepted, accepted]);
  if (isByTenant) expect(minutes.reduce((sum, minute) => sum + minute.accepted, 0)).toBe(accepted);
}

type Action = { kind: 'hot' | 'warm' | 'again' | 'redrive'; n: number };
const action: fc.Arbitrary<Action> = fc.record({
  kind: fc.constantFrom('hot', 'warm', 'again', 'redrive'),
  n: fc.integer({ min: 1, max: 12 }),
});

test('for each sink, accepted = done + dropped + dead + in flight, by tenant and minute, whatever has happened', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 12 }), async (actions) => {
      const end = 40;
      const { deps, again, read, mend, redrive } = open(end);
      const next = { hot: 0, warm: 0 };
      for (const { kind, n } of actions) {
        if (kind === 'redrive') await redrive(tenantAt(n), await mend(tenantAt(n)));
        else if (kind === 'again')
          await Promise.all([deliverHot(again(), range(0, next.hot), ample), deliverWarm(again(), range(0, next.warm), ample)]);
        else {
          const to = Math.min(end, next[kind] + n);
          await (kind === 'hot' ? deliverHot(deps, range(next.hot, to), ample) : deliverWarm(deps, range(next.warm, to), ample));
          next[kind] = to;
        }
        const filters: LedgerFilter[] = [
          {},
          { tenant: 'acme' },
          { tenant: 'beta', fromUs: (startMs + minuteMs) * 1_000 },
          { toUs: (startMs + 2 * minuteMs) * 1_000 },
        ];
        for (const filter of filters) expectBalanced(await read(filter), Object.keys(filter).length > 0);
        const ahead = Math.max(next.hot, next.warm);
        expect((await read({})).unattributed).toBe(end - ahead);
        const acme = Array.from({ length: ahead }, (_, offset) => offset).filter((offset) => tenantAt(offset) === 'acme').length;
        expect((await read({ tenant: 'acme' })).accepted).toBe(acme);
      }
    }),
    { numRuns: 40 },
  );
});

test('a letter of both sinks moves in both, one of the hot sink in that alone', async () => {
  const { deps, hot, read, mend, redrive, status, rows, runner, deadLetters } = open(8);
  const refusing = {
    ...hot,
    write: async (records: Parameters<typeof hot.write>[0]) => {
      const results = await hot.write(records.filter(({ offset }) => offset !== 6));
      return [
        ...results,
        ...records
          .filter(({ offset }) => offset === 6)
          .map((position) => ({ position, result: 'dead' as const, code: 'MAPPING', detail: 'no' })),
      ];
    },
    search: hot.search.bind(hot),
    aggregate: hot.aggregate.bind(hot),
    partial: hot.partial.bind(hot),
    close: hot.close.bind(hot),
  };
  await deliverHot({ ...deps, hot: refusing }, range(0, 8), ample);
  await deliverWarm(deps, range(0, 8), ample);
  expect(await read({ tenant: 'acme' })).toMatchObject({ accepted: 3, hot: { done: 1, dead: 2 }, warm: { done: 2, dead: 1 } });
  const receipt = {
    tenant: 'acme',
    generation,
    partition: 0,
    runs: [
      [3, 4],
      [6, 7],
    ] as [number, number][],
  };
  const receipts = { runner, deadLetters, clock: deps.clock, sinkOf: (sink: 'hot' | 'warm') => sink };
  expect(await receiptStatus(receipts, receipt)).toMatchObject({
    hot: { dead: 2 },
    warm: { done: 1, dead: 1 },
    dead: [{ code: 'NOT_JSON' }, { code: 'MAPPING' }],
  });

  const ids = await mend('acme');
  expect(ids.filter((id) => id.endsWith('-hot'))).toHaveLength(1);
  const results = await Promise.all([redrive('acme', ids), redrive('acme', ids)]);
  expect(results[0]).toEqual({ matched: 2, redriven: 2, skipped: 0 });
  expect((await status('hot', 8)).dead).toEqual([]);
  expect((await status('warm', 8)).dead).toEqual([]);
  expect(await rows.hot()).toEqual([0, 3, 6]);
  expect(await rows.warm()).toEqual([0, 3, 6]);
  expect(heldIn(await runner.run(readHot(generation, 0)))).toEqual([[0, 8]]);
  expect(await read({ tenant: 'acme' })).toMatchObject({ accepted: 3, hot: { done: 3, dead: 0 }, warm: { done: 3, dead: 0 } });
});

test('a letter that is redriven before one sink has come to it is found again there', async () => {
  const { deps, read, mend, redrive, status } = open(4);
  await deliverHot(deps, range(0, 4), ample);
  await redrive('acme', await mend('acme'));
  expect(await read({ tenant: 'acme' })).toMatchObject({ hot: { done: 2, dead: 0 }, warm: { in_flight: 2 } });
  await deliverWarm(deps, range(0, 4), ample);
  expect((await status('warm', 4)).dead).toEqual([[3, 4]]);
  expect(await redrive('acme', await mend('acme'))).toEqual({ matched: 1, redriven: 1, skipped: 0 });
  expect((await status('warm', 4)).dead).toEqual([]);
  expect((await status('hot', 4)).done).toEqual([
    [0, 2],
    [3, 4],
  ]);
});
