import { firstGap } from '../../core/intervals.ts';
import type { PartitionRange } from '../../core/ports/queue.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import { headKey, type SinkName } from '../../core/warm/keys.ts';
import type { SinkHead } from '../../core/warm/progress.ts';

/** Where a partition ended at which time (epoch milliseconds), oldest first. */
type Ends = Record<string, [atMs: number, end: number][]>;

/** More are thinned out, the older half of them: what is older need not be known to the minute. */
const maxEnds = 60;

/**
 * Notes where the log ends now and tells how long ago the oldest offset that is open in any of the sinks was seen first, in seconds: to the minute,
 * since it is noted once a minute. 0 where nothing is open.
 */
export async function noteOldestOpen(
  state: StateStore,
  { generation, ranges, sinks, nowMs }: { generation: number; ranges: PartitionRange[]; sinks: readonly SinkName[]; nowMs: number },
): Promise<number> {
  const key = `canary/ends/${generation}`;
  const stored = await state.get<Ends>(key);
  const ends: Ends = {};
  let oldestMs = nowMs;
  for (const { partition, end } of ranges) {
    const noted = thinned([...(stored?.value[partition] ?? []), [nowMs, end]]);
    const heads = await Promise.all(sinks.map((sink) => state.get<SinkHead>(headKey(sink, generation, partition))));
    const open = Math.min(...heads.map((head) => firstGap(head?.value.closed ?? [])));
    const seen = open < end ? noted.find(([, was]) => was > open) : undefined;
    if (seen) oldestMs = Math.min(oldestMs, seen[0]);
    // Of what every sink has closed only the newest is of use: it tells that all before it is over.
    ends[partition] = noted.filter(([, was], i) => was > open || i === noted.length - 1);
  }
  await state.compareAndSet(key, stored?.version ?? 0, ends);
  return (nowMs - oldestMs) / 1_000;
}

function thinned(ends: [number, number][]): [number, number][] {
  if (ends.length <= maxEnds) return ends;
  const half = maxEnds / 2;
  return ends.filter((_, i) => i >= half || i % 2 === 0);
}
