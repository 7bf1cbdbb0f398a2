import { expect, test } from 'vitest';
import { MemoryStateStore } from '../../adapters/state/memory/memory-state-store.ts';
import { noteExtents, readExtents } from './log-extents.ts';

const clockAt = (ms: number) => ({ nowMs: () => ms, monotonicMs: () => ms });
const queueOf = (end: number, { start = 0, generation = 1 } = {}) => ({
  generation,
  ranges: async () => [{ partition: 0, start, end }],
  holes: async () => [],
});

test('what was noted is read by those that carry no Kafka', async () => {
  const state = new MemoryStateStore();
  await noteExtents(state, queueOf(90, { start: 10 }), clockAt(1));
  const extents = readExtents(state, clockAt(2));
  expect(await extents.ranges()).toEqual([{ partition: 0, start: 10, end: 90 }]);
  expect(await extents.of(1, 0)).toEqual({ start: 10, end: Number.MAX_SAFE_INTEGER, holes: [] });
});

test('nothing is known of what nobody noted: another generation, another partition, a new table', async () => {
  const state = new MemoryStateStore();
  const unknown = { start: 0, end: Number.MAX_SAFE_INTEGER, holes: [] };
  expect(await readExtents(state, clockAt(1)).of(1, 0)).toEqual(unknown);
  await noteExtents(state, queueOf(90, { start: 10 }), clockAt(1));
  const extents = readExtents(state, clockAt(2));
  expect(await extents.of(2, 0)).toEqual(unknown);
  expect(await extents.of(1, 7)).toEqual(unknown);
});

test('a note that comes late changes nothing back, and says nothing of a lost log', async () => {
  const state = new MemoryStateStore();
  await noteExtents(state, queueOf(200), clockAt(20));
  await noteExtents(state, queueOf(100), clockAt(10));
  expect(await readExtents(state, clockAt(30)).ranges()).toEqual([{ partition: 0, start: 0, end: 200 }]);
  expect((await readExtents(state, clockAt(30)).of(1, 0)).end).toBe(Number.MAX_SAFE_INTEGER);
});

test('a log that ends before its end was lost: the sinks are told, until a new generation is opened', async () => {
  const state = new MemoryStateStore();
  await noteExtents(state, queueOf(200), clockAt(10));
  await noteExtents(state, queueOf(3), clockAt(20));
  expect((await readExtents(state, clockAt(30)).of(1, 0)).end).toBe(3);
  await noteExtents(state, queueOf(300), clockAt(40));
  expect((await readExtents(state, clockAt(50)).of(1, 0)).end).toBe(300);
  await noteExtents(state, queueOf(5, { generation: 2 }), clockAt(60));
  expect((await readExtents(state, clockAt(70)).of(2, 0)).end).toBe(Number.MAX_SAFE_INTEGER);
});
