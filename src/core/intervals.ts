/**
 * A set of offsets as sorted, disjoint, non-adjacent half-open intervals `[from, to)`. Immutable, plain JSON, cheap while runs are long.
 * Progress of every sink is kept in these.
 */
export type Intervals = readonly (readonly [from: number, to: number])[];

export const noOffsets: Intervals = [];

/** Makes a set from any list of intervals: unsorted, overlapping and empty ones are taken. */
export function intervalsOf(list: Iterable<readonly [number, number]>): Intervals {
  const sorted = [...list].filter(([from, to]) => to > from).sort((a, b) => a[0] - b[0]);
  const out: [number, number][] = [];
  for (const [from, to] of sorted) {
    const last = out.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else out.push([from, to]);
  }
  return out;
}

/** Makes a set from single offsets in any order. */
export const offsetsOf = (offsets: Iterable<number>): Intervals => intervalsOf([...offsets].map((o) => [o, o + 1] as const));

export const union = (a: Intervals, b: Intervals): Intervals => (a.length === 0 ? b : b.length === 0 ? a : intervalsOf([...a, ...b]));

/** What is in `a` and not in `b`. */
export function subtract(a: Intervals, b: Intervals): Intervals {
  const out: [number, number][] = [];
  let j = 0;
  for (const [from, to] of a) {
    let at = from;
    while (j < b.length && b[j]![1] <= at) j++;
    for (let k = j; k < b.length && b[k]![0] < to; k++) {
      const [holeFrom, holeTo] = b[k]!;
      if (holeFrom > at) out.push([at, holeFrom]);
      at = Math.max(at, holeTo);
    }
    if (at < to) out.push([at, to]);
  }
  return out;
}

export const intersect = (a: Intervals, b: Intervals): Intervals => subtract(a, subtract(a, b));

/** What of the set lies in `[from, to)`; costs no more than what comes out, and a binary search. */
export function clip(set: Intervals, from: number, to: number): Intervals {
  let low = 0;
  let high = set.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (set[middle]![1] <= from) low = middle + 1;
    else high = middle;
  }
  const out: [number, number][] = [];
  for (let i = low; i < set.length && set[i]![0] < to; i++) out.push([Math.max(set[i]![0], from), Math.min(set[i]![1], to)]);
  return out;
}

/** How many offsets the set holds. */
export const sizeOf = (set: Intervals): number => set.reduce((sum, [from, to]) => sum + to - from, 0);

/** Whether one offset is in the set; O(log n). */
export function includes(set: Intervals, offset: number): boolean {
  let low = 0;
  let high = set.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [from, to] = set[middle]!;
    if (offset < from) high = middle - 1;
    else if (offset >= to) low = middle + 1;
    else return true;
  }
  return false;
}

export const intersects = (a: Intervals, b: Intervals): boolean => intersect(a, b).length > 0;

export const sameIntervals = (a: Intervals, b: Intervals): boolean =>
  a.length === b.length && a.every(([from, to], i) => from === b[i]![0] && to === b[i]![1]);

/** The lowest offset at or above `from` that the set lacks: the first open offset of a sink whose closed set this is. */
export function firstGap(set: Intervals, from = 0): number {
  for (const [start, end] of set) {
    if (start > from) return from;
    if (end > from) return end;
  }
  return from;
}
