import { median, minSamples, spreadAbout } from './robust.ts';

export const weekUs = 7 * 24 * 3_600_000_000;

/** What is usual at one step, on the scale of the measure, and what that was learnt from. */
export type Baseline = {
  kind: 'hour_of_week' | 'recent';
  /** What was to be expected, with `level` in it. */
  expected: number;
  spread: number;
  /** Values that `expected` was learnt from, and those that `spread` was. */
  samples: number;
  spreadSamples: number;
  /** How far the last week ran above its season (hour of week only). */
  level: number;
};

/** So many earlier weeks must have a value at the same time of the week for the week to be the season; up to `maxWeeks` are looked at. */
export const minWeeks = 3;
export const maxWeeks = 8;
/** The spread of a step is that of the season's errors so long before and behind it. */
const vicinityUs = 3 * 3_600_000_000;
/** Without a season a step is held against so long before it. */
const recentUs = 24 * 3_600_000_000;
const hourUs = 3_600_000_000;

/**
 * Learns what is usual from a series' past. `values` are equidistant, on a scale of even noise, NaN where there is none.
 * - **hour of week**: where `minWeeks` earlier weeks have a value at the same time of the week, their median is expected. It is moved by how far
 *   the last week ran above its own season, so that growth, or a shift that has lasted for half a week, becomes usual. The spread is that of the errors which
 *   this way of expecting made about the same time of the week: each week's value against the others'.
 * - **recent**: else the median and the spread of the last 24 hours, of at least `minSamples` values. A day's swing widens that spread: so it finds
 *   less, and is not upset by a week that it does not know.
 */
export class Baselines {
  readonly #values: Float64Array;
  readonly #week: number;
  readonly #vicinity: number;
  readonly #recent: number;
  readonly #hour: number;
  readonly #errors = new Map<number, number[]>();
  readonly #levels = new Map<number, number>();

  constructor(values: Float64Array, stepUs: number) {
    this.#values = values;
    this.#week = Math.round(weekUs / stepUs);
    this.#vicinity = Math.round(vicinityUs / stepUs);
    this.#recent = Math.round(recentUs / stepUs);
    this.#hour = Math.max(1, Math.round(hourUs / stepUs));
  }

  /** What is usual at a step, from the steps before it; undefined where there is too little. */
  at(index: number): Baseline | undefined {
    const earlier = this.#earlierWeeks(index);
    return earlier.length >= minWeeks ? (this.#seasonal(index, earlier) ?? this.#local(index)) : this.#local(index);
  }

  #seasonal(index: number, earlier: number[]): Baseline | undefined {
    const errors: number[] = [];
    for (let slot = index - this.#vicinity; slot <= index + this.#vicinity; slot++) errors.push(...this.#errorsAt(slot));
    if (errors.length < minSamples) return undefined;
    const level = this.#levelAt(index);
    return {
      kind: 'hour_of_week',
      expected: median(earlier) + level,
      spread: spreadAbout(errors, 0),
      samples: earlier.length,
      spreadSamples: errors.length,
      level,
    };
  }

  #local(index: number): Baseline | undefined {
    const before = this.#values.slice(Math.max(0, index - this.#recent), index).filter((value) => !Number.isNaN(value));
    if (before.length < minSamples) return undefined;
    const expected = median(before);
    const samples = before.length;
    return { kind: 'recent', expected, spread: spreadAbout(before, expected), samples, spreadSamples: samples, level: 0 };
  }

  /** The values at the same time of earlier weeks, the newest first. */
  #earlierWeeks(index: number): number[] {
    const found: number[] = [];
    for (let week = 1; week <= maxWeeks; week++) {
      const value = this.#values[index - week * this.#week];
      if (value !== undefined && !Number.isNaN(value)) found.push(value);
    }
    return found;
  }

  /** Of the weeks before a step: each value less what the others would have expected in its place. */
  #errorsAt(index: number): number[] {
    const known = this.#errors.get(index);
    if (known) return known;
    const earlier = this.#earlierWeeks(index);
    const errors = earlier.length < minWeeks ? [] : earlier.map((value, i) => value - median(earlier.filter((_, other) => other !== i)));
    this.#errors.set(index, errors);
    return errors;
  }

  /** How far the week before ran above its season, looked at once an hour: the median of what a day at least has to say about it; else 0. */
  #levelAt(index: number): number {
    const hour = index - (index % this.#hour);
    const known = this.#levels.get(hour);
    if (known !== undefined) return known;
    const errors: number[] = [];
    for (let step = Math.max(0, hour - this.#week); step < hour; step++) {
      const value = this.#values[step]!;
      if (Number.isNaN(value)) continue;
      const earlier = this.#earlierWeeks(step);
      if (earlier.length >= minWeeks) errors.push(value - median(earlier));
    }
    const level = errors.length >= this.#week / 7 ? median(errors) : 0;
    this.#levels.set(hour, level);
    return level;
  }
}
