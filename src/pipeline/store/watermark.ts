import type { Clock } from '../../core/clock.ts';

/** What one request may overtake another by between being observed and being durable, in microseconds; requests under way are not seen otherwise. */
export const takeInUs = 1_000_000;

/**
 * Tells how far a store has everything that was observed: the least over its partitions of when their first unread record was observed, now where
 * all is read; less `takeInUs`. Never goes back.
 */
export function createWatermark(partitions: readonly { readonly unreadUs: number | undefined }[], clock: Clock): () => number {
  let reached = 0;
  return () => {
    const now = clock.nowMs() * 1_000;
    const open = partitions.flatMap(({ unreadUs }) => (unreadUs === undefined ? [] : [unreadUs]));
    reached = Math.max(reached, Math.min(now, ...open) - takeInUs);
    return reached;
  };
}
