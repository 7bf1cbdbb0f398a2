import type { Clock } from '../../core/clock.ts';
import { takeInUs } from '../store/watermark.ts';

/**
 * Tells how far sinks have everything that was observed, where nothing is known of open records but that there are some: the last time at which
 * there were none, less `takeInUs`. It stands at 0 until that has been seen once.
 */
export function createQuietWatermark(hasOpen: () => Promise<boolean>, clock: Clock): () => Promise<number> {
  let reached = 0;
  return async () => {
    const now = clock.nowMs() * 1_000;
    if (!(await hasOpen())) reached = Math.max(reached, now - takeInUs);
    return reached;
  };
}
