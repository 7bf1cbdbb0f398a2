import { AppError } from '../../core/errors.ts';
import type { StoredRecord } from '../../core/record.ts';
import { allOf, type Expression } from '../../query/ast/expression.ts';
import type { SearchPlan, SearchResult, TimeRange } from '../../query/plan.ts';
import { addSample, type Cell, emptyCell, gapUs, type MetricAgg, mergeCell, readCell } from './cell.ts';
import { labelsOf, type Sample, sampleOf } from './sample.ts';

/** What is asked of one metric of a tenant. Times in microseconds; each value covers `windowUs` up to the end of its step. */
export type MetricPlan = {
  tenant: string;
  name: string;
  time: TimeRange;
  where: Expression;
  agg: MetricAgg;
  stepUs: number;
  windowUs: number;
  /** Labels, or fields of the record, whose values part the answer. */
  by: string[];
};

export type MetricSeries = { labels: Record<string, string | number | boolean | null>; points: [us: number, value: number][] };
export type MetricAnswer = { series: MetricSeries[]; points: number; truncated: boolean; rollup?: string };

/** Cells that were made of whole hours before. */
export type Rollups = {
  /** Gives the cells of the hours that can stand for their points, and which times are left to be read. */
  read(
    plan: MetricPlan,
    range: TimeRange,
    take: (record: StoredRecord, us: number, cell: Cell) => void,
  ): Promise<{ rest: TimeRange[]; hours: number; step: string } | undefined>;
};

/** Whatever lists records. */
export type Searching = (plan: SearchPlan) => Promise<SearchResult>;

const pageRecords = 10_000;
/** More than this would hold the store too long: the answer says that it is not whole. */
const maxPoints = 2_000_000;
const maxCells = 500_000;

type Labels = MetricSeries['labels'];
/** The cells of one group, by the start of their bucket. */
export type CellGroup = { labels: Labels; cells: Map<number, Cell> };

/** Answers a plan from the points themselves, read in the order of their time, oldest first. @throws AppError INVALID_PARAMETER for more than 500,000 values */
export async function queryMetrics(search: Searching, plan: MetricPlan, rollups?: Rollups): Promise<MetricAnswer> {
  const { agg, stepUs, windowUs, time } = plan;
  const fromUs = Math.floor(time.fromUs / stepUs) * stepUs;
  const reach = Math.max(stepUs, Math.ceil(windowUs / stepUs) * stepUs);
  if ((time.toUs - fromUs) / stepUs > maxCells)
    throw new AppError('INVALID_PARAMETER', 'step: there would be too many values; ask for a longer one');
  const groups = new Map<string, CellGroup>();
  const range = { fromUs: fromUs - (reach - stepUs), toUs: time.toUs };
  const cellAt = (record: StoredRecord, us: number): Cell => {
    const labels = groupOf(record, plan.by);
    const key = JSON.stringify(labels);
    const group = groups.get(key) ?? { labels, cells: new Map<number, Cell>() };
    groups.set(key, group);
    const bucket = Math.floor(us / stepUs) * stepUs;
    const cell = group.cells.get(bucket) ?? emptyCell();
    group.cells.set(bucket, cell);
    return cell;
  };
  const rolled = await rollups?.read(plan, range, (record, us, cell) => mergeCell(cellAt(record, us), cell));
  let points = 0;
  let truncated = false;
  for (const rest of rolled?.rest ?? [range]) {
    const read = await gather(search, plan, rest, (record, sample, before) => addSample(cellAt(record, sample.us), sample, before));
    points += read.points;
    truncated ||= read.truncated;
  }
  const series = [...groups.values()].map(({ labels, cells }) => ({
    labels,
    points: valuesOf(cells, { agg, stepUs, reach, fromUs, toUs: time.toUs }),
  }));
  const rollup = rolled && rolled.hours > 0 ? { rollup: rolled.step } : {};
  return { series: series.filter((one) => one.points.length > 0).sort(byLabels), points, truncated, ...rollup };
}

/** Reads points from a gap before the range on, so that the first of a series knows the one before it; tells of those in the range. */
export async function gather(
  search: Searching,
  { tenant, name, where }: Pick<MetricPlan, 'tenant' | 'where'> & { name?: string },
  range: TimeRange,
  take: (record: StoredRecord, sample: Sample, before: Sample | undefined) => void,
): Promise<{ points: number; truncated: boolean }> {
  const named: Expression | undefined =
    name === undefined ? undefined : { kind: 'compare', op: '=', field: 'attributes.name', value: name };
  const last = new Map<string, Sample>();
  const seen = { points: 0, truncated: false };
  let plan: SearchPlan = {
    tenant,
    where: allOf(named, where),
    time: { fromUs: Math.max(0, range.fromUs - gapUs), toUs: range.toUs },
    order: 'asc',
    limit: pageRecords,
  };
  for (;;) {
    const { records } = await search(plan);
    for (const record of records) {
      const sample = sampleOf(record);
      if (!sample) continue;
      const former = last.get(sample.series);
      last.set(sample.series, sample);
      if (sample.us < range.fromUs) continue;
      seen.points++;
      take(record, sample, former && sample.us - former.us <= gapUs ? former : undefined);
    }
    const end = records.at(-1);
    if (!end || records.length < pageRecords) return seen;
    if (seen.points >= maxPoints) return { ...seen, truncated: true };
    const { timestamp, timestamp_ns, generation, partition, offset } = end;
    plan = { ...plan, after: { timestamp, timestamp_ns, generation, partition, offset } };
  }
}

function groupOf(record: StoredRecord, by: readonly string[]): Labels {
  if (by.length === 0) return {};
  const labels = labelsOf(record);
  const fields: Record<string, string | undefined> = { service: record.service, host: record.host, env: record.env };
  return Object.fromEntries(by.map((name) => [name, fields[name] ?? labels[name] ?? null]));
}

/** One value a step, each over the `reach` that ends with it; steps without a value are left out. */
export function valuesOf(
  cells: ReadonlyMap<number, Cell>,
  { agg, stepUs, reach, fromUs, toUs }: { agg: MetricAgg; stepUs: number; reach: number; fromUs: number; toUs: number },
): [us: number, value: number][] {
  const points: [number, number][] = [];
  for (let at = fromUs; at < toUs; at += stepUs) {
    let cell = cells.get(at);
    if (reach > stepUs) {
      const merged = emptyCell();
      for (let from = at - reach + stepUs; from <= at; from += stepUs) {
        const part = cells.get(from);
        if (part) mergeCell(merged, part);
      }
      cell = merged.count > 0 ? merged : undefined;
    }
    const value = cell ? readCell(cell, agg, reach) : null;
    if (value !== null) points.push([at, value]);
  }
  return points;
}

const byLabels = (a: MetricSeries, b: MetricSeries): number => (JSON.stringify(a.labels) < JSON.stringify(b.labels) ? -1 : 1);
