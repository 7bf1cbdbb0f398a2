import type { Intervals } from '../core/intervals.ts';
import type { NumberColumn, SmallColumn, TextColumn } from './columns.ts';
import type { PartInfo } from './directory.ts';
import { compareUtf8 } from './order.ts';

/** The columns that a part's description is made from. */
export type InfoColumns = {
  tenant: TextColumn;
  generation: SmallColumn;
  partition: SmallColumn;
  offset: NumberColumn;
  timestamp: NumberColumn;
  observed_timestamp: NumberColumn;
};

/** Describes a file with these rows; its size is not known yet. */
export function infoOf(groups: readonly { rows: number; columns: InfoColumns }[]): PartInfo {
  const tenants = new Set<string>();
  let rows = 0;
  let timestamps = emptyRange;
  let observed = emptyRange;
  for (const group of groups) {
    rows += group.rows;
    const { codes, values } = group.columns.tenant;
    for (let i = 0; i < group.rows; i++) if (i === 0 || codes[i] !== codes[i - 1]) tenants.add(values[codes[i]! - 1]!);
    timestamps = widened(timestamps, group.columns.timestamp.values, group.rows);
    observed = widened(observed, group.columns.observed_timestamp.values, group.rows);
  }
  return {
    rows,
    bytes: 0,
    minTimestamp: timestamps.least,
    maxTimestamp: timestamps.greatest,
    minObserved: observed.least,
    maxObserved: observed.greatest,
    tenants: [...tenants].sort(compareUtf8),
    offsets: positionsOf(groups),
  };
}

const emptyRange = { least: Number.POSITIVE_INFINITY, greatest: Number.NEGATIVE_INFINITY };

function widened({ least, greatest }: typeof emptyRange, values: Float64Array, rows: number): typeof emptyRange {
  let low = least;
  let high = greatest;
  for (let i = 0; i < rows; i++) {
    const value = values[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { least: low, greatest: high };
}

/** The positions of all rows as sets of offsets, sorted by generation and partition. */
function positionsOf(groups: readonly { rows: number; columns: InfoColumns }[]): PartInfo['offsets'] {
  return placesOf(groups).map(({ generation, partition, count }) => {
    const held = new Float64Array(count);
    let at = 0;
    for (const { rows, columns } of groups) {
      const generations = columns.generation.values;
      const partitions = columns.partition.values;
      const offsets = columns.offset.values;
      for (let i = 0; i < rows; i++) if (generations[i] === generation && partitions[i] === partition) held[at++] = offsets[i]!;
    }
    return { generation, partition, offsets: intervalsIn(held) };
  });
}

/** The generations and partitions that rows come from, and how many of each. */
function placesOf(groups: readonly { rows: number; columns: InfoColumns }[]): { generation: number; partition: number; count: number }[] {
  const counts = new Map<number, number>();
  for (const { rows, columns } of groups) {
    const generations = columns.generation.values;
    const partitions = columns.partition.values;
    for (let start = 0, end = 1; start < rows; start = end++) {
      while (end < rows && generations[end] === generations[start] && partitions[end] === partitions[start]) end++;
      const place = generations[start]! * 65536 + partitions[start]!;
      counts.set(place, (counts.get(place) ?? 0) + end - start);
    }
  }
  const sorted = [...counts].sort(([a], [b]) => a - b);
  return sorted.map(([place, count]) => ({ generation: Math.floor(place / 65536), partition: place % 65536, count }));
}

function intervalsIn(offsets: Float64Array): Intervals {
  if (!isSorted(offsets)) offsets.sort();
  const intervals: [number, number][] = [];
  let last: [number, number] | undefined;
  for (let i = 0; i < offsets.length; i++) {
    const offset = offsets[i]!;
    if (last !== undefined && offset <= last[1]) last[1] = Math.max(last[1], offset + 1);
    else {
      last = [offset, offset + 1];
      intervals.push(last);
    }
  }
  return intervals;
}

function isSorted(values: Float64Array): boolean {
  for (let i = 1; i < values.length; i++) if (values[i - 1]! > values[i]!) return false;
  return true;
}
