import { expect, test } from 'vitest';
import { PageCache, Slot } from './page-cache.ts';

test('the cache drops what was used once and longest ago, and stays within its bytes', () => {
  const cache = new PageCache(30);
  const [a, b, c, d] = [new Slot<string>(), new Slot<string>(), new Slot<string>(), new Slot<string>()];
  cache.put(a, 'a', 10);
  cache.put(b, 'b', 10);
  cache.put(c, 'c', 10);
  expect(cache.get(a)).toBe('a');
  cache.put(d, 'd', 10);
  expect([a, b, c, d].map(({ value }) => value)).toEqual(['a', undefined, 'c', 'd']);
  expect(cache.bytes).toBe(30);
  expect(cache.put(b, 'large', 31)).toBe('large');
  expect([b, c, d].map(({ value }) => value)).toEqual([undefined, undefined, undefined]);
  expect(cache.bytes).toBeLessThanOrEqual(30);
});

test('what was used twice outlives a scan of more than the cache holds, until other pages are used twice', () => {
  const cache = new PageCache(400);
  const slots = Array.from({ length: 100 }, () => new Slot<number>());
  const used = (slot: Slot<number>) => cache.get(slot) ?? cache.put(slot, 1, 10);
  const kept = (from: number, to: number) => slots.slice(from, to).filter(({ value }) => value !== undefined).length;
  for (const slot of [...slots.slice(0, 20), ...slots.slice(0, 20)]) used(slot);
  for (const slot of slots.slice(20)) used(slot);
  expect(kept(0, 20)).toBe(20);
  expect(cache.bytes).toBe(400);
  for (const slot of slots.slice(20)) for (let times = 0; times < 2; times++) used(slot);
  expect(kept(0, 20)).toBe(0);
  expect(cache.bytes).toBe(400);
});

test('what is dropped or put anew is counted once', () => {
  const cache = new PageCache();
  const slot = new Slot<string>();
  cache.put(slot, 'a', 10);
  cache.put(slot, 'b', 20);
  expect(cache.bytes).toBe(20);
  cache.drop(slot);
  cache.drop(slot);
  cache.put(slot, 'c', 5);
  cache.clear();
  expect([cache.get(slot), cache.bytes]).toEqual([undefined, 0]);
});
