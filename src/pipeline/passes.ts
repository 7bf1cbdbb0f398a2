import type { Clock } from '../core/clock.ts';
import type { Compactor } from './compact.ts';
import type { Budget } from './deliver/types.ts';
import { type Derivation, type DeriveDeps, derive } from './derive.ts';
import type { MergeCounts } from './merge-files.ts';
import type { Retention } from './retain.ts';
import type { HotRetention } from './retain-hot.ts';

export type PassesDeps = Omit<DeriveDeps, 'mayGoOn'> & {
  compactor: Compactor;
  retention: Retention;
  /** Where there is a hot store. */
  hotRetention?: HotRetention;
  derivations: Derivation[];
  clock: Clock;
};

/**
 * What happens to stored data by itself, a pass at a time, for a host that calls them on a schedule. Each ends what it is at and begins nothing
 * new once its time is up: the next call goes on. Passes of several processes at once cost work and change nothing.
 */
export type Passes = {
  /** Merges files that are due, or all that can be. */
  compact(budget: Budget, all?: boolean): Promise<MergeCounts>;
  /** Writes summaries and hourly logs of hours that are over. Resolves to the objects written. */
  derive(budget: Budget): Promise<number>;
  /** Deletes files that were condemned before the grace. Resolves to the files deleted. */
  collect(): Promise<number>;
  /** Condemns files past their retention, and objects that no head lists; drops days of the hot store. */
  retain(): Promise<{ expired: number; swept: number; days: number }>;
};

export function createPasses({ compactor, retention, hotRetention, derivations, ...deps }: PassesDeps): Passes {
  const within =
    ({ deadlineMs }: Budget) =>
    () =>
      deps.clock.monotonicMs() < deadlineMs;
  return {
    compact: (budget, all = false) => compactor.run(all, within(budget)),
    async derive(budget) {
      let written = 0;
      for (const derivation of derivations) written += await derive(derivation, { ...deps, mayGoOn: within(budget) });
      return written;
    },
    collect: () => compactor.collect(),
    async retain() {
      const expired = await retention.run();
      const swept = await compactor.sweep();
      return { expired, swept, days: (await hotRetention?.run()) ?? 0 };
    },
  };
}
