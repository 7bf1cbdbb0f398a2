import type { Clock } from '../core/clock.ts';
import type { StateStore } from '../core/ports/state-store.ts';
import { condemnDayFiles, condemnFiles, observedBefore } from '../core/warm/collect.ts';
import { dayUs } from '../core/warm/file.ts';
import { minutesPrefixOf, sinkNames } from '../core/warm/keys.ts';
import { slotOf } from '../core/warm/minutes.ts';
import type { Catalogue } from './catalogue.ts';
import type { StepRunner } from './run-steps.ts';

export type RetainDeps = {
  runner: StepRunner;
  catalogue: Catalogue;
  state: StateStore;
  clock: Clock;
  /** How many whole observed days are kept before today, by tenant. */
  warmDays(tenant: string): number;
  /** The longest of any tenant. */
  maxWarmDays: number;
};

/** Ends what is older than its retention, by the day on which it was observed. */
export type Retention = {
  /** Condemns files of which every row is too old, and forgets counts by minute. Resolves to the files condemned; the collector deletes them. */
  run(): Promise<number>;
};

export function createRetention({ runner, catalogue, state, clock, warmDays, maxWarmDays }: RetainDeps): Retention {
  const cutoffUs = (days: number) => (Math.floor((clock.nowMs() * 1_000) / dayUs) - days) * dayUs;

  async function retainDays(): Promise<number> {
    let condemned = 0;
    for (const { tenant, days } of await catalogue.tenants()) {
      const cutoff = cutoffUs(warmDays(tenant));
      for (const { day, files } of await catalogue.days(tenant, days))
        condemned += (await runner.run(condemnDayFiles(tenant, day, observedBefore(files, cutoff), 'listed'))).length;
    }
    return condemned;
  }

  async function retainLevel0(): Promise<number> {
    let condemned = 0;
    for (const { generation, partition, files } of await catalogue.partitions()) {
      const names = observedBefore(files, cutoffUs(maxWarmDays));
      condemned += (await runner.run(condemnFiles(generation, partition, names, 'listed'))).length;
    }
    return condemned;
  }

  async function forgetMinutes(): Promise<void> {
    const first = slotOf(cutoffUs(maxWarmDays));
    for (const prefix of sinkNames.map(minutesPrefixOf)) {
      for (const { key, version } of await state.list(prefix)) {
        if (Number(key.slice(prefix.length).split('/')[0]) < first) await state.compareAndSet(key, version, undefined);
      }
    }
  }

  return {
    async run() {
      const condemned = (await retainDays()) + (await retainLevel0());
      await forgetMinutes();
      return condemned;
    },
  };
}
