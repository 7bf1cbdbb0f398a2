import { expect, test, vi } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { DueLoop } from './due-loop.ts';

const patience = { timeout: 10_000 };

test('the work is done when it is woken, again when it says so, and never twice at a time', async () => {
  let runs = 0;
  let inside = 0;
  let most = 0;
  const loop = new DueLoop(
    async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
      return ++runs < 3 ? systemClock.nowMs() + 5 : undefined;
    },
    { clock: systemClock, onError: () => {} },
  );
  loop.wake();
  loop.wake();
  await vi.waitUntil(() => runs === 3, patience);
  loop.wake();
  await vi.waitUntil(() => runs === 4, patience);
  await loop.stop();
  loop.wake();
  expect([runs, most, inside]).toEqual([4, 1, 0]);
});

test('a wake during the work is another run after it, and a failure is tried again', async () => {
  let runs = 0;
  const errors: unknown[] = [];
  const loop: DueLoop = new DueLoop(
    async () => {
      runs++;
      if (runs === 1) loop.wake();
      if (runs === 2) throw new Error('broken');
      return undefined;
    },
    { clock: systemClock, onError: (error) => errors.push(error), retryMs: 5 },
  );
  loop.wake();
  await vi.waitUntil(() => runs === 3, patience);
  await loop.stop();
  expect(errors).toHaveLength(1);
});
