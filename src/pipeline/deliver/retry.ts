import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import type { Budget } from './types.ts';

const waitsMs = [100, 300, 1_000, 3_000, 10_000];

/** Whether the same delivery may pass later: our own errors say so. Anything else is a fault of the record or of the program. */
export const mayPassLater = (thrown: unknown): thrown is AppError =>
  thrown instanceof AppError && thrown.retryable && thrown.code !== 'INTERNAL' && thrown.code !== 'QUEUE_REWOUND';

/**
 * Does something again, after ever longer waits, as long as it fails with what may pass and time is left; then throws the last error. What does
 * not answer in time is left alone. `retried` is called before each further attempt.
 */
export async function tryUntil<T>(
  clock: Clock,
  { deadlineMs }: Budget,
  what: string,
  attempt: () => Promise<T>,
  retried: () => void,
): Promise<T> {
  for (let n = 0; ; n++) {
    try {
      return await withinTime(clock, deadlineMs, what, attempt);
    } catch (error) {
      const waitMs = waitsMs[Math.min(n, waitsMs.length - 1)]!;
      if (!mayPassLater(error) || clock.monotonicMs() + waitMs >= deadlineMs) throw error;
      await sleep(waitMs);
      retried();
    }
  }
}

/** What every delivery may take at the least, however late it is: so that what is whole can be committed. */
const leastMs = 1_000;

async function withinTime<T>(clock: Clock, deadlineMs: number, what: string, attempt: () => Promise<T>): Promise<T> {
  const late = new AbortController();
  const leftMs = Math.min(Math.max(deadlineMs - clock.monotonicMs(), leastMs), 2 ** 31 - 1);
  const timeout = sleep(leftMs, undefined, { signal: late.signal }).then(
    () => Promise.reject(new AppError('STORE_UNAVAILABLE', `${what} did not end in time`)),
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([attempt(), timeout]);
  } finally {
    late.abort();
  }
}
