import { promisify } from 'node:util';
import { gunzip, gzipSync } from 'node:zlib';
import type { Clock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import type { WarmStore } from '../../core/ports/warm-store.ts';
import type { StoredRecord } from '../../core/record.ts';
import { dayOf, hourUs } from '../../core/warm/file.ts';
import { everything } from '../../query/ast/expression.ts';
import { fieldsOf } from '../../query/ast/visit.ts';
import { matcherOf } from '../../query/compile/scan/matcher.ts';
import type { TimeRange } from '../../query/plan.ts';
import { type Derivation, hourRange, hourText, type TenantHour } from '../derive.ts';
import { addSample, type Cell, emptyCell } from './cell.ts';
import { Distribution } from './distribution.ts';
import { isLabel } from './point.ts';
import { gather, type MetricPlan, type Rollups, type Searching } from './query-metrics.ts';

/** The steps of time for which the points of an hour are added up, the longest first. */
export const rollupSteps = [
  { name: '1h', us: hourUs },
  { name: '1m', us: 60_000_000 },
  { name: '10s', us: 10_000_000 },
] as const;
type RollupStep = (typeof rollupSteps)[number];

const unzipped = promisify(gunzip);
const kindOf = (step: string): string => `rollup-${step}`;
const nameOf =
  (step: string) =>
  ({ tenant, day, hour }: TenantHour): string =>
    `tenant=${tenant}/rollup=${step}/dt=${day}/hour=${hourText(hour)}.ndjson.gz`;

/** A series and its cells, as a line of an object has them: `[us, count, sum, min, max, increase, lastUs, last, kind, bins]`, kind 0 gauge, 1 counter, 2 histogram. */
type Line = {
  record: Pick<StoredRecord, 'service' | 'host' | 'env' | 'attributes'>;
  cells: [number, number, number, number, number, number, number, number, 0 | 1 | 2, [number, number, number][]][];
};
const seriesFields = ['name', 'type', 'unit', 'temporality', 'series'];

/** Adds up the points of each hour that is over, again when late ones have come. Counts, sums, least and greatest are exact. */
export const rollupDerivation = ({ name, us }: RollupStep, keepDays: number, search: Searching): Derivation => ({
  kind: kindOf(name),
  nameOf: nameOf(name),
  keepDays,
  expires: false,
  async make(place) {
    const series = new Map<string, { record: Line['record']; cells: Map<number, Cell> }>();
    await gather(search, { tenant: place.tenant, where: everything }, hourRange(place), (record, sample, before) => {
      const known = series.get(sample.series) ?? { record: seriesOf(record), cells: new Map<number, Cell>() };
      series.set(sample.series, known);
      const bucket = Math.floor(sample.us / us) * us;
      const cell = known.cells.get(bucket) ?? { ...emptyCell(), values: undefined };
      known.cells.set(bucket, cell);
      addSample(cell, sample, before);
    });
    const lines = [...series.values()].map(
      ({ record, cells }): Line => ({ record, cells: [...cells].map(([at, cell]) => cellLine(at, cell)) }),
    );
    return [gzipSync(lines.map((line) => JSON.stringify(line)).join('\n'))];
  },
});

const seriesOf = ({ service, host, env, attributes }: StoredRecord): Line['record'] => ({
  ...{ service, host, env },
  attributes: Object.fromEntries(Object.entries(attributes).filter(([name]) => isLabel(name) || seriesFields.includes(name))),
});

function cellLine(at: number, cell: Cell): Line['cells'][number] {
  const { count, sum, min, max, increase, lastUs, last, isCounter, isHistogram, distribution } = cell;
  const bins = distribution.bins.map(({ lower, upper, n }): [number, number, number] => [lower, upper, n]);
  return [at, count, sum, min, max, increase, lastUs, last, isHistogram ? 2 : isCounter ? 1 : 0, bins];
}

function cellOf([, count, sum, min, max, increase, lastUs, last, kind, bins]: Line['cells'][number]): Cell {
  const distribution = new Distribution();
  for (const [lower, upper, n] of bins) distribution.add({ lower, upper, n });
  return {
    ...{ count, sum, increase, lastUs, last, values: undefined, distribution, isCounter: kind > 0, isHistogram: kind === 2 },
    // JSON has no infinity: nothing was seen.
    min: min ?? Number.POSITIVE_INFINITY,
    max: max ?? Number.NEGATIVE_INFINITY,
  };
}

/** Fields that a condition may look at and still be answered from roll-ups: those that all points of a series share. */
const shared = (field: string): boolean => {
  const name = field.replace(/^attributes\./, '');
  return (
    ['service', 'host', 'env', ...seriesFields].includes(name) ||
    (isLabel(name) && !['timestamp', 'observed_timestamp', 'id', 'message'].includes(name))
  );
};

/** Hours that ended so long ago are answered from roll-ups; late points of them show when their hour was made again. */
const settledUs = 2 * hourUs;

/** The roll-ups that stand in a warm store. */
export const rollupsIn = ({ state, warm, clock }: { state: StateStore; warm: WarmStore; clock: Clock }): Rollups => ({
  async read(plan, range, take) {
    const step = stepFor(plan);
    if (!step) return undefined;
    const matches = matcherOf(plan.where);
    const settledTo = Math.floor((clock.nowMs() * 1_000 - settledUs) / hourUs) * hourUs;
    const rest: TimeRange[] = [];
    let openFrom = range.fromUs;
    let hours = 0;
    for (const place of await madeHours(state, plan.tenant, step.name, range)) {
      const { fromUs, toUs } = hourRange(place);
      if (fromUs < range.fromUs || toUs > range.toUs || toUs > settledTo) continue;
      const lines = await linesOf(warm, nameOf(step.name)(place));
      if (!lines) continue;
      if (openFrom < fromUs) rest.push({ fromUs: openFrom, toUs: fromUs });
      openFrom = toUs;
      hours++;
      for (const { record, cells } of lines) {
        const stored = { ...record, tenant: plan.tenant } as StoredRecord;
        if (record.attributes.name !== plan.name || !matches(stored)) continue;
        for (const cell of cells) take(stored, cell[0], cellOf(cell));
      }
    }
    if (openFrom < range.toUs) rest.push({ fromUs: openFrom, toUs: range.toUs });
    return { rest, hours, step: step.name };
  },
});

/** The longest roll-up that the steps of a plan are made of, where its conditions allow one. */
const stepFor = ({ stepUs, where }: MetricPlan): RollupStep | undefined =>
  fieldsOf(where).every(shared) ? rollupSteps.find(({ us }) => stepUs % us === 0) : undefined;

/** The hours of a range for which a roll-up was made, in order. */
async function madeHours(state: StateStore, tenant: string, step: string, { fromUs, toUs }: TimeRange): Promise<TenantHour[]> {
  const prefix = `derived/${kindOf(step)}/${tenant}/`;
  const days = await state.list<Record<string, string>>(prefix);
  return days.flatMap(({ key, value }) => {
    const day = key.slice(prefix.length);
    if (day < dayOf(Math.max(0, fromUs)) || day > dayOf(toUs)) return [];
    return Object.keys(value)
      .map(Number)
      .sort((a, b) => a - b)
      .map((hour) => ({ tenant, day, hour }));
  });
}

async function linesOf(warm: WarmStore, name: string): Promise<Line[] | undefined> {
  try {
    const text = (await unzipped(await warm.get(name))).toString();
    return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as Line);
  } catch (error) {
    if (error instanceof AppError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}
