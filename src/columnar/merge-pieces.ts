import type { ReadStats } from '../query/plan.ts';
import type { PartGroup } from './group.ts';
import type { Slice } from './merge-group.ts';
import type { ColumnData, Window } from './rows.ts';
import type { Steps } from './steps.ts';

/** Consecutive rows within one window of a source, and where they stand in the output; `place` is that of the window in `places`. */
export type Piece = { place: number; from: number; to: number; at: number };

/** The rows of one row group to be, as pieces of the windows that they come from, in their new order. */
export class Pieces {
  readonly rows: number;
  readonly pieces: Piece[] = [];
  readonly groups: readonly PartGroup[];
  readonly #places: { group: PartGroup; window: Window }[] = [];
  readonly #stats: ReadStats;

  constructor(slices: readonly Slice[], stats: ReadStats) {
    const placeOf = new Map<Window, number>();
    let at = 0;
    for (const { source, from, to } of slices) {
      const { group } = source;
      for (let index = windowIndex(group.windows, from), row = from; row < to; index++) {
        const window = group.windows[index]!;
        let place = placeOf.get(window);
        if (place === undefined) {
          place = this.#places.push({ group, window }) - 1;
          placeOf.set(window, place);
        }
        const end = Math.min(to, window.to);
        this.pieces.push({ place, from: row, to: end, at });
        at += end - row;
        row = end;
      }
    }
    this.rows = at;
    this.groups = [...new Set(this.#places.map(({ group }) => group))];
    this.#stats = stats;
  }

  /** Loads a column for all windows, by their places; undefined where a window's group has no value. */
  *load(name: string): Steps<(ColumnData | undefined)[]> {
    const loaded: (ColumnData | undefined)[] = [];
    for (const { group, window } of this.#places) {
      loaded.push(yield* group.load(name, window, this.#stats));
      if (loaded.length % 8 === 0) yield;
    }
    return loaded;
  }
}

function windowIndex(windows: readonly Window[], row: number): number {
  let low = 0;
  let high = windows.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (windows[middle]!.from <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}
