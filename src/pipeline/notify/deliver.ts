import { notificationOf } from '../../alerts/routing/notice-text.ts';
import { type Backoff, backoffMs } from '../../core/backoff.ts';
import { AppError } from '../../core/errors.ts';
import type { Versioned } from '../../core/ports/state-store.ts';
import type { Channels } from './channels.ts';
import { notifyKeys } from './keys.ts';
import type { Delivery, NotifyDeps, SettledDelivery } from './types.ts';

const pause: Backoff = { baseMs: 1_000, maxMs: 300_000 };
/** About an hour, then it is a dead letter. */
export const maxAttempts = 16;
const maxRetryAfterMs = 3_600_000;
const maxAtOnce = 8;
const leaseMs = 60_000;

type Pending = { key: string } & Versioned<Delivery>;

/** Brings stored notifications to their channels: those of one group and channel one after the other, the rest side by side. */
export class Deliverer {
  readonly #deps: NotifyDeps;
  readonly #channels: Channels;
  readonly #by: string;

  /** `by` names this worker, and no other. */
  constructor(deps: NotifyDeps, channels: Channels, by: string) {
    this.#deps = deps;
    this.#channels = channels;
    this.#by = by;
  }

  /** Delivers everything that is due; resolves to when the next is, in epoch milliseconds, `undefined` when nothing is left. */
  async deliver(): Promise<number | undefined> {
    while (true) {
      const pending = await this.#deps.state.list<Delivery>(notifyKeys.pending);
      const nowMs = this.#deps.clock.nowMs();
      const heads = headsOf(pending);
      const due = heads.filter(({ value }) => this.#dueMs(value) <= nowMs);
      if (due.length === 0) return heads.length === 0 ? undefined : Math.min(...heads.map(({ value }) => this.#dueMs(value)));
      const queue = due.values();
      await Promise.all(
        Array.from({ length: Math.min(maxAtOnce, due.length) }, async () => {
          for (const one of queue) await this.#attempt(one);
        }),
      );
    }
  }

  #isOthers({ lease }: Delivery): boolean {
    return lease !== null && lease.by !== this.#by && !this.#deps.isAlone;
  }

  #dueMs(delivery: Delivery): number {
    return Math.max(delivery.nextMs, this.#isOthers(delivery) ? delivery.lease!.untilMs : 0);
  }

  async #attempt(given: Pending): Promise<void> {
    const pending = await this.#claim(given);
    if (!pending) return;
    const delivery = pending.value;
    const { state, clock, log } = this.#deps;
    try {
      const { notifier, texts } = await this.#channels.open(delivery.tenant, delivery.channel);
      await notifier.notify(notificationOf(delivery.notice, delivery.id, clock.nowMs() * 1000, texts));
    } catch (error) {
      const { detail, mayPass, retryAfterMs } = failureOf(error);
      const attempts = delivery.attempts + 1;
      const failed = { ...delivery, attempts, lastError: detail, lease: null };
      log.warn(
        { tenant: delivery.tenant, channel: delivery.channel, delivery: delivery.id, attempts, error: detail },
        'notification was not taken',
      );
      if (!mayPass || attempts >= maxAttempts) return this.#settle(pending, { ...failed, state: 'dead', settledMs: clock.nowMs() });
      const waitMs = Math.max(Math.min(retryAfterMs, maxRetryAfterMs), backoffMs(attempts - 1, pause, this.#deps.random));
      await state.compareAndSet(pending.key, pending.version, { ...failed, nextMs: clock.nowMs() + Math.ceil(waitMs) });
      return;
    }
    await this.#settle(pending, { ...delivery, attempts: delivery.attempts + 1, lease: null, state: 'sent', settledMs: clock.nowMs() });
  }

  /** Makes a delivery this worker's own, so that two do not try it at once; `undefined` when somebody else was first. */
  async #claim(pending: Pending): Promise<Pending | undefined> {
    const { clock, isAlone, state } = this.#deps;
    const { key, value, version } = pending;
    const nowMs = clock.nowMs();
    if (isAlone || (value.lease?.by === this.#by && value.lease.untilMs > nowMs + leaseMs / 2)) return pending;
    const claimed = { ...value, lease: { by: this.#by, untilMs: nowMs + leaseMs } };
    const next = await state.compareAndSet(key, version, claimed);
    return next === undefined ? undefined : { key, value: claimed, version: next };
  }

  async #settle({ key, version }: Pending, settled: SettledDelivery): Promise<void> {
    const { tenant, settledMs, id } = settled;
    const isSettled = await this.#deps.state.transact([
      { key, version, value: undefined },
      { key: notifyKeys.settledOne(tenant, settledMs, id), version: 0, value: settled },
    ]);
    // Its end is written down already: then it is only to be forgotten here.
    if (!isSettled) await this.#deps.state.compareAndSet(key, version, undefined);
  }
}

/** Of each group and channel the first: a resolved one must not overtake its alert. */
function headsOf(pending: readonly Pending[]): Pending[] {
  const heads = new Map<string, Pending>();
  for (const one of pending) {
    const { tenant, group, channel, seq, createdMs } = one.value;
    const key = `${tenant} ${group} ${channel}`;
    const head = heads.get(key);
    if (!head || createdMs < head.value.createdMs || (createdMs === head.value.createdMs && seq < head.value.seq)) heads.set(key, one);
  }
  return [...heads.values()];
}

/** What a failure means: what is not ours may pass. */
export function failureOf(thrown: unknown): { detail: string; mayPass: boolean; retryAfterMs: number } {
  if (!(thrown instanceof AppError)) return { detail: `unexpected: ${(thrown as Error).name}`, mayPass: true, retryAfterMs: 0 };
  return { detail: thrown.detail, mayPass: thrown.retryable, retryAfterMs: (thrown.more.retryAfterS ?? 0) * 1000 };
}
