import { describe, expect, test } from 'vitest';
import { readHot } from '../../src/core/hot/commit-hot.ts';
import { heldIn } from '../../src/core/hot/head.ts';
import { leaveDays } from '../../src/core/hot/leave-days.ts';
import type { QueueBatch } from '../../src/core/ports/queue.ts';
import { readPartitions } from '../../src/core/warm/heads.ts';
import { deliverWindows } from '../../src/pipeline/aggregate/deliver-windows.ts';
import { deliverHot, deliverWarm, WarmDelivery } from '../../src/pipeline/deliver/deliver.ts';
import type { Budget, Delivered } from '../../src/pipeline/deliver/types.ts';
import { type AllDeps, ample, batchFrom, batchOf, isKept, openSinks, startMs, upTo } from './open-sinks.ts';

type Deliver = (deps: AllDeps, batches: QueueBatch[], budget: Budget) => Promise<Delivered>;

const sinks: { sink: 'hot' | 'warm' | 'aggregate'; deliver: Deliver }[] = [
  { sink: 'hot', deliver: deliverHot },
  { sink: 'warm', deliver: deliverWarm },
  { sink: 'aggregate', deliver: ({ windowRunner, ...deps }, ...rest) => deliverWindows({ ...deps, runner: windowRunner }, ...rest) },
];
const kept = (end: number) => upTo(end).filter(isKept);

describe.each(sinks)('the $sink sink', ({ sink, deliver }) => {
  test('closes every record as done, dropped or dead, and says so', async () => {
    const { deps, status, rows, deadLetters } = openSinks();
    const result = await deliver(deps, [batchFrom(0, 6), batchFrom(6, 10)], ample);
    expect(result).toEqual({ closed: 10, stored: kept(10).length, dropped: { rule: 2 }, dead: 1, retried: 0 });
    expect(await rows[sink]()).toEqual(kept(10));
    expect(await status(sink, 10)).toMatchObject({
      open: [],
      dead: [[3, 4]],
      dropped: {
        rule: [
          [2, 3],
          [7, 8],
        ],
      },
    });
    expect(await deadLetters.list({})).toMatchObject([{ body: '{"message": broken', sink: 'both', code: 'NOT_JSON', tenant: 'acme' }]);
  });

  test('what comes again, with other boundaries, changes nothing', async () => {
    const { deps, again, rows, status } = openSinks();
    await deliver(deps, [batchFrom(0, 8)], ample);
    const result = await deliver(again(), [batchFrom(0, 3), batchFrom(3, 12)], ample);
    expect(result.closed).toBe(4);
    expect((await deliver(again(), [batchFrom(2, 9)], ample)).closed).toBe(0);
    expect(await rows[sink]()).toEqual(kept(12));
    expect((await status(sink, 12)).open).toEqual([]);
  });

  test('the same batches at several consumers at once are closed once', async () => {
    const { again, rows, status } = openSinks();
    const results = await Promise.all([
      deliver(again(), [batchFrom(0, 20)], ample),
      deliver(again(), [batchFrom(0, 9), batchFrom(9, 20)], ample),
      deliver(again(), [batchFrom(0, 5)], ample),
    ]);
    expect(results.reduce((sum, { closed }) => sum + closed, 0)).toBe(20);
    expect(await rows[sink]()).toEqual(kept(20));
    expect((await status(sink, 20)).open).toEqual([]);
  });

  test('a gap is closed only as far as the log no longer has it', async () => {
    const { deps, extent, status } = openSinks();
    await deliver(deps, [batchFrom(0, 2)], ample);
    await expect(deliver(deps, [batchFrom(2, 4), batchFrom(10, 12)], ample)).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
    expect((await status(sink, 12)).open).toEqual([[4, 12]]);
    Object.assign(extent, { start: 8, holes: [{ partition: 0, from: 8, to: 10, reason: 'corrupt', detail: '' }] });
    expect((await deliver(deps, [batchFrom(10, 12)], ample)).dropped).toEqual({ expired: 4, corrupt: 2 });
    expect(await status(sink, 12)).toMatchObject({ open: [], dropped: { expired: [[4, 8]], corrupt: [[8, 10]] } });
  });

  test('a log that ends before what was closed halts', async () => {
    const { deps, extent } = openSinks();
    await deliver(deps, [batchFrom(0, 9)], ample);
    extent.end = 4;
    await expect(deliver(deps, [batchFrom(0, 4)], ample)).rejects.toMatchObject({ code: 'QUEUE_REWOUND' });
  });

  test('what may pass is tried again, and what is whole stays when time runs out', async () => {
    const { deps, clock, rows, status, trouble } = openSinks();
    let failures = 2;
    trouble.isAway = () => failures-- > 0;
    expect(await deliver(deps, [batchFrom(0, 4)], ample)).toMatchObject({ closed: 4, retried: 2 });
    trouble.isAway = () => true;
    const late = { deadlineMs: clock.monotonicMs() + 50 };
    await expect(deliver(deps, [batchFrom(4, 8)], late)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect((await status(sink, 8)).open).toEqual([[4, 8]]);
    trouble.isAway = () => false;
    const decode = (batch: QueueBatch) => {
      clock.advance(30);
      return deps.processing.decode(batch);
    };
    const slow = { ...deps, processing: { ...deps.processing, decode } };
    await expect(deliver(slow, [batchFrom(4, 6), batchFrom(6, 9), batchFrom(9, 12)], late)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect((await status(sink, 12)).open).toEqual([[9, 12]]);
    expect(await rows[sink]()).toEqual(kept(9));
  });

  test('a record that ends the process again and again is found, and dies alone', async () => {
    const { again, clock, status, rows, deadLetters } = openSinks();
    clock.advance(60_000);
    const crash = new Error('the process ended');
    const crashing = () => {
      const deps = again();
      const decode = (batch: QueueBatch) => {
        if (Buffer.from(batch.payload).toString().includes('record 5')) throw crash;
        return deps.processing.decode(batch);
      };
      return { ...deps, processing: { ...deps.processing, decode } };
    };
    let attempts = 0;
    for (; attempts < 20; attempts++) {
      const ended = await deliver(crashing(), [batchFrom(0, 4), batchFrom(4, 12)], ample).catch((error: unknown) => error);
      if (ended !== crash) break;
    }
    expect(attempts).toBe(8);
    expect(await status(sink, 12)).toMatchObject({
      open: [],
      dead: [
        [3, 4],
        [5, 6],
        [10, 11],
      ],
    });
    expect(await rows[sink]()).toEqual(kept(12).filter((offset) => offset !== 5));
    const [letter] = (await deadLetters.list({})).filter(({ code }) => code === 'CRASH');
    expect(letter).toMatchObject({ sink, detail: 'the process ended 8 times while it worked on this record' });
    expect(JSON.parse(letter!.body)).toMatchObject({ n: 5 });
  });

  test('a store that is away for long makes nobody a crasher', async () => {
    const { deps, again, clock, status, trouble } = openSinks();
    clock.advance(60_000);
    trouble.isAway = () => true;
    for (let i = 0; i < 12; i++) {
      const short = { deadlineMs: clock.monotonicMs() + 1 };
      await expect(deliver(again(), [batchFrom(0, 3)], short)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    }
    trouble.isAway = () => false;
    expect(await deliver(deps, [batchFrom(0, 3)], ample)).toMatchObject({ closed: 3, dead: 0 });
    expect((await status(sink, 3)).dead).toEqual([]);
  });

  test('a young batch costs no write but its own commit', async () => {
    const { deps, state } = openSinks();
    await deliver(deps, [batchFrom(0, 3)], ample);
    expect((await state.list('delivery/')).length).toBe(0);
  });
});

test('the hot store says what is a duplicate and what it can never take', async () => {
  const { deps, status, rows, deadLetters, hot } = openSinks();
  const write: typeof hot.write = async (records) => {
    const results = await hot.write(records.filter(({ attributes }) => attributes.n !== 3));
    const refused = records.filter(({ attributes }) => attributes.n === 3);
    return [...results, ...refused.map((position) => ({ position, result: 'dead' as const, code: 'MAPPING', detail: 'cannot be mapped' }))];
  };
  const strict = { ...deps, hot: Object.assign(Object.create(hot) as typeof hot, { write }) };
  const lines = [{ id: 'a', n: 1 }, { id: 'a', n: 2 }, { n: 3 }, { n: 4 }];
  const result = await deliverHot(strict, [batchOf(0, lines)], ample);
  expect(result).toMatchObject({ stored: 2, dropped: { duplicate: 1 }, dead: 1 });
  expect(await rows.hot()).toEqual([0, 3]);
  expect(await status('hot', 4)).toMatchObject({ dropped: { duplicate: [[1, 2]] }, dead: [[2, 3]] });
  expect(await deadLetters.list({})).toMatchObject([{ sink: 'hot', code: 'MAPPING' }]);
  expect((await deliverWarm(deps, [batchOf(0, lines)], ample)).dropped).toEqual({ duplicate: 1 });
  expect(await rows.warm()).toEqual([0, 2, 3]);
});

test('rows wait in the warm sink until it is told to commit them, as one file', async () => {
  const { deps, rows, runner, status } = openSinks();
  const delivery = new WarmDelivery(deps, 1, 0);
  await delivery.take([batchFrom(0, 6)], ample);
  await delivery.take([batchFrom(4, 9)], ample);
  expect({ rows: delivery.rows, cursor: delivery.cursor, openedAtMs: delivery.openedAtMs }).toEqual({
    rows: kept(9).length,
    cursor: 9,
    openedAtMs: startMs,
  });
  expect(await rows.warm()).toEqual([]);
  expect((await delivery.flush(ample)).closed).toBe(9);
  expect(await rows.warm()).toEqual(kept(9));
  expect((await runner.run(readPartitions()))[0]!.files).toHaveLength(1);
  expect((await delivery.flush(ample)).closed).toBe(0);
  expect((await status('warm', 9)).open).toEqual([]);
  delivery.abandon();
});

test('what retention of the hot store has overtaken is dropped there, and only there', async () => {
  const { deps, runner, status, rows } = openSinks();
  await runner.run(leaveDays([[1, 0]], '2026-11-21', { nowMs: () => 1, oldestReaderMs: () => 0 }));
  const yesterday = { observedUs: (startMs - 86_400_000) * 1_000 };
  const batches = [batchFrom(0, 3, yesterday), batchFrom(3, 5)];
  expect((await deliverHot(deps, batches, ample)).dropped).toEqual({ expired: 3 });
  expect(await status('hot', 5)).toMatchObject({ open: [], done: [[4, 5]], dead: [[3, 4]] });
  await deliverWarm(deps, batches, ample);
  expect(await rows.warm()).toEqual(kept(5));
  expect(heldIn(await runner.run(readHot(1, 0)))).toEqual([[4, 5]]);
});
