import type { Clock } from '../../core/clock.ts';
import { firstGap } from '../../core/intervals.ts';
import type { PartitionRange } from '../../core/ports/queue.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import { hourPrefix, readWindowHead, type WindowHead } from '../../core/windows/apply.ts';
import { type WindowItem, windowsOf } from '../../core/windows/item.ts';
import { addWindows, type Window, windowUs } from '../../core/windows/window.ts';
import type { TimeRange } from '../../query/plan.ts';
import type { StepRunner } from '../run-steps.ts';
import { takeInUs } from '../store/watermark.ts';
import type { StoreApi } from '../store-api.ts';

export type StoredWindowsDeps = {
  state: StateStore;
  runner: StepRunner;
  generation: number;
  partitions: number;
  /** The log as it stands. */
  ranges(): Promise<PartitionRange[]>;
  latenessUs: number;
  clock: Clock;
};

const hourUs = 3_600_000_000;
/** Longer ranges are asked of the stores: their minutes would be listed one by one. */
const maxHours = 24 * 8;

/** The windows that the aggregate sink keeps, added up over partitions. */
export function createStoredWindows(deps: StoredWindowsDeps): Pick<StoreApi, 'windows' | 'watermark'> {
  const { state, latenessUs } = deps;
  let reached = 0;
  return {
    windows: async (tenant, time) =>
      addWindows((await Promise.all(hoursOf(time).map((hour) => windowsIn(state, tenant, hour, time)))).flat()),
    async watermark() {
      reached = Math.max(reached, await watermarkOf(deps));
      return { us: reached, latenessUs };
    },
  };
}

/** The hours that hold minutes of a range. */
function hoursOf({ fromUs, toUs }: TimeRange): number[] {
  const first = Math.floor(fromUs / hourUs);
  const end = Math.min(Math.ceil(toUs / hourUs), first + maxHours);
  return Array.from({ length: Math.max(0, end - first) }, (_, i) => (first + i) * hourUs);
}

async function windowsIn(state: StateStore, tenant: string, hour: number, { fromUs, toUs }: TimeRange): Promise<Window[]> {
  const prefix = hourPrefix(tenant, hour);
  const items = await state.list<WindowItem>(prefix);
  return items.flatMap(({ key, value }) => {
    const minuteUs = hour + Number(key.slice(prefix.length, prefix.length + 2)) * windowUs;
    return minuteUs >= fromUs && minuteUs < toUs ? windowsOf(value, minuteUs) : [];
  });
}

/** The least, over the partitions, of when their first open record was observed at the earliest; now, asked before the log, where none is open. */
async function watermarkOf({ runner, generation, partitions, ranges, clock }: StoredWindowsDeps): Promise<number> {
  const nowUs = clock.nowMs() * 1_000;
  const ends = new Map((await ranges()).map(({ partition, end }) => [partition, end]));
  const heads = await Promise.all(Array.from({ length: partitions }, (_, partition) => runner.run(readWindowHead(generation, partition))));
  const reachedUs = heads.map((head: WindowHead) => {
    const end = ends.get(head.partition);
    if (end === undefined) return 0;
    return firstGap(head.closed) >= end ? nowUs : head.reachedUs;
  });
  return Math.min(nowUs, ...reachedUs) - takeInUs;
}
