import { expect, test } from 'vitest';
import { PageCache, Slot } from './page-cache.ts';

test('the cache drops what was used longest ago, and stays within its bytes', () => {
  const cache = new PageCache(30);
  const [a, b, c, d] = [new Slot<string>(), new Slot<string>(), new Slot<string>(), new Slot<string>()];
  cache.put(a, 'a', 10);
  cache.put(b, 'b', 10);
  cache.put(c, 'c', 10);
  expect(cache.get(a)).toBe('a');
  cache.put(d, 'd', 10);
  expect([a, b, c, d].map((slot) => cache.get(slot))).toEqual(['a', undefined, 'c', 'd']);
  expect(cache.bytes).toBe(30);
  expect(cache.put(b, 'large', 31)).toBe('large');
  expect([a, b, c, d].map((slot) => cache.get(slot))).toEqual([undefined, undefined, undefined, undefined]);
  expect(cache.bytes).toBe(0);
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
