import { expect, test } from 'vitest';
import { run, runNow, type Steps, settled } from './steps.ts';

function* sum(parts: (number | Promise<number>)[]): Steps<number> {
  let total = 0;
  for (const part of parts) {
    yield undefined;
    total += yield* settled(part);
  }
  return total;
}

test('steps that wait for nothing end at once', async () => {
  expect(runNow(sum([1, 2]))).toBe(3);
  expect(await run(sum([1, 2]))).toBe(3);
});

test('steps wait for what is promised', async () => {
  expect(await runNow(sum([1, Promise.resolve(2), 3, Promise.resolve(4)]))).toBe(10);
  expect(await run(sum([Promise.resolve(1), 2]))).toBe(3);
});

test('a promise that fails is thrown where it is waited for', async () => {
  function* guarded(): Steps<string> {
    try {
      yield* settled(Promise.reject(new Error('gone')));
      return 'kept';
    } catch (thrown) {
      return (thrown as Error).message;
    }
  }
  expect(await run(guarded())).toBe('gone');
  expect(await runNow(guarded())).toBe('gone');
  await expect(run(sum([Promise.reject(new Error('lost'))]))).rejects.toThrow('lost');
  await expect(runNow(sum([Promise.reject(new Error('lost'))]))).rejects.toThrow('lost');
});

test('the event loop runs between the slices of long work', async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  function* long(): Steps<void> {
    for (const end = performance.now() + 60; performance.now() < end; ) yield undefined;
  }
  await run(long());
  clearInterval(timer);
  expect(turns).toBeGreaterThan(0);
});
