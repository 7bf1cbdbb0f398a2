import { expect, test } from 'vitest';
import { MemoryStateStore } from '../../src/adapters/state/memory/memory-state-store.ts';
import { AppError } from '../../src/core/errors.ts';
import { runBacktest } from '../../src/pipeline/rules/backtest.ts';
import { readAmendments, readEpisodes } from '../../src/pipeline/rules/episodes.ts';
import { ruleKeys } from '../../src/pipeline/rules/keys.ts';
import { ruleOf } from '../../src/pipeline/rules/stored-rule.ts';
import { startUs, tenant, World } from './world.ts';

const errors = { name: 'errors', condition: ['>', ['rate', { level: 'error', by: ['service'], window: '1m' }], 10] };
const failing = { level: 'error', severity: 17, service: 'api' } as const;
const backtestOf = async (world: World, name: string) => {
  const rule = ruleOf(await world.book.get(tenant, name));
  const behindUs = (await world.state.get<number[]>(ruleKeys.behind(tenant)))?.value ?? [];
  const toUs = world.clock.nowMs() * 1_000 - world.source.latenessUs;
  return runBacktest(world.source, { tenant, rule, others: [], version: 1, fromUs: startUs, toUs, behindUs });
};

test('a rule fires with the first window that is due after its errors, and is resolved when they have left its window', async () => {
  const world = new World();
  await world.add(errors);
  world.send(20, { ...failing, count: 11 });
  await world.run(180);
  expect(world.table()).toEqual(['08:00:30 api inactive>firing', '08:01:30 api firing>resolved']);
  expect(world.told[0]).toMatchObject({
    rule: 'errors',
    ruleVersion: 1,
    value: 11,
    labels: { service: 'api' },
    reason: 'rate (level:error) over 1m is 11, > 10',
  });
});

test('a series that flaps is pending each time, fires once it lasts, and goes on firing through the gaps that it may have', async () => {
  const world = new World();
  await world.add({ ...errors, for: '1m', keep_firing_for: '2m' });
  for (const atS of [0, 150]) world.send(atS, { ...failing, count: 11 });
  for (let atS = 300; atS < 480; atS += 30) world.send(atS, { ...failing, count: 11 });
  world.send(600, { ...failing, count: 11 });
  await world.run(900);
  expect(world.table()).toEqual([
    '08:00:15 api inactive>pending',
    '08:01:15 api pending>inactive',
    '08:02:45 api inactive>pending',
    '08:03:45 api pending>inactive',
    '08:05:15 api inactive>pending',
    '08:06:15 api pending>firing',
    // What came at 10:00 leaves the window at 11:00, and two minutes more it goes on.
    '08:13:00 api firing>resolved',
  ]);
});

test('a silent source is told from one that was never there, once, and forgotten after so long', async () => {
  const world = new World();
  await world.add({ name: 'silent', condition: ['absent', { by: ['service'], window: '2m', seen: '10m' }] });
  for (let atS = 0; atS < 1_200; atS += 10) {
    world.send(atS, { service: 'web' });
    if (atS < 300) world.send(atS, { service: 'api' });
  }
  await world.run(1_200);
  // The last record of api is at 04:50: at 14:45 that is within ten minutes, at 15:00 it is not.
  expect(world.table()).toEqual(['08:07:00 api inactive>firing', '08:15:00 api firing>resolved']);
});

test('while the pipeline is late alerts are unknown, then one page; the backtest lists the same transitions', async () => {
  const world = new World();
  await world.add({ name: 'silent', condition: ['absent', { by: ['service'], window: '2m' }] });
  for (let atS = 0; atS < 1_800; atS += 10) {
    world.send(atS, { service: 'web' });
    if (atS < 400) world.send(atS, { service: 'api' });
  }
  await world.run(300);
  world.pausedAtMs = world.clock.nowMs();
  await world.run(900);
  expect(world.table()).toEqual(['08:05:00 inactive>unknown']);
  expect(await readEpisodes(world.state, tenant, { limit: 10 }, world.clock.nowMs() * 1_000)).toEqual([]);
  world.pausedAtMs = undefined;
  await world.run(1_500);
  expect(world.table()).toEqual(['08:05:00 inactive>unknown', '08:05:00 unknown>inactive', '08:08:45 api inactive>firing']);
  const { transitions, episodes } = await backtestOf(world, 'silent');
  expect(world.table(transitions)).toEqual(world.table());
  expect(episodes).toBe(1);
});

test('an alert that fires when the pipeline falls behind is unknown and goes on as the same episode', async () => {
  const world = new World();
  await world.add(errors);
  for (let atS = 0; atS < 900; atS += 5) world.send(atS, { ...failing, count: 1 });
  await world.run(120);
  world.pausedAtMs = world.clock.nowMs();
  await world.run(420);
  const [now] = await readEpisodes(world.state, tenant, { limit: 10 }, world.clock.nowMs() * 1_000);
  expect(now).toMatchObject({ rule: 'errors', state: 'unknown' });
  world.pausedAtMs = undefined;
  await world.run(600);
  expect(world.table()).toEqual(['08:01:00 api inactive>firing', '08:02:00 api firing>unknown', '08:02:00 api unknown>firing']);
  expect(new Set(world.told.map(({ episode }) => episode)).size).toBe(1);
  expect(world.table((await backtestOf(world, 'errors')).transitions)).toEqual(world.table());
});

test('a sender whose clock is an hour behind amends windows that are past; one an hour ahead counts in its hour', async () => {
  const world = new World();
  await world.add(errors);
  await world.run(3_900);
  world.send(300, { ...failing, service: 'behind', count: 20 }, 3_900);
  world.send(7_500, { ...failing, service: 'ahead', count: 20 }, 3_900);
  world.send(3_900, { ...failing, service: 'right', count: 20 });
  await world.run(4_200);
  expect(world.table()).toEqual(['09:05:15 right inactive>firing', '09:06:15 right firing>resolved']);
  const nowUs = world.clock.nowMs() * 1_000;
  // It is too old for any window that is kept: nothing is amended, and nobody is paged for what was an hour ago.
  expect(await readAmendments(world.state, tenant, 2, nowUs)).toEqual([]);
  await world.run(7_800);
  expect(world.table().slice(2)).toEqual(['10:05:15 ahead inactive>firing', '10:06:15 ahead firing>resolved']);
  expect(world.table((await backtestOf(world, 'errors')).transitions)).toContain('08:05:15 behind inactive>firing');
});

test('records that come late are noted as amendments, and count in the windows to come', async () => {
  const world = new World();
  await world.add({ name: 'errors', condition: ['>', ['count', { level: 'error', by: ['service'], window: '5m' }], 10] });
  world.send(100, { ...failing, count: 8 });
  await world.run(180);
  world.send(110, { ...failing, count: 8 }, 182);
  await world.run(240);
  expect(world.table()).toEqual(['08:03:00 api inactive>firing']);
  const nowUs = world.clock.nowMs() * 1_000;
  expect(await readAmendments(world.state, tenant, 2, nowUs)).toEqual([
    {
      ...{ rule: 'errors', labels: { service: 'api' }, atUs: startUs + 165e6, noticedUs: startUs + 195e6 },
      ...{ was: { holds: false, value: null }, is: { holds: true, value: 16 } },
    },
  ]);
});

test('ten thousand groups each have their state, in pages that a key can hold', async () => {
  const world = new World();
  await world.add({ ...errors, condition: ['>', ['count', { level: 'error', by: ['host'], window: '1m' }], 0] });
  for (let host = 0; host < 10_000; host++) world.send(5, { ...failing, host: `host-${host}` });
  for (let host = 0; host < 10_000; host += 2) world.send(65, { ...failing, host: `host-${host}` });
  await world.run(60);
  expect(world.told.filter(({ to }) => to === 'firing')).toHaveLength(10_000);
  expect(new Set(world.told.map(({ fingerprint }) => fingerprint)).size).toBe(10_000);
  expect((await world.state.list(ruleKeys.pagesOf(tenant))).length).toBeGreaterThan(3);
  world.restarted();
  await world.run(180);
  const ended = world.told.filter(({ to }) => to === 'resolved');
  const at = (minute: string) =>
    ended
      .filter(({ atUs }) => new Date(atUs / 1e3).toISOString().slice(11, 19) === minute)
      .map(({ labels }) => Number(labels.host!.slice(5)) % 2);
  expect([at('08:01:15').length, new Set(at('08:01:15'))]).toEqual([5_000, new Set([1])]);
  expect([at('08:02:15').length, new Set(at('08:02:15'))]).toEqual([5_000, new Set([0])]);
  expect(world.told).toHaveLength(20_000);
}, 120_000);

test('a deleted rule ends its alerts; one whose labels change ends the old and begins the new', async () => {
  const world = new World();
  await world.add(errors);
  for (let atS = 0; atS < 600; atS += 5) world.send(atS, failing);
  await world.run(90);
  await world.add({ ...errors, labels: { severity: 'page' } });
  await world.run(150);
  await world.book.remove(tenant, 'errors', 'key');
  await world.run(210);
  expect(world.told.map(({ labels, from, to, reason }) => [labels.severity ?? '', `${from}>${to}`, reason.slice(0, 22)])).toEqual([
    ['', 'inactive>firing', 'rate (level:error) ove'],
    ['page', 'inactive>firing', 'rate (level:error) ove'],
    ['page', 'firing>resolved', 'the labels of the rule'],
    ['page', 'firing>resolved', 'the rule was deleted'],
  ]);
});

test('a rule in staging is evaluated and recorded, and says of its transitions that nobody is to be told', async () => {
  const world = new World();
  await world.add({ ...errors, staging: true });
  world.send(20, { ...failing, count: 11 });
  await world.run(60);
  expect(world.told).toMatchObject([{ staging: true, to: 'firing' }]);
  expect(await readEpisodes(world.state, tenant, { limit: 10 }, world.clock.nowMs() * 1e3)).toMatchObject([
    { staging: true, state: 'firing' },
  ]);
});

test('two evaluators over one state decide nothing twice', async () => {
  const world = new World({ state: new MemoryStateStore() });
  await world.add(errors);
  for (let atS = 0; atS < 900; atS += 300) world.send(atS + 5, { ...failing, count: 11 });
  const first = world.evaluator;
  const second = world.restarted();
  for (let atS = 15; atS <= 900; atS += 15) {
    world.clock.advance(15_000);
    world.source.wholeUntilUs = world.clock.nowMs() * 1_000;
    await Promise.all([first.pass(), second.pass(), first.pass()]);
    await world.take();
  }
  expect(world.table()).toEqual(
    ['0', '5', '10'].flatMap((m) => [
      `08:${m.padStart(2, '0')}:15 api inactive>firing`,
      `08:${String(Number(m) + 1).padStart(2, '0')}:15 api firing>resolved`,
    ]),
  );
});

test('a store that does not answer makes alerts unknown, and holds nothing up for good', async () => {
  const world = new World();
  let isAway = false;
  world.wrapSource((source) => ({
    ...{
      slotUs: source.slotUs,
      read: source.read.bind(source),
      lastSeen: source.lastSeen.bind(source),
      changedSlots: source.changedSlots.bind(source),
    },
    async watermark(signal) {
      if (isAway) throw new AppError('STORE_UNAVAILABLE', 'the store thread ended');
      return source.watermark(signal);
    },
  }));
  await world.add(errors);
  for (let atS = 0; atS < 600; atS += 5) world.send(atS, failing);
  await world.run(120);
  isAway = true;
  await world.run(300);
  isAway = false;
  await world.run(345);
  expect(world.table()).toEqual(['08:01:00 api inactive>firing', '08:02:00 api firing>unknown', '08:02:00 api unknown>firing']);
});

test('history is forgotten after its days, and what fires stays', async () => {
  const world = new World();
  await world.add(errors);
  world.send(20, { ...failing, count: 11 });
  await world.run(180);
  const nowUs = () => world.clock.nowMs() * 1_000;
  expect(await readEpisodes(world.state, tenant, { limit: 10 }, nowUs())).toMatchObject([{ state: 'resolved' }]);
  world.clock.advance(31 * 86_400_000);
  for (let atS = 0; atS < 90; atS += 5) world.send(31 * 86_400 + 180 - atS, failing);
  await world.pass();
  expect(await world.state.list('alerts/history/')).toHaveLength(1);
  expect(await readEpisodes(world.state, tenant, { limit: 10 }, nowUs())).toMatchObject([{ state: 'firing' }]);
}, 60_000);

test('rules that ask for each other have so many alerts at most, and go on', async () => {
  const world = new World();
  const byHost = { ...errors, name: 'hosts', condition: ['>', ['count', { level: 'error', by: ['host'], window: '1m' }], 0] };
  await world.add(byHost);
  await world.add({ name: 'any', condition: ['rule', 'hosts'] });
  for (let host = 0; host < 3_000; host++) world.send(5, { ...failing, host: `host-${host}` });
  await world.run(180);
  const of = (rule: string, to: string) => world.told.filter((item) => item.rule === rule && item.to === to).length;
  expect([of('hosts', 'firing'), of('hosts', 'resolved'), of('any', 'firing'), of('any', 'resolved')]).toEqual([500, 500, 1, 1]);
});

test('a rule that is added sees what was before it, also where another reads the same', async () => {
  const world = new World();
  await world.add({ name: 'many', condition: ['>', ['count', { by: ['service'], window: '2m' }], 1_000] });
  for (let atS = 0; atS < 1_200; atS += 10) {
    world.send(atS, { service: 'web' });
    if (atS < 300) world.send(atS, { service: 'api' });
  }
  await world.run(900);
  await world.add({ name: 'silent', condition: ['absent', { by: ['service'], window: '2m' }] });
  await world.run(960);
  expect(world.table()).toEqual(['08:15:15 api inactive>firing']);
});
