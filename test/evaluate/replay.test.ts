import { expect, test } from 'vitest';
import { fillStore, replay, spelt } from './replay.ts';

// The same over 30 days and a million records: node bench/backtest.ts.
test('a backtest lists, transition for transition, what the live evaluator did as time passed', async () => {
  const fromUs = Date.parse('2026-11-20T00:00:00Z') * 1_000;
  const toUs = fromUs + 12 * 3_600e6;
  const stores = await fillStore(20_000, fromUs, toUs);
  const { live, tried } = await replay(stores, fromUs, toUs, 60e6);
  expect(live.length).toBeGreaterThan(50);
  expect(new Set(live.map(({ rule }) => rule)).size).toBe(5);
  expect(spelt(tried)).toEqual(spelt(live));
}, 120_000);
