import { maxPartitions } from '../core/ids.ts';
import { type Intervals, includes, intersect, subtract } from '../core/intervals.ts';
import { offsetsIn, type PartitionOffsets } from '../query/compile/scan/visible.ts';
import type { Snapshot } from '../query/plan.ts';
import type { Place } from './condition/evaluate.ts';
import type { PartInfo } from './directory.ts';
import { valueAt } from './rows.ts';
import type { Selection } from './selection.ts';
import type { Steps } from './steps.ts';

/** Offsets that may be seen, by generation and partition: every list must hold an offset. */
export type Visibility = (generation: number, partition: number) => Intervals[];

/** Joins what limits the rows of a source to what its query limits; undefined where nothing does. */
export function visibilityOf(snapshot: Snapshot | undefined, ...lists: (PartitionOffsets | undefined)[]): Visibility | undefined {
  const limits = lists.filter((list) => list !== undefined);
  if (!snapshot && limits.length === 0) return undefined;
  return (generation, partition) => [
    ...(snapshot ? [[[0, snapshot[partition] ?? 0]] as Intervals] : []),
    ...limits.map((list) => offsetsIn(list, generation, partition)),
  ];
}

/** How much of a part may be seen at all, from its offsets: with `some` its rows must be looked at one by one. */
export function seenOf({ offsets }: PartInfo, visibility: Visibility | undefined): 'all' | 'some' | 'none' {
  if (!visibility) return 'all';
  let isAll = true;
  let isNone = true;
  for (const { generation, partition, offsets: held } of offsets) {
    const limits = visibility(generation, partition);
    if (limits.some((limit) => subtract(held, limit).length > 0)) isAll = false;
    if (limits.reduce((rest, limit) => intersect(rest, limit), held).length > 0) isNone = false;
  }
  return isAll ? 'all' : isNone ? 'none' : 'some';
}

/** Keeps the rows that may be seen. */
export function* keepVisible(visibility: Visibility, { group, window, stats }: Place, selection: Selection): Steps<void> {
  const partitions = (yield* group.load('partition', window, stats))!;
  const offsets = (yield* group.load('offset', window, stats))!;
  const generations = (yield* group.load('generation', window, stats))!;
  const known = new Map<number, Intervals[]>();
  selection.keep((row) => {
    const generation = valueAt(generations, row) as number;
    const partition = valueAt(partitions, row) as number;
    const key = generation * maxPartitions + partition;
    let limits = known.get(key);
    if (!limits) {
      limits = visibility(generation, partition);
      known.set(key, limits);
    }
    const offset = valueAt(offsets, row) as number;
    return limits.every((limit) => includes(limit, offset));
  });
}
