/**
 * A distribution in logarithmic buckets: quantiles are within 1 % of a value that is there. Plain data; adding two up is exact, in any order, but for
 * the rounding of `sum`. The idea is DDSketch's (Masson, Rim, Lee: https://www.vldb.org/pvldb/vol12/p2195-masson.pdf).
 */
export type Sketch = {
  count: number;
  sum: number;
  /** Of the values; both 0 where there is none. */
  min: number;
  max: number;
  /** A bucket's number and its count, one after the other, numbers ascending: as the values do. */
  buckets: number[];
};

export const emptySketch: Sketch = { count: 0, sum: 0, min: 0, max: 0, buckets: [] };

/** Each bucket's upper end over its lower. */
const growth = 1.02;
const logGrowth = Math.log(growth);
/** What is nearer to 0 than this counts as 0. */
const least = 1e-9;

/** The bucket of a finite value: 0 for about 0, those of negative values below it. */
export function bucketOfValue(value: number): number {
  const size = Math.abs(value);
  if (size < least) return 0;
  const bucket = Math.max(1, Math.ceil(Math.log(size / least) / logGrowth));
  return value > 0 ? bucket : -bucket;
}

/** The value in the middle of a bucket: at most 1 % from any in it. */
function valueOfBucket(bucket: number): number {
  if (bucket === 0) return 0;
  const size = (least * 2 * growth ** Math.abs(bucket)) / (growth + 1);
  return bucket > 0 ? size : -size;
}

/** Gathers values into a sketch. What is not finite is left out. */
export class SketchBuilder {
  count = 0;
  sum = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  readonly #buckets = new Map<number, number>();

  add(value: number, times = 1): void {
    if (!Number.isFinite(value)) return;
    this.count += times;
    this.sum += value * times;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    const bucket = bucketOfValue(value);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + times);
  }

  merge({ count, sum, min, max, buckets }: Sketch): void {
    if (count === 0) return;
    this.count += count;
    this.sum += sum;
    this.min = Math.min(this.min, min);
    this.max = Math.max(this.max, max);
    for (let i = 0; i < buckets.length; i += 2) {
      this.#buckets.set(buckets[i]!, (this.#buckets.get(buckets[i]!) ?? 0) + buckets[i + 1]!);
    }
  }

  build(): Sketch {
    if (this.count === 0) return emptySketch;
    const { count, sum, min, max } = this;
    return { count, sum, min, max, buckets: [...this.#buckets].sort(([a], [b]) => a - b).flat() };
  }
}

/** Adds sketches up. */
export function mergeSketches(...sketches: Sketch[]): Sketch {
  const builder = new SketchBuilder();
  for (const sketch of sketches) builder.merge(sketch);
  return builder.build();
}

/** The percentile (0 to 100) by linear interpolation between closest ranks, each within 1 %; null where nothing was added. */
export function percentileBetween(sketch: Sketch, percent: number): number | null {
  const { count } = sketch;
  if (count === 0) return null;
  const rank = (percent / 100) * (count - 1);
  const below = valueAtRank(sketch, Math.floor(rank));
  return below + (valueAtRank(sketch, Math.ceil(rank)) - below) * (rank - Math.floor(rank));
}

function valueAtRank({ count, min, max, buckets }: Sketch, rank: number): number {
  if (rank <= 0) return min;
  if (rank >= count - 1) return max;
  let seen = 0;
  for (let i = 0; i < buckets.length; i += 2) {
    seen += buckets[i + 1]!;
    if (seen > rank) return Math.min(max, Math.max(min, valueOfBucket(buckets[i]!)));
  }
  return max;
}

/** The percentile (0 to 100) by nearest rank, within 1 %; null where nothing was added. */
export function percentileOfSketch({ count, min, max, buckets }: Sketch, percent: number): number | null {
  if (count === 0) return null;
  const rank = Math.max(1, Math.ceil((percent / 100) * count));
  let seen = 0;
  for (let i = 0; i < buckets.length; i += 2) {
    seen += buckets[i + 1]!;
    if (seen >= rank) return Math.min(max, Math.max(min, valueOfBucket(buckets[i]!)));
  }
  return max;
}
