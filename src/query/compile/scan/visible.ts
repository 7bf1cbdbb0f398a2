import { type Intervals, includes, intervalsOf } from '../../../core/intervals.ts';
import type { Position } from '../../../core/record.ts';
import type { PlanPositions, Snapshot, SortKey } from '../../plan.ts';

export type PartitionOffsets = PlanPositions;

/** The offsets that a list names of one generation and partition. */
export function offsetsIn(list: PartitionOffsets, generation: number, partition: number): Intervals {
  const named = list.filter((item) => item.partition === partition && (item.generation ?? generation) === generation);
  return named.length === 1 ? named[0]!.offsets : intervalsOf(named.flatMap(({ offsets }) => offsets));
}

/** Tells whether a query with a snapshot and positions sees what stands at a position. */
export function isVisible({ generation, partition, offset }: Position, snapshot?: Snapshot, positions?: PartitionOffsets): boolean {
  if (snapshot && offset >= (snapshot[partition] ?? 0)) return false;
  return !positions || includes(offsetsIn(positions, generation, partition), offset);
}

/** Orders records as lists do, oldest first: timestamp, then position. */
export function compareSortKeys(a: SortKey, b: SortKey): number {
  return (
    a.timestamp - b.timestamp ||
    a.timestamp_ns - b.timestamp_ns ||
    a.generation - b.generation ||
    a.partition - b.partition ||
    a.offset - b.offset
  );
}
