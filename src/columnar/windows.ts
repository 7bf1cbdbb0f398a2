import type { Level } from '../core/record.ts';
import { emptySketch, SketchBuilder } from '../core/windows/sketch.ts';
import { addWindows, dueUs, type Window, type WindowSettings, windowOf, windowUs } from '../core/windows/window.ts';
import { everything } from '../query/ast/expression.ts';
import type { AggregatePlan, Snapshot, TimeRange } from '../query/plan.ts';
import type { Accumulator } from './aggregate/accumulators.ts';
import { Numbers } from './aggregate/numbers.ts';
import { grouping } from './aggregate.ts';
import type { Place } from './condition/evaluate.ts';
import { noReads } from './rows.ts';
import type { SourceRef } from './sources.ts';
import { run, type Steps } from './steps.ts';

/** The windows of a tenant that begin in a range. */
export type WindowScan = { tenant: string; time: TimeRange; snapshot?: Snapshot } & WindowSettings;

/** Counts rows of tables and parts by minute, service and level: codes of dictionaries, times, and the columns of latencies. Sources must stay open until it resolves. */
export async function readWindows(
  sources: SourceRef[],
  { tenant, time, snapshot, latenessUs, latencyKeys }: WindowScan,
): Promise<Window[]> {
  const plan: AggregatePlan = {
    tenant,
    time: wholeMinutes(time),
    where: everything,
    groupBy: [
      { kind: 'bucket', stepUs: windowUs, as: 'minute' },
      { kind: 'field', field: 'service', as: 'service' },
      { kind: 'field', field: 'level', as: 'level' },
    ],
    aggregates: [],
    orderBy: [],
    limit: 0,
    ...(snapshot ? { snapshot } : {}),
  };
  const counts = new Counts(latenessUs);
  const latencies = new Latencies(latencyKeys);
  const { groups, keys } = await run(grouping(sources, plan, [counts, latencies], noReads()));
  const valueIn = (key: number, ids: number[]) => keys[key]!.values[ids[key]!];
  return addWindows(
    groups.map((ids, group) => ({
      minuteUs: Number(valueIn(0, ids)),
      service: String(valueIn(1, ids) ?? 'unknown'),
      level: valueIn(2, ids) as Level,
      ...counts.of(group),
      latency: latencies.of(group),
    })),
  );
}

/** The windows that begin in a range, whole. */
const wholeMinutes = ({ fromUs, toUs }: TimeRange): TimeRange => ({
  fromUs: windowOf(fromUs + windowUs - 1),
  toUs: windowOf(toUs + windowUs - 1),
});

type Cell = { count: number; late: number; amendedUs: number };

/** Counts rows, and those of them that were observed when their window was due. */
class Counts implements Accumulator {
  readonly #latenessUs: number;
  readonly #cells: (Cell | undefined)[] = [];
  readonly #times = new Numbers('timestamp');
  readonly #observed = new Numbers('observed_timestamp');

  constructor(latenessUs: number) {
    this.#latenessUs = latenessUs;
  }

  *load(place: Place): Steps<void> {
    yield* this.#times.load(place);
    yield* this.#observed.load(place);
  }

  addRange(group: number, from: number, to: number): void {
    this.#cells[group] ??= { count: 0, late: 0, amendedUs: 0 };
    const cell = this.#cells[group];
    const { values: times, base } = this.#times;
    const { values: observed, base: observedBase } = this.#observed;
    cell.count += to - from;
    // The rows of a range are of one group, and so of one minute.
    const due = dueUs(windowOf(times[from - base]!), this.#latenessUs);
    for (let row = from; row < to; row++) {
      const at = observed[row - observedBase]!;
      if (at < due) continue;
      cell.late++;
      if (at > cell.amendedUs) cell.amendedUs = at;
    }
  }

  result(group: number): number {
    return this.#cells[group]?.count ?? 0;
  }

  of(group: number): Cell {
    return this.#cells[group] ?? { count: 0, late: 0, amendedUs: 0 };
  }
}

/** Gathers the latencies of rows: the first of some attributes that is a number. */
class Latencies implements Accumulator {
  readonly #numbers: Numbers[];
  readonly #sketches: (SketchBuilder | undefined)[] = [];

  constructor(keys: readonly string[]) {
    this.#numbers = keys.map((key) => new Numbers(`attributes.${key}`));
  }

  *load(place: Place): Steps<void> {
    for (const numbers of this.#numbers) yield* numbers.load(place);
  }

  addRange(group: number, from: number, to: number): void {
    for (let row = from; row < to; row++) {
      for (const { values, base } of this.#numbers) {
        const value = values[row - base]!;
        if (Number.isNaN(value)) continue;
        this.#sketches[group] ??= new SketchBuilder();
        this.#sketches[group].add(value);
        break;
      }
    }
  }

  result(): null {
    return null;
  }

  of(group: number) {
    return this.#sketches[group]?.build() ?? emptySketch;
  }
}
