import { percentileBetween, SketchBuilder } from '../../core/windows/sketch.ts';
import type { PartialState } from '../../query/partial/partial.ts';
import { Quantiles, type ValueRoom } from '../../query/partial/values.ts';
import type { Place } from '../condition/evaluate.ts';
import type { Steps } from '../steps.ts';
import type { StatefulAccumulator } from './accumulators.ts';
import { Numbers } from './numbers.ts';
import { percentileOf } from './percentile.ts';

type Held = { values: Float64Array; count: number };

/** Keeps the values of each group; when there is no more room for them, a sketch of each instead. */
export class Percentile implements StatefulAccumulator {
  readonly #numbers: Numbers;
  readonly #percent: number;
  readonly #room: ValueRoom;
  readonly #held: (Held | undefined)[] = [];
  #sketches: (SketchBuilder | undefined)[] | undefined;

  constructor(field: string, percent: number, room: ValueRoom) {
    this.#numbers = new Numbers(field);
    this.#percent = percent;
    this.#room = room;
  }

  get isApproximate(): boolean {
    return this.#sketches !== undefined;
  }

  load(place: Place): Steps<void> {
    if (this.#room.leftBytes < 0 && !this.#sketches) this.#toSketches();
    return this.#numbers.load(place);
  }

  addRange(group: number, from: number, to: number): void {
    if (this.#sketches) this.#addToSketch(this.#sketches, group, from, to);
    else this.#keep(group, from, to);
  }

  result(group: number): number | null {
    if (this.#sketches) return percentileBetween((this.#sketches[group] ?? new SketchBuilder()).build(), this.#percent);
    const held = this.#held[group];
    return held && held.count > 0 ? percentileOf(held.values.subarray(0, held.count), this.#percent) : null;
  }

  state(group: number): PartialState {
    if (this.#sketches) return { kind: 'quantiles', values: new Quantiles(this.#room, this.#sketches[group] ?? new SketchBuilder()) };
    const values = new Quantiles(this.#room);
    const held = this.#held[group];
    if (held) {
      for (let i = 0; i < held.count; i++) values.add(held.values[i]!);
      this.#room.leftBytes += held.values.byteLength;
      this.#held[group] = undefined;
    }
    return { kind: 'quantiles', values };
  }

  #keep(group: number, from: number, to: number): void {
    this.#held[group] ??= { values: new Float64Array(16), count: 0 };
    const held = this.#held[group];
    if (held.count + to - from > held.values.length) {
      const longer = new Float64Array(Math.max(held.values.length * 2, held.count + to - from));
      this.#room.leftBytes -= longer.byteLength - held.values.byteLength;
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

  #addToSketch(sketches: (SketchBuilder | undefined)[], group: number, from: number, to: number): void {
    sketches[group] ??= new SketchBuilder();
    const { values, base } = this.#numbers;
    for (let i = from - base; i < to - base; i++) sketches[group].add(values[i]!);
  }

  #toSketches(): void {
    this.#sketches = this.#held.map((held) => {
      if (!held) return undefined;
      const sketch = new SketchBuilder();
      for (let i = 0; i < held.count; i++) sketch.add(held.values[i]!);
      this.#room.leftBytes += held.values.byteLength;
      return sketch;
    });
    this.#held.length = 0;
  }
}
