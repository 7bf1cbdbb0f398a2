import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/ports/log.ts';
import { DueLoop } from './due-loop.ts';
import type { Notify } from './notify.ts';

const pruneEveryMs = 3_600_000;

/** Keeps notify going in a process that lives: it sleeps until something is due or somebody wakes it. */
export type NotifyLoop = {
  /** There may be something in the outbox, or what was set has changed. */
  wake(): void;
  /** When the last pass ended well, in epoch milliseconds. */
  lastMs(): number | undefined;
  stop(): Promise<void>;
};

/** Starts the loop. `pollMs`: looks at the outbox as often, where others leave transitions there without waking this process. */
export function startNotifyLoop(notify: Notify, { clock, log, pollMs }: { clock: Clock; log: Log; pollMs?: number }): NotifyLoop {
  const onError = (error: unknown) => log.error({ error }, 'notify failed and will go on');
  let prunedMs = clock.nowMs();
  let lastMs: number | undefined;
  const delivery = new DueLoop(() => notify.deliver(), { clock, onError });
  const decision = new DueLoop(
    async () => {
      const { planned } = await notify.decide();
      if (planned > 0) delivery.wake();
      lastMs = clock.nowMs();
      if (lastMs - prunedMs > pruneEveryMs) {
        prunedMs = lastMs;
        await notify.prune();
      }
      const nextMs = await notify.nextDecisionMs();
      return pollMs === undefined ? nextMs : Math.min(nextMs ?? Number.POSITIVE_INFINITY, lastMs + pollMs);
    },
    { clock, onError, leastMs: 200 },
  );
  decision.wake();
  delivery.wake();
  return {
    wake: () => {
      decision.wake();
      delivery.wake();
    },
    lastMs: () => lastMs,
    async stop() {
      await decision.stop();
      await delivery.stop();
      await notify.close();
    },
  };
}
