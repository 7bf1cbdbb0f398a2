import { expect, test } from 'vitest';
import { MemoryStateStore } from '../../src/adapters/state/memory/memory-state-store.ts';
import { outboxPrefix } from '../../src/alerts/transition.ts';
import { manualClock } from '../../src/core/clock.ts';
import { notifyKeys } from '../../src/pipeline/notify/keys.ts';
import { Killed, mortalStore, Steps } from './crash.ts';
import { openNotify } from './open-notify.ts';
import { transition } from './transitions.ts';

const config = {
  route: { receiver: 'both', group_by: ['n'], group_wait: '5s', group_interval: '20s', repeat_interval: '60s' },
  receivers: [{ name: 'both', channels: ['a', 'b'] }],
};
/** How many stories are killed at each step; the suite takes a part of them, `LOGDRIVE_KILLS=1000` all. */
const killsPerStep = Number(process.env.LOGDRIVE_KILLS ?? 3);

type Story = { told: Map<string, string[]>; steps: number; kills: number };

/**
 * Lives through one story of alerts that come, change and go. The process dies at the given step and a new one goes on, which dies as well, at a step that `seed` decides:
 * so many lives.
 */
async function live(killAt: number, lives: number, seed = 0, plant?: 'torn-transaction'): Promise<Story> {
  let random = seed;
  const inner = new MemoryStateStore();
  const clock = manualClock(1e12);
  const steps = new Steps();
  /** A receiver that knows what it was told already by the dedup key. */
  const told = new Map<string, string[]>();
  const open = () =>
    openNotify(config, {
      state: mortalStore(inner, steps, plant),
      clock,
      take: ({ channel, notification }) => {
        steps.point();
        const alerts = notification.group!.alerts.map(({ labels, status }) => `${channel} ${labels.n} ${status}`);
        const known = told.get(notification.dedupKey);
        if (known) expect(known).toEqual(alerts);
        told.set(notification.dedupKey, alerts);
        steps.point();
      },
    });
  const outbox = openNotify(config, { state: inner, clock });
  let host = open();
  let kills = 0;
  steps.killAt = killAt;
  const pass = async () => {
    while (true) {
      try {
        await host.notify.pass();
        return;
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
        kills++;
        steps.count = 0;
        random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
        steps.killAt = kills < lives ? 1 + ((random >>> 8) % 60) : Number.POSITIVE_INFINITY;
        host = open();
      }
    }
  };
  for (let second = 0; second <= 120; second += 5) {
    if (second === 0) await outbox.leave(transition('r', { n: 'x' }, 'firing'), transition('r', { n: 'y' }, 'firing'));
    if (second === 30)
      await outbox.leave(transition('r', { n: 'x' }, 'resolved', { at: 30 }), transition('r', { n: 'z' }, 'firing', { at: 30 }));
    await pass();
    clock.advance(5_000);
  }
  expect(await inner.list(outboxPrefix)).toEqual([]);
  expect(await inner.list(notifyKeys.pending)).toEqual([]);
  return { told, steps: steps.count, kills };
}

const inOrder = (told: Story['told']): string[] => [...told.values()].flat().sort();

test('killed between any two steps, nothing is missed and each dedup key is one notification', { timeout: 600_000 }, async () => {
  const calm = await live(Number.POSITIVE_INFINITY, 0);
  expect(calm.steps).toBeGreaterThan(40);
  expect(inOrder(calm.told)).toContain('a x firing');
  let kills = 0;
  for (let killAt = 1; killAt <= calm.steps; killAt++) {
    for (let story = 0; story < killsPerStep; story++) {
      const { told, kills: of } = await live(killAt, 1 + (story % 5), story);
      kills += of;
      expect(inOrder(told), `killed at step ${killAt}, story ${story}`).toEqual(inOrder(calm.told));
    }
  }
  expect(kills).toBeGreaterThan(calm.steps);
  if (killsPerStep > 10) process.stderr.write(`${kills} kills over ${calm.steps} steps, ${calm.told.size} dedup keys each time\n`);
});

test('a transaction that is none is found out', async () => {
  const calm = await live(Number.POSITIVE_INFINITY, 0);
  const differences: number[] = [];
  for (let killAt = 1; killAt <= 20; killAt++) {
    const found = await live(killAt, 1, 0, 'torn-transaction').then(
      ({ told }) => inOrder(told).join() !== inOrder(calm.told).join(),
      () => true,
    );
    if (found) differences.push(killAt);
  }
  expect(differences.length).toBeGreaterThan(0);
});
