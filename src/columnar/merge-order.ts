import { compareRows, type Slice } from './merge-group.ts';

/** Merges sorted slices into one order: slices again, as long as they can be, without the rows that are left out. */
export function mergeSlices(sorted: readonly Slice[]): Slice[] {
  const heads = [...sorted].sort(compareHeads);
  const merged: Slice[] = [];
  while (heads.length > 1) {
    const head = heads[0]!;
    const end = endBelow(head, heads[1]!);
    pushKept(merged, { ...head, to: end });
    heads.shift();
    if (end < head.to) insert(heads, { ...head, from: end });
  }
  if (heads[0]) pushKept(merged, heads[0]);
  return merged;
}

const compareHeads = (a: Slice, b: Slice): number => compareRows(a.source, a.from, b.source, b.from);

/** The first row of a slice that comes behind the head of another; at least one row does not. */
function endBelow(slice: Slice, other: Slice): number {
  const { source, from, to } = slice;
  const isBelow = (row: number) => compareRows(source, row, other.source, other.from) <= 0;
  let low = from;
  let step = 1;
  while (low + step < to && isBelow(low + step)) {
    low += step;
    step *= 2;
  }
  let high = Math.min(low + step, to);
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if (isBelow(middle)) low = middle;
    else high = middle;
  }
  return high;
}

function insert(heads: Slice[], slice: Slice): void {
  let low = 0;
  let high = heads.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareHeads(heads[middle]!, slice) < 0) low = middle + 1;
    else high = middle;
  }
  heads.splice(low, 0, slice);
}

function pushKept(merged: Slice[], { source, from, to }: Slice): void {
  const { dropped } = source;
  if (!dropped) {
    merged.push({ source, from, to });
    return;
  }
  for (let row = from; row < to; ) {
    while (row < to && dropped[row] === 1) row++;
    const start = row;
    while (row < to && dropped[row] === 0) row++;
    if (row > start) merged.push({ source, from: start, to: row });
  }
}
