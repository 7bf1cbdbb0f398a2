import { expect, test } from 'vitest';
import { offsetsOf, sizeOf } from '../../src/core/intervals.ts';
import { maxStateBytes } from '../../src/core/ports/state-store.ts';
import { partitionKey } from '../../src/core/warm/keys.ts';
import { ledgerOf, maxLevel0Files } from '../../src/core/warm/progress.ts';
import { openArchive, startMs, upTo } from './open-archive.ts';

test('a batch that comes twice, shifted, and to two consumers at once is stored once', async () => {
  const { commit, visible, archive } = openArchive();
  const results = await Promise.all([commit([[0, 6]]), commit([[0, 6]]), commit([[3, 9]]), commit([[1, 4]])]);
  expect(await visible()).toEqual(upTo(9));
  expect(results.reduce((sum, { done }) => sum + sizeOf(done), 0)).toBe(9);
  const again = await commit([[0, 9]]);
  expect(again).toMatchObject({ done: [], files: [] });
  expect(ledgerOf(await archive.head(0, 0), 12)).toEqual({ accepted: 12, done: 9, dropped: {}, dead: 0, inFlight: 3 });
});

test('what is dropped and what is dead is told apart, and only a redrive moves the dead', async () => {
  const { commit, visible, archive } = openArchive();
  await commit([[0, 2]], { dropped: { rule: [[2, 3]], duplicate: [[3, 4]] }, dead: [[4, 6]] });
  await commit([[0, 6]]);
  expect(await visible()).toEqual([0, 1]);
  await Promise.all([commit([[4, 5]], { redrive: true }), commit([[4, 5]], { redrive: true })]);
  await commit([[0, 1]], { redrive: true, dropped: { erased: [[5, 6]] } });
  expect(await visible()).toEqual([0, 1, 4]);
  const status = await archive.status(0, 0, [[0, 8]]);
  expect(status).toEqual({
    done: [
      [0, 2],
      [4, 5],
    ],
    dropped: { rule: [[2, 3]], duplicate: [[3, 4]], erased: [[5, 6]] },
    dead: [],
    open: [[6, 8]],
  });
  expect((await archive.head(0, 0)).counts).toEqual({ done: 3, dropped: { rule: 1, duplicate: 1, erased: 1 }, dead: 0 });
});

test('accepted records are counted once by tenant and observed minute, whoever commits them', async () => {
  const { commit, catalogue } = openArchive();
  const minute = startMs * 1000;
  const minutes = [
    { tenant: 'acme', minute, offsets: [[0, 4]] as const },
    { tenant: 'beta', minute: minute + 60_000_000, offsets: [[4, 6]] as const },
  ];
  await commit([[0, 3]], { minutes, dropped: { rule: [[3, 4]] }, dead: [[4, 5]] });
  await commit([[0, 6]], { minutes });
  await commit([[4, 5]], { redrive: true });
  expect(await catalogue.minutes(0, Number.MAX_SAFE_INTEGER)).toEqual([
    { minute, tenant: 'acme', accepted: 4 },
    { minute: minute + 60_000_000, tenant: 'beta', accepted: 2 },
  ]);
  expect(await catalogue.minutes(minute, minute + 60_000_000)).toEqual([{ minute, tenant: 'acme', accepted: 4 }]);
});

test('offsets that were dropped for alternating reasons keep every state value small and every answer exact', async () => {
  const { archive, state } = openArchive();
  const end = 150_000;
  const even = offsetsOf(Array.from({ length: end / 2 }, (_, i) => 2 * i));
  const dead = [[end - 1, end]] as const;
  const odd = offsetsOf(Array.from({ length: end / 2 - 1 }, (_, i) => 2 * i + 1));
  const dropped = { sampled: even, rule: odd };
  await archive.commit({ generation: 0, partition: 0, part: undefined, done: [], dropped, dead, minutes: [] });
  expect((await archive.head(0, 0)).counts).toEqual({ done: 0, dropped: { sampled: end / 2, rule: end / 2 - 1 }, dead: 1 });
  const values = await state.list('');
  expect(Math.max(...values.map(({ value }) => JSON.stringify(value).length))).toBeLessThan(maxStateBytes);
  expect(await archive.status(0, 0, [[end - 3, end + 1]])).toEqual({
    done: [],
    dropped: { sampled: [[end - 2, end - 1]], rule: [[end - 3, end - 2]] },
    dead,
    open: [[end, end + 1]],
  });
});

test('a batch that needs several transactions shows each of its rows once', async () => {
  const { commit, visible, archive } = openArchive();
  const done = offsetsOf(upTo(40).map((i) => i * 70_000));
  const dropped = { rule: offsetsOf(upTo(40).map((i) => i * 70_000 + 1)) };
  const { files } = await commit(done, { dropped, give: () => ({ timestamp: startMs * 1000 }) });
  expect(files.length).toBeGreaterThan(1);
  expect(await visible()).toEqual(done.map(([from]) => from));
  expect((await archive.head(0, 0)).counts).toEqual({ done: 40, dropped: { rule: 40 }, dead: 0 });
});

test('a log that ends before what was finished halts', async () => {
  const { commit, archive } = openArchive();
  await commit([[0, 5]]);
  await expect(archive.check(0, 0, 5)).resolves.toMatchObject({ closed: [[0, 5]] });
  await expect(archive.check(0, 0, 4)).rejects.toMatchObject({ code: 'QUEUE_REWOUND' });
  await expect(archive.check(1, 0, 0)).resolves.toMatchObject({ closed: [] });
});

test('commits are refused while the compactor is too far behind, and nothing is closed', async () => {
  const { commit, archive, state } = openArchive();
  await commit([[0, 1]]);
  const { value, version } = (await state.get<Awaited<ReturnType<typeof archive.head>>>(partitionKey(0, 0)))!;
  const files = Array.from({ length: maxLevel0Files }, (_, i) => ({ ...value.files[0]!, name: `level0/p0/${i}.parquet` }));
  await state.compareAndSet(partitionKey(0, 0), version, { ...value, files });
  await expect(commit([[1, 2]])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect((await archive.head(0, 0)).closed).toEqual([[0, 1]]);
});
