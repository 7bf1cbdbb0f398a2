import type { AttributeValue } from '../../core/record.ts';
import { DistinctSketch, packedHash } from '../../query/partial/distinct-sketch.ts';
import type { PartialState } from '../../query/partial/partial.ts';
import { Distincts, type ValueRoom } from '../../query/partial/values.ts';
import type { Place } from '../condition/evaluate.ts';
import type { Steps } from '../steps.ts';
import type { StatefulAccumulator } from './accumulators.ts';
import { FieldNumbers } from './field-values.ts';

/** About what a value takes in a map, and its number in a set. */
const valueBytes = 96;
const numberBytes = 24;

/** Keeps the values of each group, by number; when there is no more room for them, a sketch of each instead, of hashes of the values. */
export class Distinct implements StatefulAccumulator {
  readonly #field: string;
  readonly #room: ValueRoom;
  #ids = new Map<AttributeValue, number>();
  #reader = new FieldNumbers((value) => this.#idOf(value));
  readonly #seen: (Set<number> | undefined)[] = [];
  #sketches: (DistinctSketch | undefined)[] | undefined;
  #takenBytes = 0;
  #values: Float64Array = new Float64Array(0);
  #base = 0;

  constructor(field: string, room: ValueRoom) {
    this.#field = field;
    this.#room = room;
  }

  get isApproximate(): boolean {
    return this.#sketches !== undefined;
  }

  *load(place: Place): Steps<void> {
    if (this.#room.leftBytes < 0 && !this.#sketches) this.#toSketches();
    this.#values = yield* this.#reader.of(this.#field, place);
    this.#base = place.window.from;
  }

  addRange(group: number, from: number, to: number): void {
    const values = this.#values;
    const base = this.#base;
    if (this.#sketches) {
      this.#sketches[group] ??= new DistinctSketch();
      for (let i = from - base; i < to - base; i++) if (!Number.isNaN(values[i]!)) this.#sketches[group].addHash(values[i]!);
      return;
    }
    this.#seen[group] ??= new Set();
    const seen = this.#seen[group];
    const before = seen.size;
    for (let i = from - base; i < to - base; i++) {
      const id = values[i]!;
      if (!Number.isNaN(id)) seen.add(id);
    }
    if (seen.size > before) this.#take((seen.size - before) * numberBytes);
  }

  result(group: number): number {
    return (this.#sketches ? this.#sketches[group]?.estimate() : this.#seen[group]?.size) ?? 0;
  }

  state(group: number): PartialState {
    if (this.#sketches) return { kind: 'distincts', values: new Distincts(this.#room, this.#sketches[group] ?? new DistinctSketch()) };
    const values = new Distincts(this.#room);
    const all = [...this.#ids.keys()];
    for (const id of this.#seen[group] ?? []) values.add(all[id]!);
    return { kind: 'distincts', values };
  }

  #idOf(value: AttributeValue): number {
    let id = this.#ids.get(value);
    if (id === undefined) {
      id = this.#ids.size;
      this.#ids.set(value, id);
      this.#take(valueBytes + (typeof value === 'string' ? value.length : 0));
    }
    return id;
  }

  #take(bytes: number): void {
    this.#takenBytes += bytes;
    this.#room.leftBytes -= bytes;
  }

  #toSketches(): void {
    const hashes = [...this.#ids.keys()].map(packedHash);
    this.#sketches = this.#seen.map((seen) => {
      if (!seen) return undefined;
      const sketch = new DistinctSketch();
      for (const id of seen) sketch.addHash(hashes[id]!);
      return sketch;
    });
    this.#seen.length = 0;
    this.#ids = new Map();
    this.#room.leftBytes += this.#takenBytes;
    this.#reader = new FieldNumbers(packedHash);
  }
}
