import { AppError } from '../../../core/errors.ts';
import type { GroupProgram, KeyValue, Metric, Source } from '../../../query/compile/opensearch/aggregate.ts';
import type { PartialGroup, PartialState } from '../../../query/partial/partial.ts';
import { Distincts, Quantiles, type ValueRoom } from '../../../query/partial/values.ts';
import type { AggregatePlan, GroupRow } from '../../../query/plan.ts';
import { bucketsOf } from '../../../query/zone.ts';
import type { SearchAnswer } from './ask.ts';

type Stats = { count: number; min: number | null; max: number | null; avg: number | null; sum: number };
type Bucket = { key: Record<string, KeyValue>; doc_count: number; [agg: string]: unknown };
type ValuesMetric = Metric & { kind: 'values' };
/** The values of a metric in a group, and how many records have none. */
type Counted = { values: Quantiles | Distincts; missing: number };
type Group = {
  keys: KeyValue[];
  count: number;
  stats: Map<number, Stats>;
  counted: Map<number, Counted>;
  approximate: Map<number, number | null>;
};

/** The groups of one query as their pages come in. */
export class GroupTable {
  readonly #program: GroupProgram;
  readonly #plan: AggregatePlan;
  readonly #maxGroups: number;
  readonly #groups = new Map<string, Group>();
  /** For each key: what a value in a column stands for. */
  readonly #read: ((value: KeyValue) => KeyValue)[];

  readonly #room: ValueRoom;

  constructor(program: GroupProgram, plan: AggregatePlan, maxGroups: number, room: ValueRoom) {
    this.#room = room;
    this.#program = program;
    this.#plan = plan;
    this.#maxGroups = maxGroups;
    this.#read = plan.groupBy.map((key) => {
      if (key.kind === 'field' || key.zone === undefined) return (value) => value;
      const { startOf } = bucketsOf(key.stepUs, key.zone);
      return (value) => startOf(Number(value));
    });
    // Without keys there is one group, also of no records.
    if (plan.groupBy.length === 0) this.#groupOf({ key: {}, doc_count: 0 });
  }

  addGroups(answer: SearchAnswer): void {
    for (const bucket of this.#buckets(answer)) {
      const group = this.#groupOf(bucket);
      group.count += bucket.doc_count;
      this.#program.metrics.forEach((metric, m) => {
        if (metric.kind === 'stats' && metric.column) group.stats.set(m, added(group.stats.get(m), bucket[`m${m}`] as Stats));
      });
    }
  }

  /** Adds a page of pairs of group and value; gives how many they were. */
  addValues(answer: SearchAnswer, m: number): number {
    const { sources } = this.#program.metrics[m] as ValuesMetric;
    const buckets = this.#buckets(answer);
    for (const bucket of buckets) {
      const group = this.#groupOf(bucket);
      const counted = this.#countedOf(group, m);
      const value = valueIn(bucket, sources);
      if (value === null) counted.missing += bucket.doc_count;
      else if (counted.values instanceof Distincts) counted.values.add(value);
      else counted.values.add(value as number, bucket.doc_count);
    }
    return buckets.length;
  }

  dropValues(m: number): void {
    for (const group of this.#groups.values()) group.counted.delete(m);
  }

  addApproximate(answer: SearchAnswer, m: number): void {
    const metric = this.#program.metrics[m] as ValuesMetric;
    for (const bucket of this.#buckets(answer)) this.#groupOf(bucket).approximate.set(m, approximateIn(bucket, metric, m));
  }

  /** Whether the values of a metric had no room, so that it is computed from sketches. */
  isSketched(m: number): boolean {
    return [...this.#groups.values()].some(({ counted }) => counted.get(m)?.values.isExact === false);
  }

  rows(): GroupRow[] {
    const { groupBy } = this.#plan;
    return this.#present().map((group) => {
      const keys = groupBy.map(({ as }, k) => [as, group.keys[k]!] as const);
      const values = this.#program.metrics.map((metric, m) => [metric.as, valueFor(metric, m, group)] as const);
      return Object.fromEntries([...keys, ...values]);
    });
  }

  /** What the groups say, to be added to what other stores say. */
  partial(): PartialGroup[] {
    return this.#present().map((group) => ({
      keys: group.keys,
      states: this.#program.metrics.map((metric, m) => this.#stateOf(metric, m, group)),
    }));
  }

  #stateOf(metric: Metric, m: number, group: Group): PartialState {
    if (metric.kind === 'count') return { kind: 'count', count: group.count };
    if (metric.kind === 'stats') {
      const { count, sum, min, max } = group.stats.get(m) ?? { count: 0, sum: 0, min: null, max: null };
      return {
        kind: 'totals',
        count,
        sum: count > 0 ? sum : 0,
        min: min ?? Number.POSITIVE_INFINITY,
        max: max ?? Number.NEGATIVE_INFINITY,
      };
    }
    const { values, missing } = this.#countedOf(group, m);
    if (values instanceof Quantiles) return { kind: 'quantiles', values };
    return { kind: 'distincts', values, more: metric.isId ? missing : 0 };
  }

  #countedOf(group: Group, m: number): Counted {
    const known = group.counted.get(m);
    if (known) return known;
    const isPercentile = (this.#program.metrics[m] as ValuesMetric).percent !== undefined;
    const made = { values: isPercentile ? new Quantiles(this.#room) : new Distincts(this.#room), missing: 0 };
    group.counted.set(m, made);
    return made;
  }

  /** Keys that no record has are one group, if there is a record at all; no keys are one group also of none. */
  #present(): Group[] {
    return [...this.#groups.values()].filter(({ count }) => count > 0 || this.#plan.groupBy.length === 0);
  }

  /** None where no index was there to answer. */
  #buckets({ aggregations, hits, _shards }: SearchAnswer): Bucket[] {
    if (_shards.total === 0) return [];
    const groups = aggregations?.groups as { buckets: Bucket[] } | undefined;
    return groups ? groups.buckets : [{ key: {}, doc_count: hits.total?.value ?? 0, ...aggregations }];
  }

  #groupOf({ key }: Bucket): Group {
    const keys = this.#program.keys.map((sources, k) =>
      this.#read[k]!(sources.map(({ name }) => key[name]).find((value) => value !== null && value !== undefined) ?? null),
    );
    const name = JSON.stringify(keys);
    const known = this.#groups.get(name);
    if (known) return known;
    if (this.#groups.size >= this.#maxGroups) {
      throw new AppError('QUERY_TOO_LARGE', `the query has more than ${this.#maxGroups} groups; narrow the time or group by less`);
    }
    const group: Group = { keys, count: 0, stats: new Map(), counted: new Map(), approximate: new Map() };
    this.#groups.set(name, group);
    return group;
  }
}

/** What two pages say of one group: the buckets of a zone come in parts. */
function added(a: Stats | undefined, b: Stats): Stats {
  if (!a || a.count === 0) return b;
  if (b.count === 0) return a;
  const sum = a.sum + b.sum;
  const count = a.count + b.count;
  return { count, sum, avg: sum / count, min: Math.min(a.min!, b.min!), max: Math.max(a.max!, b.max!) };
}

const valueIn = ({ key }: Bucket, sources: readonly Source[]): KeyValue =>
  sources.map(({ name }) => key[name]).find((value) => value !== null && value !== undefined) ?? null;

function valueFor(metric: Metric, m: number, group: Group): number | null {
  if (metric.kind === 'count') return group.count;
  if (metric.kind === 'stats') {
    const stats = group.stats.get(m);
    return stats && stats.count > 0 ? stats[metric.fn] : null;
  }
  const approximate = group.approximate.get(m);
  if (approximate !== undefined) return approximate;
  const counted = group.counted.get(m);
  if (counted?.values instanceof Quantiles) return counted.values.result(metric.percent!);
  if (metric.percent !== undefined) return null;
  return (counted?.values.result() ?? 0) + (metric.isId ? (counted?.missing ?? 0) : 0);
}

function approximateIn(bucket: Bucket, metric: ValuesMetric, m: number): number | null {
  if (metric.percent !== undefined) {
    const { values } = bucket[`m${m}c0`] as { values: { value: number | null }[] };
    return values[0]?.value ?? null;
  }
  const counts = metric.columns.map((_, c) => (bucket[`m${m}c${c}`] as { value: number }).value);
  const missing = metric.isId ? (bucket[`m${m}missing`] as { doc_count: number }).doc_count : 0;
  return counts.reduce((sum, count) => sum + count, missing);
}
