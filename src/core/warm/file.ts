/** What a head says of a file: what prunes it before it is opened. Times are epoch microseconds, both ends inclusive. */
export type FileInfo = {
  rows: number;
  bytes: number;
  minTimestamp: number;
  maxTimestamp: number;
  minObserved: number;
  maxObserved: number;
};

/**
 * A file that its head lists no more. `seenMs` is when a collector first saw that (epoch milliseconds), not when somebody meant to condemn it,
 * which may have been long before it came to pass. It is deleted once every reader that began before `seenMs` has ended.
 */
export type Condemned = { name: string; seenMs?: number };

/** Keeps of a richer description only what a head holds. */
export function fileInfoOf({ rows, bytes, minTimestamp, maxTimestamp, minObserved, maxObserved }: FileInfo): FileInfo {
  return { rows, bytes, minTimestamp, maxTimestamp, minObserved, maxObserved };
}

export const hourUs = 3_600_000_000;
export const dayUs = 24 * hourUs;

/** The UTC day of a time in epoch microseconds, as `2026-11-21`. */
export const dayOf = (timeUs: number): string => new Date(Math.floor(timeUs / 1000)).toISOString().slice(0, 10);

/** Where a day begins, epoch microseconds. */
export const dayStartUs = (day: string): number => Date.parse(`${day}T00:00:00Z`) * 1000;
