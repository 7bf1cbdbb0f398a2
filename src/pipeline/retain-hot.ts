import type { Clock } from '../core/clock.ts';
import { leaveDays } from '../core/hot/leave-days.ts';
import type { Log } from '../core/ports/log.ts';
import { dayOf, dayUs } from '../core/warm/file.ts';
import { listedPartitions } from '../core/warm/heads.ts';
import type { HotDays } from '../query/ports/hot-days.ts';
import type { StepRunner } from './run-steps.ts';

export type HotRetentionDeps = {
  runner: StepRunner;
  days: HotDays;
  /** The queue's: a partition that no consumer has come to yet holds nothing, and must not bring what is older later. */
  generation: number;
  partitions: number;
  /** How many whole observed days are kept before today. */
  hotDays: number;
  /** Longer than any query runs: a day that no head holds any more is kept for so long. */
  graceMs?: number;
  clock: Clock;
  log: Log;
};

/** Ends what the hot store has held long enough, by the day on which it was observed. */
export type HotRetention = {
  /**
   * One pass: the heads let go of days that are too old and archived, and the store's days that they let go of before the grace are deleted.
   * To be called again, at least twice a day. Resolves to the days deleted, of all cells. @throws AppError STORE_UNAVAILABLE
   */
  run(): Promise<number>;
};

const defaultGraceMs = 900_000;

export function createHotRetention(deps: HotRetentionDeps): HotRetention {
  const { runner, days, generation, partitions, hotDays, graceMs = defaultGraceMs, clock, log } = deps;

  async function allPartitions(): Promise<[number, number][]> {
    const listed = await runner.run(listedPartitions('hot'));
    const present = Array.from({ length: partitions }, (_, partition): [number, number] => [generation, partition]);
    const isListed = ([g, p]: [number, number]) => listed.some((item) => item[0] === g && item[1] === p);
    return [...listed, ...present.filter((item) => !isListed(item))];
  }

  return {
    async run() {
      const floor = dayOf(clock.nowMs() * 1_000 - hotDays * dayUs);
      const ages = { nowMs: () => clock.nowMs(), oldestReaderMs: () => clock.nowMs() - graceMs };
      const due = await runner.run(leaveDays(await allPartitions(), floor, ages));
      if (due === undefined) return 0;
      let dropped = 0;
      for (const { cell, day } of await days.days()) {
        if (day >= due || !(await days.dropDay(cell, day))) continue;
        dropped++;
        log.info({ cell, day }, 'day dropped from the hot store');
      }
      return dropped;
    },
  };
}
