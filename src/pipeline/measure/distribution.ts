/** How many observations lie above `lower` and at most at `upper`; both the same for a single value. */
export type Bin = { lower: number; upper: number; n: number };

/** Observations counted by bins of any bounds; two are merged by adding their bins. */
export class Distribution {
  readonly #bins = new Map<string, Bin>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  get bins(): Bin[] {
    return [...this.#bins.values()];
  }

  add({ lower, upper, n }: Bin): void {
    if (n === 0) return;
    const key = `${lower}/${upper}`;
    const bin = this.#bins.get(key);
    if (bin) bin.n += n;
    else this.#bins.set(key, { lower, upper, n });
    this.#total += n;
  }

  merge(other: Distribution): void {
    for (const bin of other.bins) this.add(bin);
  }

  /** The value below which `percent` of the observations lie, taken to be spread evenly within each bin; undefined where there is none. */
  percentile(percent: number): number | undefined {
    if (this.#total === 0) return undefined;
    const target = (percent / 100) * this.#total;
    const bins = this.bins;
    const edges = [...new Set(bins.flatMap(({ lower, upper }) => [lower, upper]))].sort((a, b) => a - b);
    let at = edges[0]!;
    let below = upTo(bins, at);
    if (target <= below) return at;
    for (const edge of edges.slice(1)) {
      const left = below + bins.reduce((sum, bin) => sum + within(bin, at, edge), 0);
      if (target <= left) return left === below ? edge : at + ((target - below) / (left - below)) * (edge - at);
      below = left + single(bins, edge);
      at = edge;
      if (target <= below) return edge;
    }
    return at;
  }
}

const upTo = (bins: readonly Bin[], edge: number): number => single(bins, edge);
const single = (bins: readonly Bin[], edge: number): number =>
  bins.reduce((sum, { lower, upper, n }) => sum + (lower === upper && lower === edge ? n : 0), 0);
/** How many of a bin lie between two neighbouring edges. */
const within = ({ lower, upper, n }: Bin, from: number, to: number): number =>
  lower < upper && lower <= from && upper >= to ? (n * (to - from)) / (upper - lower) : 0;

/** Bins that are 2 % wide: a percentile of values counted in them is within 1 %. */
const growth = Math.log(1.02);

/** The bin of a single value among those of equal ratio. */
export function binOf(value: number): Bin {
  if (value === 0) return { lower: 0, upper: 0, n: 1 };
  const index = Math.ceil(Math.log(Math.abs(value)) / growth);
  const [near, far] = [Math.exp((index - 1) * growth), Math.exp(index * growth)];
  return value > 0 ? { lower: near, upper: far, n: 1 } : { lower: -far, upper: -near, n: 1 };
}
