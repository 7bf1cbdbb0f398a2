import type { ReadStats } from '../query/plan.ts';
import type { PartGroup } from './group.ts';
import { grown } from './grown.ts';
import type { SliceList } from './merge-group.ts';
import type { ColumnData, Window } from './rows.ts';
import type { Steps } from './steps.ts';

/** Consecutive rows within one window of a source, and where they stand in the output; `place` is that of the window in the loaded columns. */
export type VisitPiece = (place: number, from: number, to: number, at: number) => void;

/** The numbers of a piece. */
const pieceLength = 4;
/** So many rows are visited before the event loop may have its turn. */
const turnRows = 16_384;

/** The rows of one row group to be, as pieces of the windows that they come from, in their new order. */
export class Pieces {
  readonly rows: number;
  readonly groups: readonly PartGroup[];
  /** By fours, since there may be one a row: see `VisitPiece`. */
  #numbers = new Uint32Array(64);
  #count = 0;
  readonly #places: { group: PartGroup; window: Window }[] = [];
  readonly #stats: ReadStats;

  constructor(slices: SliceList, stats: ReadStats) {
    const placeOf = new Map<Window, number>();
    let at = 0;
    for (let i = 0; i < slices.length; i++) {
      const { group } = slices.sources[i]!;
      const to = slices.toAt(i);
      for (let row = slices.fromAt(i), index = windowIndex(group.windows, row); row < to; index++) {
        const window = group.windows[index]!;
        let place = placeOf.get(window);
        if (place === undefined) {
          place = this.#places.push({ group, window }) - 1;
          placeOf.set(window, place);
        }
        const end = Math.min(to, window.to);
        this.#push(place, row, end, at);
        at += end - row;
        row = end;
      }
    }
    this.rows = at;
    this.groups = [...new Set(this.#places.map(({ group }) => group))];
    this.#stats = stats;
  }

  /** Visits every piece. */
  *each(visit: VisitPiece): Steps<void> {
    const numbers = this.#numbers;
    let turnEnd = turnRows;
    for (let i = 0; i < this.#count * pieceLength; i += pieceLength) {
      const at = numbers[i + 3]!;
      visit(numbers[i]!, numbers[i + 1]!, numbers[i + 2]!, at);
      if (at < turnEnd) continue;
      turnEnd = at + turnRows;
      yield;
    }
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

  #push(place: number, from: number, to: number, at: number): void {
    const i = this.#count++ * pieceLength;
    if (i === this.#numbers.length) this.#numbers = grown(this.#numbers, i * 2);
    this.#numbers[i] = place;
    this.#numbers[i + 1] = from;
    this.#numbers[i + 2] = to;
    this.#numbers[i + 3] = at;
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
