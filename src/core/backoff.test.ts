import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

test('pauses double up to a bound, and are a random share of it', () => {
  const bounds = { baseMs: 10, maxMs: 100 };
  expect([0, 1, 2, 3, 4, 50].map((attempt) => backoffMs(attempt, bounds, () => 1))).toEqual([10, 20, 40, 80, 100, 100]);
  expect(backoffMs(1, bounds, () => 0.25)).toBe(5);
});
