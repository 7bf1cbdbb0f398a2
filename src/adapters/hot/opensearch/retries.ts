import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../../core/clock.ts';
import { AppError } from '../../../core/errors.ts';

export type RetryOptions = {
  /** How long one call may wait and try again in all. */
  budgetMs: number;
  /** The first pause is at most this, each later one at most twice the one before. */
  firstMs: number;
  maxMs: number;
};

/** Pauses between attempts: exponential, with full jitter. https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ */
export class Retries {
  readonly #options: RetryOptions;
  readonly #clock: Clock;
  /** Pauses made so far. */
  count = 0;

  constructor(options: RetryOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** Begins a budget. `wait` resolves when it is time to try again. @throws what failed, once the budget would be used up */
  start(): { wait(failure: unknown): Promise<void> } {
    const { budgetMs, firstMs, maxMs } = this.#options;
    const untilMs = this.#clock.monotonicMs() + budgetMs;
    let boundMs = firstMs;
    return {
      wait: async (failure) => {
        if (!(failure instanceof AppError) || !failure.retryable) throw failure;
        const pauseMs = Math.random() * Math.min(boundMs, maxMs);
        if (this.#clock.monotonicMs() + pauseMs > untilMs) throw failure;
        boundMs *= 2;
        this.count++;
        await sleep(pauseMs);
      },
    };
  }
}
