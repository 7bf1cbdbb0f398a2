import type { ReadStats, SortKey } from '../query/plan.ts';
import type { PartGroup } from './group.ts';
import { grown } from './grown.ts';
import { valueAt } from './rows.ts';
import type { Steps } from './steps.ts';

/** A row group of a part that is merged: what its rows are sorted by, and which of them are left out. */
export type MergeGroup = {
  group: PartGroup;
  timestamp: Float64Array;
  timestamp_ns: Uint16Array;
  generation: Uint16Array;
  partition: Uint16Array;
  offset: Float64Array;
  /** 1 where a row is left out; undefined where none is. */
  dropped: Uint8Array | undefined;
};

/** Consecutive rows of one group. */
export type Slice = { source: MergeGroup; from: number; to: number };

/** Slices behind one another. Where rows of many parts alternate there is one a row, so they are no objects: 16 bytes each. */
export class SliceList {
  readonly sources: MergeGroup[] = [];
  #from = new Uint32Array(64);
  #to = new Uint32Array(64);

  get length(): number {
    return this.sources.length;
  }

  push(source: MergeGroup, from: number, to: number): void {
    const at = this.sources.push(source) - 1;
    if (at === this.#from.length) {
      this.#from = grown(this.#from, at * 2);
      this.#to = grown(this.#to, at * 2);
    }
    this.#from[at] = from;
    this.#to[at] = to;
  }

  fromAt(index: number): number {
    return this.#from[index]!;
  }

  toAt(index: number): number {
    return this.#to[index]!;
  }
}

export function* loadGroup(group: PartGroup, stats: ReadStats): Steps<MergeGroup> {
  return {
    group,
    timestamp: yield* loadNumbers(group, 'timestamp', new Float64Array(group.rows), stats),
    timestamp_ns: yield* loadNumbers(group, 'timestamp_ns', new Uint16Array(group.rows), stats),
    generation: yield* loadNumbers(group, 'generation', new Uint16Array(group.rows), stats),
    partition: yield* loadNumbers(group, 'partition', new Uint16Array(group.rows), stats),
    offset: yield* loadNumbers(group, 'offset', new Float64Array(group.rows), stats),
    dropped: undefined,
  };
}

function* loadNumbers<T extends Float64Array | Uint16Array>(group: PartGroup, name: string, out: T, stats: ReadStats): Steps<T> {
  for (const window of group.windows) {
    const data = yield* group.load(name, window, stats);
    if (data?.kind === 'numbers') out.set(data.values.subarray(window.from - data.base, window.to - data.base), window.from);
    else if (data?.kind === 'codes' && data.dictionary.count === 1) out.fill(data.dictionary.value(1) as number, window.from, window.to);
    else for (let row = window.from; row < window.to; row++) out[row] = valueAt(data, row) as number;
  }
  yield;
  return out;
}

/** Leaves a row out. Returns false where it was left out already. */
export function drop(source: MergeGroup, row: number): boolean {
  source.dropped ??= new Uint8Array(source.group.rows);
  if (source.dropped[row] === 1) return false;
  source.dropped[row] = 1;
  return true;
}

/** Orders rows of two groups by time, then position. */
export function compareRows(a: MergeGroup, rowA: number, b: MergeGroup, rowB: number): number {
  return a.timestamp[rowA]! - b.timestamp[rowB]! || a.timestamp_ns[rowA]! - b.timestamp_ns[rowB]! || comparePositionsAt(a, rowA, b, rowB);
}

export function comparePositionsAt(a: MergeGroup, rowA: number, b: MergeGroup, rowB: number): number {
  return a.generation[rowA]! - b.generation[rowB]! || a.partition[rowA]! - b.partition[rowB]! || a.offset[rowA]! - b.offset[rowB]!;
}

/** The sort key of a row, as a hit names it. */
export const sortKeyAt = (source: MergeGroup, row: number): SortKey => ({
  timestamp: source.timestamp[row]!,
  timestamp_ns: source.timestamp_ns[row]!,
  generation: source.generation[row]!,
  partition: source.partition[row]!,
  offset: source.offset[row]!,
});
