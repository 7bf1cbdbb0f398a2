import type { Clock } from '../../core/clock.ts';
import type { Counter, Gauge, Histogram, LabelValues, Registry } from '../../pipeline/metrics.ts';

export const metricsNamespace = 'Logdrive';

/** Labels that become no dimension: a metric of its own for each route would be paid for each month. Log lines have them. */
const notDimensions = new Set(['method', 'route']);

/** CloudWatch takes at most this many values of one metric in a line, and this many metrics. */
const maxValues = 100;
const maxMetrics = 100;

type Cell = {
  name: string;
  dimensions: Record<string, string>;
  amount: number;
  total: number;
  values: number[];
  kind: 'sum' | 'last' | 'all';
};

/**
 * The platform's metrics as lines of the embedded metric format, under the names that `/metrics` has on the embedded host: a function lives too
 * shortly to be asked. Counters are written as what was added since the last `flush`, histograms as their values.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export class EmfMetrics implements Registry {
  readonly #names = new Set<string>();
  readonly #cells = new Map<string, Cell>();
  readonly #base: Record<string, string>;
  readonly #clock: Clock;
  readonly #write: (line: string) => void;

  /** `dimensions` are on every metric; `write` takes a line with its end. */
  constructor({ dimensions, clock, write }: { dimensions: Record<string, string>; clock: Clock; write: (line: string) => void }) {
    this.#base = dimensions;
    this.#clock = clock;
    this.#write = write;
  }

  counter(name: string, _help: string, labels: readonly string[] = []): Counter {
    const cell = this.#named(name, labels, 'sum');
    return {
      add: (amount = 1, ...values) => {
        const at = cell(values);
        at.amount += amount;
        at.total += amount;
      },
      value: (...values) => cell(values).total,
    };
  }

  gauge(name: string, _help: string, labels: readonly string[] = []): Gauge {
    const cell = this.#named(name, labels, 'last');
    return {
      set: (value, ...values) => {
        cell(values).values = [value];
      },
    };
  }

  histogram(name: string, _help: string, labels: readonly string[] = []): Histogram {
    const cell = this.#named(name, labels, 'all');
    return { observe: (value, ...values) => void cell(values).values.push(value) };
  }

  /** Writes what came since the last time: a line for each set of dimensions. */
  flush(): void {
    const byDimensions = new Map<string, { dimensions: Record<string, string>; metrics: [name: string, value: number | number[]][] }>();
    for (const cell of this.#cells.values()) {
      const pieces = piecesOf(cell);
      if (pieces.length === 0) continue;
      const key = JSON.stringify(cell.dimensions);
      const group = byDimensions.get(key) ?? { dimensions: cell.dimensions, metrics: [] };
      byDimensions.set(key, group);
      for (const piece of pieces) group.metrics.push([cell.name, piece]);
      cell.amount = 0;
      cell.values = [];
    }
    for (const { dimensions, metrics } of byDimensions.values()) for (const line of linesOf(metrics)) this.#line(dimensions, line);
  }

  #line(dimensions: Record<string, string>, metrics: Map<string, number | number[]>): void {
    const all = { ...this.#base, ...dimensions };
    const definition = {
      Namespace: metricsNamespace,
      Dimensions: [Object.keys(all)],
      Metrics: [...metrics.keys()].map((name) => ({ Name: name, Unit: unitOf(name) })),
    };
    const head = { _aws: { Timestamp: Math.round(this.#clock.nowMs()), CloudWatchMetrics: [definition] } };
    this.#write(`${JSON.stringify({ ...head, ...all, ...Object.fromEntries(metrics) })}\n`);
  }

  #named(name: string, labels: readonly string[], kind: Cell['kind']): (values: LabelValues) => Cell {
    if (this.#names.has(name)) throw new Error(`the metric ${name} exists already; name each once`);
    this.#names.add(name);
    return (values) => {
      const dimensions = Object.fromEntries(labels.flatMap((label, i) => (notDimensions.has(label) ? [] : [[label, values[i]!]])));
      const key = `${name}\0${Object.values(dimensions).join('\0')}`;
      const known = this.#cells.get(key);
      if (known) return known;
      const made: Cell = { name, dimensions, amount: 0, total: 0, values: [], kind };
      this.#cells.set(key, made);
      return made;
    };
  }
}

function piecesOf({ kind, amount, values }: Cell): (number | number[])[] {
  if (kind === 'sum') return amount === 0 ? [] : [amount];
  if (kind === 'last') return values;
  const pieces: number[][] = [];
  for (let at = 0; at < values.length; at += maxValues) pieces.push(values.slice(at, at + maxValues));
  return pieces;
}

/** A line names a metric once, and so many of them at most. */
function linesOf(metrics: [name: string, value: number | number[]][]): Map<string, number | number[]>[] {
  const lines: Map<string, number | number[]>[] = [];
  for (const [name, value] of metrics) {
    let line = lines.find((candidate) => !candidate.has(name) && candidate.size < maxMetrics);
    if (!line) {
      line = new Map();
      lines.push(line);
    }
    line.set(name, value);
  }
  return lines;
}

const unitOf = (name: string): string =>
  name.endsWith('_seconds') ? 'Seconds' : name.endsWith('_bytes') ? 'Bytes' : name.endsWith('_total') ? 'Count' : 'None';
