import { fieldOf } from '../../ast/fields.ts';
import type { Json } from '../../ast/json.ts';
import type { Aggregate, AggregatePlan, GroupKey, TimeRange } from '../../plan.ts';
import { commonStepUs } from '../../zone.ts';
import type { Dsl } from './dsl.ts';
import { columnsOf, markNameOf, markOf } from './layout.ts';

type KeyType = 'text' | 'number' | 'boolean';
/** One column that may hold a key's value, as a source of a composite aggregation. */
export type Source = { name: string; type: KeyType; source: Dsl };
export type KeyValue = string | number | boolean | null;

/** An aggregate over columns: what to ask for each group, or how to count its values one by one. */
export type Metric =
  | { kind: 'count'; as: string }
  | { kind: 'stats'; as: string; column: string | undefined; fn: 'sum' | 'avg' | 'min' | 'max' }
  | { kind: 'values'; as: string; columns: string[]; sources: Source[]; percent: number | undefined; isId: boolean };

export type GroupProgram = {
  /** For each key of the plan its sources: several where its values may have several types, none where no column has it. */
  keys: Source[][];
  metrics: Metric[];
  /** Records with these marks have values that are not in the columns. */
  marks: string[];
};

/** Where a group's page goes on; undefined behind the last. */
export type AfterKey = { [source: string]: Json } | undefined;

/** Compiles keys and aggregates; undefined where they ask for what is no column (`message`, groups by `id`). */
export function compileGroups({ groupBy, aggregates, time }: AggregatePlan): GroupProgram | undefined {
  const fields = [
    ...groupBy.flatMap((key) => (key.kind === 'field' ? [key.field] : [])),
    ...aggregates.flatMap((aggregate) => (aggregate.fn === 'count' || isOfIds(aggregate) ? [] : [aggregate.field])),
  ];
  if (fields.some(isNoColumn)) return undefined;
  return {
    keys: groupBy.map((key, k) => keySources(key, k, time)),
    metrics: aggregates.map(metricOf),
    marks: [...new Set(fields.map((field) => markOf(markNameOf(field))))],
  };
}

const isOfIds = (aggregate: Aggregate): boolean => aggregate.fn === 'distinct' && aggregate.field === 'id';

function isNoColumn(name: string): boolean {
  const field = fieldOf(name);
  return field.kind === 'record' && (field.name === 'message' || field.name === 'id');
}

function keySources(key: GroupKey, k: number, time: TimeRange): Source[] {
  if (key.kind === 'field') return sourcesOf(`k${k}`, key.field);
  const { stepUs, zone } = key;
  const interval = zone === undefined ? stepUs : commonStepUs(stepUs, zone, time);
  return [{ name: `k${k}number`, type: 'number', source: { histogram: { field: 'timestamp.us', interval } } }];
}

function sourcesOf(prefix: string, field: string): Source[] {
  const columns = columnsOf(field);
  return (['text', 'number', 'boolean'] as const).flatMap((type) => {
    const column = columns[type];
    return column ? [{ name: prefix + type, type, source: { terms: { field: column, missing_bucket: true } } }] : [];
  });
}

function metricOf(aggregate: Aggregate, a: number): Metric {
  const { as } = aggregate;
  if (aggregate.fn === 'count') return { kind: 'count', as };
  const { text, number, boolean } = columnsOf(aggregate.field);
  if (aggregate.fn === 'percentile') {
    const columns = number ? [number] : [];
    const sources = columns.map((field): Source => ({ name: `v${a}`, type: 'number', source: { terms: { field } } }));
    return { kind: 'values', as, columns, sources, percent: aggregate.percent, isId: false };
  }
  if (aggregate.fn !== 'distinct') return { kind: 'stats', as, column: number, fn: aggregate.fn };
  if (isOfIds(aggregate)) {
    const source: Source = { name: `v${a}`, type: 'text', source: { terms: { field: 'client_id', missing_bucket: true } } };
    return { kind: 'values', as, columns: ['client_id'], sources: [source], percent: undefined, isId: true };
  }
  const columns = [text, number, boolean].filter((column) => column !== undefined);
  return { kind: 'values', as, columns, sources: sourcesOf(`v${a}`, aggregate.field), percent: undefined, isId: false };
}

/** The body of a request for a page of groups, each with `aggs`; the whole as one group where there is no source. */
export function groupsBody(query: Dsl, sources: readonly Source[], aggs: Dsl, size: number, after: AfterKey): Dsl {
  const body: Dsl = { size: 0, track_total_hits: sources.length === 0, query: { bool: { filter: [query] } } };
  const inner = Object.keys(aggs).length > 0 ? { aggs } : {};
  if (sources.length === 0) return { ...body, ...inner };
  const composite: Dsl = { size, sources: sources.map(({ name, source }) => ({ [name]: source })), ...(after ? { after } : {}) };
  return { ...body, aggs: { groups: { composite, ...inner } } };
}

/** What is asked for each group of exact aggregates; the names are the places of the metrics. */
export const exactAggs = (metrics: readonly Metric[]): Dsl =>
  Object.fromEntries(
    metrics.flatMap((metric, m) => (metric.kind === 'stats' && metric.column ? [[`m${m}`, { stats: { field: metric.column } }]] : [])),
  );

/** Distinct values up to this many are nearly always counted exactly by the node; beyond it, within some tenths of 1 %. */
const distinctPrecision = 40_000;
/** Of the t-digest: about as many centroids are kept. */
const compression = 1_000;

/** Approximations of a metric that counts values: percentiles by t-digest, distinct values by HyperLogLog++. */
export function approximateAggs(metric: Metric & { kind: 'values' }, m: number): Dsl {
  if (metric.percent !== undefined) {
    const percentiles = { percents: [metric.percent], keyed: false, tdigest: { compression } };
    return Object.fromEntries(metric.columns.map((field, c) => [`m${m}c${c}`, { percentiles: { field, ...percentiles } }]));
  }
  const counts = metric.columns.map((field, c) => [`m${m}c${c}`, { cardinality: { field, precision_threshold: distinctPrecision } }]);
  return Object.fromEntries(metric.isId ? [...counts, [`m${m}missing`, { missing: { field: 'client_id' } }]] : counts);
}
