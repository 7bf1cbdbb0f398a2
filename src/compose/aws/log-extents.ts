import type { Clock } from '../../core/clock.ts';
import type { Hole, PartitionRange, Queue } from '../../core/ports/queue.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import type { LogExtent } from '../../pipeline/deliver/types.ts';

/**
 * What Kafka keeps of each partition, as one function notes it each minute for those that carry no client of Kafka. `rewound` are partitions
 * that were seen to end before what had been noted of them: their log was lost.
 */
export type LogExtents = { generation: number; atMs: number; ranges: PartitionRange[]; holes: Hole[]; rewound: number[] };

const key = 'queue/extents';
const cacheMs = 1_000;
const attempts = 5;

/** Notes how far the log reaches now; whoever is late changes nothing back. */
export async function noteExtents(
  state: StateStore,
  queue: Pick<Queue, 'generation' | 'ranges' | 'holes'>,
  clock: Clock,
): Promise<LogExtents> {
  const atMs = clock.nowMs();
  const [ranges, holes] = await Promise.all([queue.ranges(), queue.holes()]);
  const now: LogExtents = { generation: queue.generation, atMs, ranges, holes, rewound: [] };
  for (let attempt = 0; attempt < attempts; attempt++) {
    const stored = await state.get<LogExtents>(key);
    const next = stored ? later(stored.value, now) : now;
    if (next === stored?.value || (await state.compareAndSet(key, stored?.version ?? 0, next)) !== undefined) return next;
  }
  return now;
}

function later(before: LogExtents, now: LogExtents): LogExtents {
  if (before.generation > now.generation || before.atMs >= now.atMs) return before;
  if (before.generation < now.generation) return now;
  const endBefore = new Map(before.ranges.map(({ partition, end }) => [partition, end]));
  const shorter = now.ranges.filter(({ partition, end }) => end < (endBefore.get(partition) ?? 0)).map(({ partition }) => partition);
  return { ...now, rewound: [...new Set([...before.rewound, ...shorter])] };
}

/** Reads what was noted last, a second old at most by itself; nothing where nobody has noted anything. */
export function readExtents(state: StateStore, clock: Clock) {
  let known: { extents: LogExtents | undefined; readMs: number } | undefined;
  const read = async (): Promise<LogExtents | undefined> => {
    if (known && clock.monotonicMs() - known.readMs < cacheMs) return known.extents;
    known = { extents: (await state.get<LogExtents>(key))?.value, readMs: clock.monotonicMs() };
    return known.extents;
  };
  return {
    ranges: async (): Promise<PartitionRange[]> => (await read())?.ranges ?? [],
    holes: async (): Promise<Hole[]> => (await read())?.holes ?? [],
    /** When they were noted, epoch milliseconds; 0 where never. */
    atMs: async (): Promise<number> => (await read())?.atMs ?? 0,
    /**
     * Of one partition, for a sink. The start is never too high; where nothing is noted it is 0, so that no gap is closed on a guess. The end
     * is known to nobody here, and told only where the log was seen to be rewound: a sink then halts.
     */
    async of(generation: number, partition: number): Promise<LogExtent> {
      const extents = await read();
      const range = extents?.generation === generation ? extents.ranges.find((each) => each.partition === partition) : undefined;
      if (!extents || !range) return { start: 0, end: Number.MAX_SAFE_INTEGER, holes: [] };
      const end = extents.rewound.includes(partition) ? range.end : Number.MAX_SAFE_INTEGER;
      return { start: range.start, end, holes: extents.holes.filter((hole) => hole.partition === partition) };
    },
  };
}
