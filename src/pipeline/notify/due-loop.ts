import type { Clock } from '../../core/clock.ts';

export type DueLoopOptions = {
  clock: Clock;
  /** What is told of a failure; the work is done again after `retryMs`. */
  onError(error: unknown): void;
  retryMs?: number;
  /** The least time between two beginnings, so that many wakes become one. */
  leastMs?: number;
};

/** The longest that a timer may be set. */
const maxTimerMs = 2_000_000_000;

/** Does a piece of work when it is woken and when the work itself says it is due again; never twice at a time, and without a timer while nothing is due. */
export class DueLoop {
  readonly #work: () => Promise<number | undefined>;
  readonly #options: Required<DueLoopOptions>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerMs = Number.POSITIVE_INFINITY;
  #running: Promise<void> | undefined;
  #isWoken = false;
  #isStopped = false;
  #begunMs = Number.NEGATIVE_INFINITY;

  /** `work` resolves to when it wants to be done again, in epoch milliseconds. */
  constructor(work: () => Promise<number | undefined>, options: DueLoopOptions) {
    this.#work = work;
    this.#options = { retryMs: 5_000, leastMs: 0, ...options };
  }

  /** Does the work now, or as soon as what is under way is over. */
  wake(): void {
    if (this.#running) this.#isWoken = true;
    else this.#at(this.#options.clock.nowMs());
  }

  /** Resolves when what is under way is over; nothing begins afterwards. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #at(dueMs: number): void {
    if (this.#isStopped || dueMs >= this.#timerMs) return;
    const { clock, leastMs } = this.#options;
    const restMs = this.#begunMs + leastMs - clock.monotonicMs();
    clearTimeout(this.#timer);
    this.#timerMs = dueMs;
    this.#timer = setTimeout(() => this.#run(), Math.min(Math.max(dueMs - clock.nowMs(), restMs, 0), maxTimerMs));
    (this.#timer as { unref?: () => void }).unref?.();
  }

  #run(): void {
    this.#timerMs = Number.POSITIVE_INFINITY;
    this.#isWoken = false;
    const { clock, onError, retryMs } = this.#options;
    this.#begunMs = clock.monotonicMs();
    this.#running = this.#work()
      .catch((error: unknown) => {
        onError(error);
        return clock.nowMs() + retryMs;
      })
      .then((nextMs) => {
        this.#running = undefined;
        if (this.#isWoken) this.#at(clock.nowMs());
        else if (nextMs !== undefined) this.#at(nextMs);
      });
  }
}
