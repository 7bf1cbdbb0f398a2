import type { PartialState } from '../../query/partial/partial.ts';
import type { ValueRoom } from '../../query/partial/values.ts';
import type { Aggregate } from '../../query/plan.ts';
import type { Place } from '../condition/evaluate.ts';
import type { Steps } from '../steps.ts';
import { Distinct } from './distinct.ts';
import { Numbers } from './numbers.ts';
import { Percentile } from './percentiles.ts';

/** One computed value of every group, filled window by window. */
export interface Accumulator {
  /** Loads what the next rows need. */
  load(place: Place): Steps<void>;
  /** Adds the rows `[from, to)` of the loaded window to one group. */
  addRange(group: number, from: number, to: number): void;
  result(group: number): number | null;
}

/** An accumulator whose groups can be added to those of other records. */
export interface StatefulAccumulator extends Accumulator {
  state(group: number): PartialState;
  /** Whether its values had no room, so that its results are within 1 %. */
  readonly isApproximate: boolean;
}

/** Makes the accumulator of an aggregate; `room` is for the values that it keeps. */
export function accumulatorOf(aggregate: Aggregate, room: ValueRoom): StatefulAccumulator {
  if (aggregate.fn === 'count') return new Count();
  if (aggregate.fn === 'distinct') return new Distinct(aggregate.field, room);
  if (aggregate.fn === 'percentile') return new Percentile(aggregate.field, aggregate.percent, room);
  return new Totals(aggregate.field, aggregate.fn);
}

class Count implements StatefulAccumulator {
  readonly isApproximate = false;
  readonly #counts: number[] = [];

  *load(): Steps<void> {}

  addRange(group: number, from: number, to: number): void {
    this.#counts[group] = (this.#counts[group] ?? 0) + to - from;
  }

  result(group: number): number {
    return this.#counts[group] ?? 0;
  }

  state(group: number): PartialState {
    return { kind: 'count', count: this.result(group) };
  }
}

type Total = { count: number; sum: number; min: number; max: number };
const noTotal = (): Total => ({ count: 0, sum: 0, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY });

class Totals implements StatefulAccumulator {
  readonly isApproximate = false;
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
    this.#totals[group] ??= noTotal();
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

  state(group: number): PartialState {
    return { kind: 'totals', ...(this.#totals[group] ?? noTotal()) };
  }
}
