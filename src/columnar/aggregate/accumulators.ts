import type { AttributeValue } from '../../core/record.ts';
import type { Aggregate } from '../../query/plan.ts';
import type { Place } from '../condition/evaluate.ts';
import type { Steps } from '../steps.ts';
import { FieldNumbers, loadField } from './field-values.ts';
import { percentileOf } from './percentile.ts';

/** One computed value of every group, filled window by window. */
export interface Accumulator {
  /** Loads what the next rows need. */
  load(place: Place): Steps<void>;
  /** Adds the rows `[from, to)` of the loaded window to one group. */
  addRange(group: number, from: number, to: number): void;
  result(group: number): number | null;
}

/** Makes the accumulator of an aggregate. */
export function accumulatorOf(aggregate: Aggregate): Accumulator {
  if (aggregate.fn === 'count') return new Count();
  if (aggregate.fn === 'distinct') return new Distinct(aggregate.field);
  if (aggregate.fn === 'percentile') return new Percentile(aggregate.field, aggregate.percent);
  return new Totals(aggregate.field, aggregate.fn);
}

class Count implements Accumulator {
  readonly #counts: number[] = [];

  *load(): Steps<void> {}

  addRange(group: number, from: number, to: number): void {
    this.#counts[group] = (this.#counts[group] ?? 0) + to - from;
  }

  result(group: number): number {
    return this.#counts[group] ?? 0;
  }
}

/** The loaded window of a field of numbers. */
export class Numbers {
  values: Float64Array = new Float64Array(0);
  /** The row that `values[0]` is of. */
  base = 0;
  readonly #field: string;
  readonly #reader = new FieldNumbers((value) => (typeof value === 'number' ? value : Number.NaN));

  constructor(field: string) {
    this.#field = field;
  }

  *load(place: Place): Steps<void> {
    const data = yield* loadField(this.#field, place);
    const [only] = data.columns;
    if (only?.kind === 'numbers' && data.columns.length === 1 && !data.overflow && only.values instanceof Float64Array) {
      this.values = only.values;
      this.base = only.base;
    } else {
      this.values = yield* this.#reader.of(this.#field, place);
      this.base = place.window.from;
    }
  }
}

type Total = { count: number; sum: number; min: number; max: number };

class Totals implements Accumulator {
  readonly #numbers: Numbers;
  readonly #fn: 'sum' | 'avg' | 'min' | 'max';
  readonly #totals: (Total | undefined)[] = [];

  constructor(field: string, fn: 'sum' | 'avg' | 'min' | 'max') {
    this.#numbers = new Numbers(field);
    this.#fn = fn;
  }

  load(place: Place): Steps<void> {
    return this.#numbers.load(place);
  }

  addRange(group: number, from: number, to: number): void {
    this.#totals[group] ??= { count: 0, sum: 0, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
    const total = this.#totals[group]!;
    const { values, base } = this.#numbers;
    for (let i = from - base; i < to - base; i++) {
      const value = values[i]!;
      if (Number.isNaN(value)) continue;
      total.count++;
      total.sum += value;
      if (value < total.min) total.min = value;
      if (value > total.max) total.max = value;
    }
  }

  result(group: number): number | null {
    const total = this.#totals[group];
    if (!total || total.count === 0) return null;
    return this.#fn === 'avg' ? total.sum / total.count : total[this.#fn];
  }
}

class Percentile implements Accumulator {
  readonly #numbers: Numbers;
  readonly #percent: number;
  readonly #held: ({ values: Float64Array; count: number } | undefined)[] = [];

  constructor(field: string, percent: number) {
    this.#numbers = new Numbers(field);
    this.#percent = percent;
  }

  load(place: Place): Steps<void> {
    return this.#numbers.load(place);
  }

  addRange(group: number, from: number, to: number): void {
    this.#held[group] ??= { values: new Float64Array(64), count: 0 };
    const held = this.#held[group]!;
    if (held.count + to - from > held.values.length) {
      const longer = new Float64Array(Math.max(held.values.length * 2, held.count + to - from));
      longer.set(held.values.subarray(0, held.count));
      held.values = longer;
    }
    const { values, base } = this.#numbers;
    const out = held.values;
    let n = held.count;
    for (let i = from - base; i < to - base; i++) {
      const value = values[i]!;
      if (!Number.isNaN(value)) out[n++] = value;
    }
    held.count = n;
  }

  result(group: number): number | null {
    const held = this.#held[group];
    return held && held.count > 0 ? percentileOf(held.values.subarray(0, held.count), this.#percent) : null;
  }
}

class Distinct implements Accumulator {
  readonly #field: string;
  readonly #ids = new Map<AttributeValue, number>();
  readonly #reader = new FieldNumbers((value) => this.#idOf(value));
  readonly #seen: (Set<number> | undefined)[] = [];
  #values: Float64Array = new Float64Array(0);
  #base = 0;

  constructor(field: string) {
    this.#field = field;
  }

  *load(place: Place): Steps<void> {
    this.#values = yield* this.#reader.of(this.#field, place);
    this.#base = place.window.from;
  }

  addRange(group: number, from: number, to: number): void {
    this.#seen[group] ??= new Set();
    const seen = this.#seen[group]!;
    for (let i = from - this.#base; i < to - this.#base; i++) {
      const id = this.#values[i]!;
      if (!Number.isNaN(id)) seen.add(id);
    }
  }

  result(group: number): number {
    return this.#seen[group]?.size ?? 0;
  }

  #idOf(value: AttributeValue): number {
    let id = this.#ids.get(value);
    if (id === undefined) {
      id = this.#ids.size;
      this.#ids.set(value, id);
    }
    return id;
  }
}
