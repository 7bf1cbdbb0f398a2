import { expect, test } from 'vitest';
import { MemoryStateStore } from '../../src/adapters/state/memory/memory-state-store.ts';
import type { StateStore } from '../../src/core/ports/state-store.ts';
import { Killer, watchPages } from './killer.ts';
import { startMs, startUs, World } from './world.ts';

const rules = [
  { name: 'errors', for: '30s', condition: ['>', ['count', { level: 'error', by: ['service'], window: '1m' }], 3] },
  { name: 'slow', condition: ['>', ['percentile', { field: 'ms', percent: 90, window: '1m' }], 500] },
  { name: 'silent', condition: ['absent', { by: ['service'], window: '2m' }] },
  { name: 'both', condition: ['and', ['rule', 'errors'], ['rule', 'slow']] },
];
const stepS = 15;
const firstS = 20 * 60;
const pauseS = 3_600;
const lastS = firstS + pauseS + 10 * 60;

/** Errors come and go, a service falls silent, some calls are slow: also while the evaluator does not run. */
function sendSlot(world: World, atS: number): void {
  const phase = Math.floor(atS / 90) % 2;
  for (const service of ['api', 'web']) {
    if (service === 'web' && Math.floor(atS / 400) % 2 === 1) continue;
    world.send(atS + 1, { service, attributes: { ms: phase === 0 ? 20 : 900 } });
    if (phase === 1) world.send(atS + 2, { service, level: 'error', severity: 17, count: 3 });
  }
}

async function run(
  killer: Killer | undefined,
  state: StateStore,
): Promise<{ world: World; moves: ReturnType<typeof watchPages>['moves'] }> {
  const watched = watchPages(state);
  const world = new World({ state: killer ? killer.wrap(watched.state) : watched.state });
  if (killer) world.wrapSource((source) => killer.wrap(source));
  for (const rule of rules) await world.add(rule);
  for (let atS = 0; atS < lastS; atS += stepS) {
    sendSlot(world, atS);
    world.clock.set(startMs + (atS + stepS) * 1_000);
    if (atS >= firstS && atS < firstS + pauseS) continue;
    if (killer) await passWithKills(world, killer);
    else await world.pass();
  }
  return { world, moves: watched.moves };
}

/** Dies between every two steps of a pass, each time with nothing left in memory, until one comes through. */
async function passWithKills(world: World, killer: Killer): Promise<void> {
  for (let step = 1; ; step++) {
    killer.arm(step);
    const before = killer.kills;
    await world.pass().catch(() => {});
    killer.disarm();
    if (killer.kills === before) return;
    world.restarted();
  }
}

/** Windows that were not evaluated once: each page must move on from where it stood, and to the end. */
function gaps(moves: { fromUs: number | undefined; toUs: number }[]): string[] {
  let atUs = startUs;
  const found: string[] = [];
  for (const { fromUs, toUs } of moves) {
    if ((fromUs ?? startUs) !== atUs) found.push(`from ${fromUs} where ${atUs} was done`);
    if (toUs < atUs) found.push(`back to ${toUs}`);
    atUs = toUs;
  }
  const expectedUs = startUs + (lastS - stepS) * 1e6;
  return atUs === expectedUs ? found : [...found, `ends at ${(atUs - startUs) / 1e6} s, not at ${(expectedUs - startUs) / 1e6} s`];
}

const eventsOf = (world: World) => world.told.map(({ episode, from, to, atUs, value }) => `${atUs} ${episode} ${from}>${to} ${value}`);

test('over 1,000 kills between every two steps, and a pause of an hour, each window is evaluated once and what is told is the same', async () => {
  const plain = await run(undefined, new MemoryStateStore());
  expect(gaps(plain.moves)).toEqual([]);
  expect(plain.world.told.length).toBeGreaterThan(100);

  const killer = new Killer();
  const killed = await run(killer, new MemoryStateStore());
  expect(killer.kills).toBeGreaterThan(1_000);
  expect(gaps(killed.moves)).toEqual([]);
  // One page at a time: what is told is in the same order too.
  expect(eventsOf(killed.world)).toEqual(eventsOf(plain.world));
}, 120_000);

test('the check sees a store that writes the page before the outbox, and dies in between', async () => {
  const killer = new Killer();
  class Torn extends MemoryStateStore {
    override async transact(writes: Parameters<StateStore['transact']>[0]): Promise<boolean> {
      for (const { key, version, value } of writes) {
        if ((await this.compareAndSet(key, version, value)) === undefined) return false;
        killer.step();
      }
      return true;
    }
  }
  const plain = await run(undefined, new MemoryStateStore());
  const torn = await run(killer, new Torn());
  expect(eventsOf(torn.world)).not.toEqual(eventsOf(plain.world));
}, 120_000);
