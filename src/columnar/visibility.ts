import { type Intervals, includes, subtract } from '../core/intervals.ts';
import type { PartitionOffsets } from '../query/compile/scan/visible.ts';
import type { Snapshot } from '../query/plan.ts';
import type { Place } from './condition/evaluate.ts';
import type { PartInfo } from './directory.ts';
import { valueAt } from './rows.ts';
import type { Selection } from './selection.ts';
import type { Steps } from './steps.ts';

/** Offsets that may be seen, by partition: every list must hold an offset. Undefined where all may. */
export type Visibility = (partition: number) => Intervals[];

/** Joins what limits the rows of a source to what its query limits; undefined where nothing does. */
export function visibilityOf(snapshot: Snapshot | undefined, ...lists: (PartitionOffsets | undefined)[]): Visibility | undefined {
  const limits = lists.filter((list) => list !== undefined);
  if (!snapshot && limits.length === 0) return undefined;
  return (partition) => [
    ...(snapshot ? [[[0, snapshot[partition] ?? 0]] as Intervals] : []),
    ...limits.map((list) => list.find((listed) => listed.partition === partition)?.offsets ?? []),
  ];
}

/** How much of a part may be seen at all, from its offsets: with `some` its rows must be looked at one by one. */
export function seenOf({ offsets }: PartInfo, visibility: Visibility | undefined): 'all' | 'some' | 'none' {
  if (!visibility) return 'all';
  let isAll = true;
  let isNone = true;
  for (const { partition, offsets: held } of offsets) {
    for (const seen of visibility(partition)) if (subtract(held, seen).length > 0) isAll = false;
    const common = visibility(partition).reduce((rest, seen) => subtract(rest, subtract(rest, seen)), held);
    if (common.length > 0) isNone = false;
  }
  return isAll ? 'all' : isNone ? 'none' : 'some';
}

/** Keeps the rows that may be seen. */
export function* keepVisible(visibility: Visibility, { group, window, stats }: Place, selection: Selection): Steps<void> {
  const partitions = (yield* group.load('partition', window, stats))!;
  const offsets = (yield* group.load('offset', window, stats))!;
  const byPartition = new Map<number, Intervals[]>();
  selection.keep((row) => {
    const partition = valueAt(partitions, row) as number;
    let sets = byPartition.get(partition);
    if (!sets) {
      sets = visibility(partition);
      byPartition.set(partition, sets);
    }
    const offset = valueAt(offsets, row) as number;
    return sets.every((set) => includes(set, offset));
  });
}
