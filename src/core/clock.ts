/** Time is passed in, so that tests own it. */
export type Clock = {
  /** Epoch milliseconds. */
  nowMs(): number;
  /** Milliseconds from any fixed start; never goes back. */
  monotonicMs(): number;
};

export const systemClock: Clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };

/** A clock that stands still until told, for tests. */
export function manualClock(startMs = 0): Clock & { advance(ms: number): void; set(ms: number): void } {
  let now = startMs;
  return {
    nowMs: () => now,
    monotonicMs: () => now,
    advance: (ms) => {
      now += ms;
    },
    set: (ms) => {
      now = ms;
    },
  };
}
