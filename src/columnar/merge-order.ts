import { compareRows, type Slice, type SliceList } from './merge-group.ts';

/** Appends sorted slices in one order: slices again, as long as they can be, without the rows that are left out. */
export function mergeSlices(sorted: readonly Slice[], merged: SliceList): void {
  const heads = sorted.map((slice) => ({ ...slice })).sort(compareHeads);
  while (heads.length > 1) {
    const head = heads[0]!;
    const end = endBelow(head, heads[1]!);
    pushKept(merged, head, end);
    if (end === head.to) heads.shift();
    else {
      head.from = end;
      moveBack(heads);
    }
  }
  if (heads[0]) pushKept(merged, heads[0], heads[0].to);
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

/** Brings the first slice to its place among the others, which are in order. */
function moveBack(heads: Slice[]): void {
  const head = heads[0]!;
  let at = 0;
  while (at + 1 < heads.length && compareHeads(heads[at + 1]!, head) < 0) {
    heads[at] = heads[at + 1]!;
    at++;
  }
  heads[at] = head;
}

function pushKept(merged: SliceList, { source, from }: Slice, to: number): void {
  const { dropped } = source;
  if (!dropped) {
    merged.push(source, from, to);
    return;
  }
  for (let row = from; row < to; ) {
    while (row < to && dropped[row] === 1) row++;
    const start = row;
    while (row < to && dropped[row] === 0) row++;
    if (row > start) merged.push(source, start, row);
  }
}
