import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/ports/log.ts';
import { systemTenant } from '../../core/tenant.ts';
import type { Accept } from '../../pipeline/accept/accept.ts';
import type { StoreApi } from '../../pipeline/store-api.ts';

/** How long a canary may take until it can be found. */
const limitMs = 30_000;

export type CanaryState = { sentMs: number | undefined; foundMs: number | undefined; lagMs: number | undefined; missed: number };

/** Sends a record of the system tenant the whole way at every interval, and notes how long it took until it could be found. */
export class Canary {
  readonly state: CanaryState = { sentMs: undefined, foundMs: undefined, lagMs: undefined, missed: 0 };
  readonly #deps: { accept: Accept; store: StoreApi; clock: Clock; log: Log };
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: { accept: Accept; store: StoreApi; clock: Clock; log: Log }) {
    this.#deps = deps;
  }

  start(everyMs: number): void {
    this.#timer = setInterval(() => void this.send(), everyMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Sends one and waits for it. */
  async send(): Promise<void> {
    const { accept, store, clock, log } = this.#deps;
    const sentMs = clock.nowMs();
    this.state.sentMs = sentMs;
    try {
      const { receipt } = await accept({
        tenant: systemTenant,
        keyId: systemTenant,
        requestId: `canary-${sentMs}`,
        contentType: 'application/json',
        contentEncoding: undefined,
        contentLength: undefined,
        body: Buffer.from(JSON.stringify({ message: 'canary', service: 'logdrive', attributes: { sent_ms: sentMs } })),
        idempotencyKey: undefined,
        defaults: {},
      });
      const status = receipt && (await store.waitFor(receipt, 'hot', limitMs));
      if (status?.hot.in_flight !== 0) throw new Error(`not found within ${limitMs / 1_000} s`);
      this.state.foundMs = clock.nowMs();
      this.state.lagMs = this.state.foundMs - sentMs;
      this.state.missed = 0;
    } catch (error) {
      this.state.missed++;
      log.warn({ missed: this.state.missed, error }, 'canary missing');
    }
  }
}
