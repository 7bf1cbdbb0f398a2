import { expect, test } from 'vitest';
import { run, type Steps } from '../../columnar/steps.ts';
import { Foreground } from './foreground.ts';

function* slices(count: number, sliceMs: number): Steps<number> {
  for (let i = 0; i < count; i++) {
    for (const end = performance.now() + sliceMs; performance.now() < end; );
    yield undefined;
  }
  return count;
}

test('background work stands still while somebody waits, and goes on when he has his answer', async () => {
  const foreground = new Foreground();
  const answer = Promise.withResolvers<void>();
  const order: string[] = [];
  const asked = foreground.run(() => answer.promise).then(() => order.push('answer'));
  const merged = run(slices(2, 5), { ...foreground.background, sliceMs: 0 }).then(() => order.push('merge'));
  await new Promise((resolve) => setImmediate(resolve));
  answer.resolve();
  await Promise.all([asked, merged]);
  expect(order).toEqual(['answer', 'merge']);
});

test('background work goes on though the foreground never rests', async () => {
  const foreground = new Foreground();
  const never = foreground.run(() => new Promise<void>(() => {}));
  expect(await run(slices(3, 3), foreground.background)).toBe(3);
  void never;
});
