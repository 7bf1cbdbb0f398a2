import { expect, test } from 'vitest';
import { MemoryStateStore } from '../../adapters/state/memory/memory-state-store.ts';
import type { Intervals } from '../../core/intervals.ts';
import { noteOldestOpen } from './oldest-open.ts';

const minuteMs = 60_000;

async function closeIn(state: MemoryStateStore, sink: 'hot' | 'warm', closed: Intervals): Promise<void> {
  const key = `${sink}/partition/1/0`;
  await state.compareAndSet(key, (await state.get(key))?.version ?? 0, { closed });
}
const note = (state: MemoryStateStore, minute: number, end: number) =>
  noteOldestOpen(state, { generation: 1, ranges: [{ partition: 0, start: 0, end }], sinks: ['hot', 'warm'], nowMs: minute * minuteMs });

test('nothing is open in an empty log, and nothing where both sinks have closed everything', async () => {
  const state = new MemoryStateStore();
  expect(await note(state, 1, 0)).toBe(0);
  await closeIn(state, 'hot', [[0, 10]]);
  await closeIn(state, 'warm', [[0, 10]]);
  expect(await note(state, 2, 10)).toBe(0);
});

test('the oldest open offset is as old as the first minute that saw it, in whichever sink it is open', async () => {
  const state = new MemoryStateStore();
  for (let minute = 1; minute <= 10; minute++) {
    await closeIn(state, 'hot', [[0, minute * 100]]);
    // The warm sink stops at minute 4.
    await closeIn(state, 'warm', [[0, Math.min(minute, 4) * 100]]);
    expect(await note(state, minute, minute * 100)).toBe(Math.max(0, minute - 5) * 60);
  }
  await closeIn(state, 'warm', [[0, 700]]);
  expect(await note(state, 11, 1_000)).toBe(3 * 60);
  await closeIn(state, 'warm', [[0, 1_000]]);
  expect(await note(state, 12, 1_000)).toBe(0);
});

test('a day without any progress is still known, and takes little room', async () => {
  const state = new MemoryStateStore();
  await closeIn(state, 'hot', [[0, 5]]);
  let oldest = 0;
  for (let minute = 1; minute <= 1_440; minute++) oldest = await note(state, minute, minute * 10);
  expect(oldest).toBe(1_439 * 60);
  expect(JSON.stringify((await state.get('canary/ends/1'))!.value).length).toBeLessThan(2_000);
});
