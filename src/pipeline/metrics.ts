/** Values of a metric's labels, in the order in which the metric names them. */
export type LabelValues = readonly string[];

export type Counter = { add(amount?: number, ...labels: string[]): void; value(...labels: string[]): number };
export type Gauge = { set(value: number, ...labels: string[]): void };
export type Histogram = { observe(value: number, ...labels: string[]): void };

/** Where metrics are named: kept and spelt as text here, written out as they come where nobody can ask a process (see compose/aws). */
export type Registry = Pick<Metrics, 'counter' | 'gauge' | 'histogram'>;

type Kind = 'counter' | 'gauge' | 'histogram';
type Family = { name: string; help: string; kind: Kind; lines(): string[] };

/** Label sets a metric keeps; further ones are counted together under this value, so that no caller can fill the memory. */
const maxSeries = 500;
const overflowLabel = 'other';

/** Seconds, for requests and other short work. */
export const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/**
 * A registry of counters, gauges and histograms, spelt as Prometheus text 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). Names are given once; a second use of a name is a fault of the program.
 */
export class Metrics {
  readonly #families = new Map<string, Family>();

  counter(name: string, help: string, labels: readonly string[] = []): Counter {
    const series = new Series<{ value: number }>(labels, () => ({ value: 0 }));
    this.#add({ name, help, kind: 'counter', lines: () => series.map((at, cell) => `${name}${at()} ${number(cell.value)}`) });
    return {
      add: (amount = 1, ...values) => {
        series.cell(values).value += amount;
      },
      value: (...values) => series.cell(values).value,
    };
  }

  gauge(name: string, help: string, labels: readonly string[] = []): Gauge {
    const series = new Series<{ value: number }>(labels, () => ({ value: 0 }));
    this.#add({ name, help, kind: 'gauge', lines: () => series.map((at, cell) => `${name}${at()} ${number(cell.value)}`) });
    return {
      set: (value, ...values) => {
        series.cell(values).value = value;
      },
    };
  }

  /** A gauge that is read when the metrics are: its function answers the value now, or a value for each set of labels. */
  observedGauge(name: string, help: string, read: () => number): void;
  observedGauge(
    name: string,
    help: string,
    read: () => Iterable<readonly [value: number, ...labels: string[]]>,
    labels: readonly string[],
  ): void;
  observedGauge(
    name: string,
    help: string,
    read: () => number | Iterable<readonly [value: number, ...labels: string[]]>,
    labels: readonly string[] = [],
  ): void {
    const lines = () => {
      const now = read();
      const rows = typeof now === 'number' ? [[now] as const] : [...now];
      return rows.map(([value, ...values]) => `${name}${labelText(labels, values)} ${number(value)}`);
    };
    this.#add({ name, help, kind: 'gauge', lines });
  }

  histogram(name: string, help: string, labels: readonly string[] = [], buckets: readonly number[] = secondsBuckets): Histogram {
    const series = new Series(labels, () => ({ counts: new Float64Array(buckets.length + 1), sum: 0 }));
    const lines = () =>
      series.map((at, { counts, sum }) => {
        let total = 0;
        const rows = buckets.map((bound, i) => {
          total += counts[i]!;
          return `${name}_bucket${at(`le="${bound}"`)} ${total}`;
        });
        total += counts[buckets.length]!;
        return [...rows, `${name}_bucket${at('le="+Inf"')} ${total}`, `${name}_sum${at()} ${number(sum)}`, `${name}_count${at()} ${total}`];
      });
    this.#add({ name, help, kind: 'histogram', lines });
    return {
      observe: (value, ...values) => {
        const cell = series.cell(values);
        let i = 0;
        while (i < buckets.length && value > buckets[i]!) i++;
        cell.counts[i]! += 1;
        cell.sum += value;
      },
    };
  }

  /** All metrics as text. */
  text(): string {
    let text = '';
    for (const { name, help, kind, lines } of this.#families.values()) {
      text += `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${kind}\n${lines().join('\n')}\n`;
    }
    return text;
  }

  #add(family: Family): void {
    if (this.#families.has(family.name)) throw new Error(`the metric ${family.name} exists already; name each once`);
    this.#families.set(family.name, family);
  }
}

/** The media type of {@link Metrics.text}. */
export const metricsMediaType = 'text/plain; version=0.0.4; charset=utf-8';

class Series<Cell> {
  readonly #labels: readonly string[];
  readonly #make: () => Cell;
  readonly #cells = new Map<string, { values: LabelValues; cell: Cell }>();

  constructor(labels: readonly string[], make: () => Cell) {
    this.#labels = labels;
    this.#make = make;
    if (labels.length === 0) this.cell([]);
  }

  cell(values: LabelValues): Cell {
    const key = values.length === 1 ? values[0]! : values.join('\u0000');
    const known = this.#cells.get(key);
    if (known) return known.cell;
    if (values.length !== this.#labels.length) throw new Error(`the labels ${this.#labels.join(', ')} need a value each`);
    return this.#put(this.#cells.size < maxSeries ? values : values.map(() => overflowLabel));
  }

  map(spell: (at: (more?: string) => string, cell: Cell) => string | string[]): string[] {
    return [...this.#cells.values()].flatMap(({ values, cell }) => {
      return spell((more) => labelText(this.#labels, values, more), cell);
    });
  }

  #put(values: LabelValues): Cell {
    const key = values.join('\u0000');
    const known = this.#cells.get(key);
    if (known) return known.cell;
    const cell = this.#make();
    this.#cells.set(key, { values, cell });
    return cell;
  }
}

/** Spells `{a="x",b="y"}`, or nothing where there are no labels; `more` is a pair that is spelt already. */
function labelText(names: readonly string[], values: LabelValues, more?: string): string {
  if (names.length === 0 && more === undefined) return '';
  const pairs = names.map((name, i) => `${name}="${escapeLabel(values[i]!)}"`);
  return `{${(more === undefined ? pairs : [...pairs, more]).join(',')}}`;
}

const escapeLabel = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const number = (value: number): string =>
  Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
