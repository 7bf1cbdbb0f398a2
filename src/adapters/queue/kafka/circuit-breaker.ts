import type { Clock } from '../../../core/clock.ts';

export type BreakerState = 'closed' | 'open' | 'half-open';

export type BreakerOptions = { clock: Pick<Clock, 'monotonicMs'>; failures: number; openMs: number };

/**
 * Spares what does not answer: after `failures` in a row it is open, and nothing is tried for `openMs`; then, half-open, one attempt decides.
 */
export class CircuitBreaker {
  readonly #options: BreakerOptions;
  #inARow = 0;
  #openedAtMs: number | undefined;
  #isProbing = false;
  /** How often it has opened. */
  opened = 0;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  get state(): BreakerState {
    if (this.#openedAtMs === undefined) return 'closed';
    return this.#leftMs() > 0 ? 'open' : 'half-open';
  }

  /** Tells whether something may be tried now; where half-open only the first who asks may. */
  enter(): boolean {
    if (this.state === 'closed') return true;
    if (this.state === 'open' || this.#isProbing) return false;
    this.#isProbing = true;
    return true;
  }

  /** Seconds after which asking again makes sense; at least 1. */
  get retryAfterS(): number {
    return Math.max(1, Math.ceil(this.#leftMs() / 1000));
  }

  succeeded(): void {
    this.#inARow = 0;
    this.#openedAtMs = undefined;
    this.#isProbing = false;
  }

  failed(): void {
    this.#inARow++;
    if (this.state === 'closed' && this.#inARow < this.#options.failures) return;
    if (this.state === 'closed') this.opened++;
    this.#openedAtMs = this.#options.clock.monotonicMs();
    this.#isProbing = false;
  }

  #leftMs(): number {
    return this.#openedAtMs === undefined ? 0 : this.#openedAtMs + this.#options.openMs - this.#options.clock.monotonicMs();
  }
}
