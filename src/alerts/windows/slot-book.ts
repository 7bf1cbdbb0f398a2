import type { GroupValue } from '../rule/rule.ts';
import { addPart, emptyPart, type SlotRow, type WindowPart } from './window-source.ts';

/** One group's parts, by slot in ascending order; `lastGoneUs` is its last slot among those that are not kept any more. */
export type Series = { key: GroupValue[]; name: string; slots: number[]; parts: WindowPart[]; lastGoneUs: number };

/** Groups of one scan that have the same values of its lifted fields. */
export type SeriesGroup = Map<string, Series>;

/** Groups of one scan that are held; the rows of more are left out, and said. */
const maxSeries = 200_000;

/**
 * The parts of one scan in memory. The first `lifted` keys of a row choose the rules that look at it, the others name its group. Slots are kept from
 * `fromUs` to `toUs`.
 */
export class SlotBook {
  readonly #lifted: number;
  readonly #groups = new Map<string, SeriesGroup>();
  fromUs: number;
  toUs: number;
  /** Rows of groups that there was no room for. */
  left = 0;
  #series = 0;

  constructor(lifted: number, atUs: number) {
    this.#lifted = lifted;
    this.fromUs = atUs;
    this.toUs = atUs;
  }

  /** The groups under some values of the lifted fields. */
  under(liftedName: string): SeriesGroup | undefined {
    return this.#groups.get(liftedName);
  }

  /** Adds rows whose slots are not there yet, in any order. */
  put(rows: readonly SlotRow[]): void {
    const sorted = rows.length > 1 ? rows.toSorted((a, b) => a.slotUs - b.slotUs) : rows;
    for (const { slotUs, key, part } of sorted) {
      const series = this.#seriesOf(key);
      if (!series) continue;
      const last = series.slots.at(-1);
      if (last === undefined || last < slotUs) {
        series.slots.push(slotUs);
        series.parts.push(part);
        continue;
      }
      const at = firstFrom(series.slots, slotUs);
      const isThere = series.slots[at] === slotUs;
      series.slots.splice(at, isThere ? 1 : 0, slotUs);
      series.parts.splice(at, isThere ? 1 : 0, part);
    }
  }

  /** Puts the rows in place of all that was in one slot. */
  replace(slotUs: number, rows: readonly SlotRow[]): void {
    for (const group of this.#groups.values()) {
      for (const { slots, parts } of group.values()) {
        const at = firstFrom(slots, slotUs);
        if (slots[at] !== slotUs) continue;
        slots.splice(at, 1);
        parts.splice(at, 1);
      }
    }
    this.put(rows);
  }

  /** Notes that a group was there before what is kept. */
  note(key: GroupValue[], slotUs: number): void {
    const series = this.#seriesOf(key);
    if (series) series.lastGoneUs = Math.max(series.lastGoneUs, slotUs);
  }

  /** Lets go of slots before `fromUs`, and of groups that were last seen before `seenFromUs`. */
  trim(fromUs: number, seenFromUs: number): void {
    if (fromUs <= this.fromUs) return;
    this.fromUs = fromUs;
    for (const [lifted, group] of this.#groups) {
      for (const [name, series] of group) {
        const gone = firstFrom(series.slots, fromUs);
        if (gone > 0) {
          series.lastGoneUs = Math.max(series.lastGoneUs, series.slots[gone - 1]!);
          series.slots.splice(0, gone);
          series.parts.splice(0, gone);
        }
        if (series.slots.length === 0 && series.lastGoneUs < seenFromUs) {
          group.delete(name);
          this.#series--;
        }
      }
      if (group.size === 0) this.#groups.delete(lifted);
    }
  }

  #seriesOf(key: GroupValue[]): Series | undefined {
    const lifted = nameOf(this.#lifted === key.length ? key : key.slice(0, this.#lifted));
    let group = this.#groups.get(lifted);
    if (!group) {
      group = new Map();
      this.#groups.set(lifted, group);
    }
    const own = this.#lifted === 0 ? key : key.slice(this.#lifted);
    const name = nameOf(own);
    let series = group.get(name);
    if (!series && this.#series >= maxSeries) {
      this.left++;
      return undefined;
    }
    if (!series) {
      this.#series++;
      series = { key: own, name, slots: [], parts: [], lastGoneUs: Number.NEGATIVE_INFINITY };
      group.set(name, series);
    }
    return series;
  }
}

/** Values as a name that no other values have. */
export const nameOf = (key: readonly GroupValue[]): string => (key.length === 0 ? '' : JSON.stringify(key));

/** Adds up what a group has in [fromUs, toUs). */
export function windowOf({ slots, parts }: Series, fromUs: number, toUs: number): WindowPart {
  const sum = emptyPart();
  for (let i = firstFrom(slots, toUs) - 1; i >= 0 && slots[i]! >= fromUs; i--) addPart(sum, parts[i]!);
  return sum;
}

/** Counts what a group has in [fromUs, toUs). */
export function countOf({ slots, parts }: Series, fromUs: number, toUs: number): number {
  let count = 0;
  for (let i = firstFrom(slots, toUs) - 1; i >= 0 && slots[i]! >= fromUs; i--) count += parts[i]!.count;
  return count;
}

/** Whether a group has any slot in [fromUs, toUs), kept or not any more. */
export function isSeen({ slots, lastGoneUs }: Series, fromUs: number, toUs: number): boolean {
  if (lastGoneUs >= fromUs && lastGoneUs < toUs) return true;
  const at = firstFrom(slots, toUs) - 1;
  return at >= 0 && slots[at]! >= fromUs;
}

/** The index of the first slot at `fromUs` or later; most searches end near the newest. */
function firstFrom(slots: readonly number[], fromUs: number): number {
  let high = slots.length;
  if (high === 0 || slots[high - 1]! < fromUs) return high;
  let low = 0;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (slots[middle]! < fromUs) low = middle + 1;
    else high = middle;
  }
  return low;
}
