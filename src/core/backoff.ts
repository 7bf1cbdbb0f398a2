/** Pauses between attempts: doubled from `baseMs` on, `maxMs` at most. */
export type Backoff = { baseMs: number; maxMs: number };

/**
 * The pause before another attempt, in milliseconds; `attempt` counts from 0. A random share of the whole pause, so that those who failed together
 * do not come back together. https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export const backoffMs = (attempt: number, { baseMs, maxMs }: Backoff, random: () => number = Math.random): number =>
  random() * Math.min(maxMs, baseMs * 2 ** attempt);
