import { type Intervals, includes } from '../../../core/intervals.ts';
import type { Position } from '../../../core/record.ts';
import type { Snapshot, SortKey } from '../../plan.ts';

/** Which rows of some partitions are meant: all of a list's offsets, the partitions not listed not at all. */
export type PartitionOffsets = { partition: number; offsets: Intervals }[];

/** Tells whether a query with a snapshot and positions sees what stands at a position. */
export function isVisible(
  { partition, offset }: Pick<Position, 'partition' | 'offset'>,
  snapshot: Snapshot | undefined,
  positions: PartitionOffsets | undefined,
): boolean {
  if (snapshot && offset >= (snapshot[partition] ?? 0)) return false;
  return positions?.some((listed) => listed.partition === partition && includes(listed.offsets, offset)) ?? true;
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
