import { expect, test, vi } from 'vitest';
import { MemoryStateStore } from '../../src/adapters/state/memory/memory-state-store.ts';
import { outboxPrefix } from '../../src/alerts/transition.ts';
import { manualClock, systemClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import { startHeartbeats, whyDead } from '../../src/pipeline/notify/heartbeats.ts';
import { ruleKeys } from '../../src/pipeline/rules/keys.ts';
import { transition } from './transitions.ts';

const startMs = 1e12;
const open = () => ({ state: new MemoryStateStore(), clock: manualClock(startMs + 600_000) });

test('alerting without rules is alive; with rules, an evaluator that has stood still is dead', async () => {
  const { state, clock } = open();
  const why = (evaluatedMs: number | undefined) => whyDead({ state, clock, evaluatedMs: () => evaluatedMs }, startMs);
  expect(await why(undefined)).toBeUndefined();
  await state.compareAndSet(ruleKeys.revision, 0, 1);
  expect(await why(undefined)).toContain('the evaluator of rules');
  expect(await why(clock.nowMs() - 15_000)).toBeUndefined();
  expect(await why(clock.nowMs() - 300_000)).toContain('the evaluator of rules');
});

test('transitions that nobody takes over are a dead end, fresh ones are not', async () => {
  const { state, clock } = open();
  const why = () => whyDead({ state, clock, evaluatedMs: () => clock.nowMs() }, startMs);
  const leave = (key: string, atMs: number) =>
    state.compareAndSet(`${outboxPrefix}${key}`, 0, { transitions: [transition('r', {}, 'firing', { at: atMs / 1000 })] });
  await leave('fresh', clock.nowMs() - 30_000);
  expect(await why()).toBeUndefined();
  await leave('old', clock.nowMs() - 400_000);
  expect(await why()).toContain('not being taken over');
});

test('of two hosts over one store, one pings in each interval', async () => {
  const state = new MemoryStateStore();
  let pings = 0;
  const start = () =>
    startHeartbeats({
      ...{ state, clock: systemClock, log: silentLog, evaluatedMs: () => systemClock.nowMs() },
      heartbeats: [{ name: 'watcher', everyMs: 3_600_000, ping: async () => void pings++ }],
    });
  const hosts = [start(), start()];
  await vi.waitUntil(() => pings > 0, { timeout: 10_000 });
  await Promise.all(hosts.map((host) => host.stop()));
  expect(pings).toBe(1);
});
