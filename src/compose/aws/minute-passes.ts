import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../core/clock.ts';
import type { Invocation } from './function-runtime.ts';

export type MinutePasses = {
  clock: Clock;
  /** Time between two passes: a whole number of them is a minute. @default 15 s */
  everyMs?: number;
  /** How long after such a time a pass comes. */
  afterMs: number;
  pass(): Promise<void>;
};

/** Runs a pass at once and then at each of the next times, as long as the invocation has time: a schedule calls once a minute, and a quarter of that is wanted. */
export async function minutePasses({ clock, everyMs = 15_000, afterMs, pass }: MinutePasses, { deadlineMs }: Invocation): Promise<number> {
  for (let passes = 1; ; passes++) {
    await pass();
    const waitMs = everyMs - ((((clock.nowMs() - afterMs) % everyMs) + everyMs) % everyMs);
    if (passes * everyMs >= 60_000 || clock.monotonicMs() + waitMs >= deadlineMs) return passes;
    await delay(waitMs);
  }
}
