import { expect, test } from 'vitest';
import { PageCache } from '../../src/columnar/page-cache.ts';
import { readHot } from '../../src/core/hot/commit-hot.ts';
import { heldIn } from '../../src/core/hot/head.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import { minutesPrefixOf } from '../../src/core/warm/keys.ts';
import { createCompactor } from '../../src/pipeline/compact.ts';
import { deliverHot, deliverWarm } from '../../src/pipeline/deliver/deliver.ts';
import { createPasses } from '../../src/pipeline/passes.ts';
import { createRetention } from '../../src/pipeline/retain.ts';
import { createHotRetention } from '../../src/pipeline/retain-hot.ts';
import { ample, batchFrom, openSinks, startMs, upTo } from '../deliver/open-sinks.ts';

const dayMs = 86_400_000;
const graceMs = 900_000;

function open(hotDays = 2) {
  const sinks = openSinks();
  const { runner, hot, clock, catalogue, state, warm } = sinks;
  const hotRetention = createHotRetention({ runner, days: hot, generation: 1, partitions: 2, hotDays, graceMs, clock, log: silentLog });
  const compactor = createCompactor({ runner, catalogue, warm, cache: new PageCache(1 << 20), clock, log: silentLog });
  const retention = createRetention({ runner, catalogue, state, clock, warmDays: () => 30, maxWarmDays: 30 });
  const passes = createPasses({ compactor, retention, hotRetention, derivations: [], state, catalogue, warm, clock, hourDelayMs: 0 });
  const on = (day: number) => ({ observedUs: (startMs + day * dayMs) * 1_000 });
  return { ...sinks, hotRetention, passes, on };
}

test('days go from the hot store once they are old, archived, and past the grace; the heads let go first', async () => {
  const { deps, clock, hot, runner, hotRetention, rows, on } = open();
  const batches = [batchFrom(0, 2, on(0)), batchFrom(2, 5, on(1)), batchFrom(5, 7, on(2))];
  await deliverHot(deps, batches, ample);
  clock.advance(3 * dayMs);
  expect(await hotRetention.run()).toBe(0);
  expect(heldIn(await runner.run(readHot(1, 0)))).toEqual([
    [0, 3],
    [4, 7],
  ]);

  await deliverWarm(deps, batches, ample);
  expect(await hotRetention.run()).toBe(0);
  expect(heldIn(await runner.run(readHot(1, 0)))).toEqual([
    [2, 3],
    [4, 7],
  ]);
  expect(await rows.hot()).toContain(0);
  clock.advance(graceMs + 1);
  expect(await hotRetention.run()).toBe(1);
  expect((await hot.days()).map(({ day }) => day)).toEqual(['2026-11-22', '2026-11-23']);
  expect(await rows.warm()).toEqual(upTo(7).filter((offset) => offset % 7 !== 3 && offset % 5 !== 2));
});

test('records of a day that is gone are not held when they come late, in any partition', async () => {
  const { deps, clock, runner, hotRetention, on } = open();
  clock.advance(5 * dayMs);
  await hotRetention.run();
  await deliverHot(deps, [batchFrom(0, 4, { ...on(0), partition: 1 })], ample);
  const head = await runner.run(readHot(1, 1));
  expect(head.counts.dropped).toEqual({ expired: 4 });
  expect(heldIn(head)).toEqual([]);
});

test('passes are called one at a time, and begin nothing once their time is up', async () => {
  const { deps, clock, passes, catalogue, state, on } = open();
  for (const from of [0, 7, 14]) await deliverWarm(deps, [batchFrom(from, from + 7, on(0))], ample);
  await deliverHot(deps, [batchFrom(0, 21, on(0))], ample);
  expect((await state.list(minutesPrefixOf('hot'))).length).toBe(1);
  clock.advance(2 * dayMs);
  expect(await passes.compact({ deadlineMs: clock.monotonicMs() })).toEqual({ read: 0, written: 0 });
  expect(await passes.compact(ample)).toEqual({ read: 3, written: 1 });
  expect((await catalogue.partitions())[0]!.files).toEqual([]);
  expect(await passes.collect()).toBe(0);
  clock.advance(40 * dayMs);
  expect(await passes.collect()).toBe(3);
  expect(await passes.retain()).toEqual({ expired: 1, swept: 0, days: 0 });
  expect(await state.list(minutesPrefixOf('hot'))).toEqual([]);
  clock.advance(graceMs + 1);
  expect(await passes.retain()).toMatchObject({ days: 1 });
});
