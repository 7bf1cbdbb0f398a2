import type { AttributeValue } from '../../core/record.ts';
import { percentileBetween, SketchBuilder } from '../../core/windows/sketch.ts';
import { DistinctSketch } from './distinct-sketch.ts';

/** What all gatherers of one query may still keep of values one by one. Where it is spent, they go on with sketches. */
export type ValueRoom = { leftBytes: number };

/** About what an entry of a map or a set takes, and a text besides. */
const entryBytes = 48;
const bytesOf = (value: AttributeValue): number => entryBytes + (typeof value === 'string' ? 24 + value.length : 0);

/** What a percentile is computed from: numbers with how often each occurs, or, where there is no room for them, a sketch. */
export class Quantiles {
  readonly #room: ValueRoom;
  #counts: Map<number, number> | undefined = new Map();
  #sketch: SketchBuilder | undefined;

  constructor(room: ValueRoom, sketch?: SketchBuilder) {
    this.#room = room;
    if (!sketch) return;
    this.#counts = undefined;
    this.#sketch = sketch;
  }

  get isExact(): boolean {
    return this.#counts !== undefined;
  }

  add(value: number, times = 1): void {
    if (!this.#counts) {
      this.#sketch!.add(value, times);
      return;
    }
    const before = this.#counts.get(value);
    this.#counts.set(value, (before ?? 0) + times);
    if (before !== undefined) return;
    this.#room.leftBytes -= entryBytes;
    if (this.#room.leftBytes < 0) this.#toSketch();
  }

  merge(other: Quantiles): void {
    if (other.#counts) for (const [value, times] of other.#counts) this.add(value, times);
    else {
      this.#toSketch();
      this.#sketch!.merge(other.#sketch!.build());
    }
  }

  /** By linear interpolation between closest ranks; null of nothing. */
  result(percent: number): number | null {
    if (!this.#counts) return percentileBetween(this.#sketch!.build(), percent);
    const sorted = [...this.#counts].sort(([a], [b]) => a - b);
    const total = sorted.reduce((sum, [, times]) => sum + times, 0);
    if (total === 0) return null;
    const rank = (percent / 100) * (total - 1);
    const below = valueAt(sorted, Math.floor(rank));
    return below + (valueAt(sorted, Math.ceil(rank)) - below) * (rank - Math.floor(rank));
  }

  #toSketch(): void {
    if (!this.#counts) return;
    this.#sketch = new SketchBuilder();
    for (const [value, times] of this.#counts) this.#sketch.add(value, times);
    this.#room.leftBytes += this.#counts.size * entryBytes;
    this.#counts = undefined;
  }
}

function valueAt(sorted: readonly [value: number, times: number][], rank: number): number {
  let seen = 0;
  for (const [value, times] of sorted) {
    seen += times;
    if (seen > rank) return value;
  }
  return sorted.at(-1)![0];
}

/** What a distinct count is computed from: the values, or, where there is no room for them, a sketch. */
export class Distincts {
  readonly #room: ValueRoom;
  #values: Set<AttributeValue> | undefined = new Set();
  #bytes = 0;
  #sketch: DistinctSketch | undefined;

  constructor(room: ValueRoom, sketch?: DistinctSketch) {
    this.#room = room;
    if (!sketch) return;
    this.#values = undefined;
    this.#sketch = sketch;
  }

  get isExact(): boolean {
    return this.#values !== undefined;
  }

  add(value: AttributeValue): void {
    if (!this.#values) {
      this.#sketch!.add(value);
      return;
    }
    const before = this.#values.size;
    this.#values.add(value);
    if (this.#values.size === before) return;
    const bytes = bytesOf(value);
    this.#bytes += bytes;
    this.#room.leftBytes -= bytes;
    if (this.#room.leftBytes < 0) this.#toSketch();
  }

  merge(other: Distincts): void {
    if (other.#values) for (const value of other.#values) this.add(value);
    else {
      this.#toSketch();
      this.#sketch!.merge(other.#sketch!);
    }
  }

  result(): number {
    return this.#values?.size ?? this.#sketch!.estimate();
  }

  #toSketch(): void {
    if (!this.#values) return;
    this.#sketch = new DistinctSketch();
    for (const value of this.#values) this.#sketch.add(value);
    this.#room.leftBytes += this.#bytes;
    this.#values = undefined;
  }
}
