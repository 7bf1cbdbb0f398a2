import { weekUs } from '../alerts/anomaly/baseline.ts';
import { detect, type Finding, type Series } from '../alerts/anomaly/detect.ts';
import { type MeasureName, measures, type Point } from '../alerts/anomaly/measure.ts';
import { latencyKeys } from '../core/windows/window.ts';
import { type Expression, everything } from '../query/ast/expression.ts';
import type { Aggregate, AggregatePlan, GroupRow, TimeRange } from '../query/plan.ts';
import type { StoreApi } from './store-api.ts';

export type AnomalyQuestion = {
  tenant: string;
  /** The steps that are judged. */
  time: TimeRange;
  stepUs: number;
  threshold: number;
  /** One service; all where there is none. */
  service?: string | undefined;
  measure?: MeasureName | undefined;
};

/** `judged` is what of the range was judged: whole steps that are complete. `truncated`: there were more services than are looked at. */
export type Anomalies = { findings: Finding[]; judged: TimeRange; services: number; truncated: boolean };

/** What is learnt from: so many weeks before the range. */
const historyWeeks = 5;
/** The busiest are looked at. */
const maxServices = 200;
const maxGroups = 1_000_000;

/**
 * Finds what is not as usual about the services of a tenant: their volume, their share of errors, their 95th percentile of latency. Judges whole steps
 * only, up to where the windows are complete; the strongest finding first.
 */
export async function findAnomalies(store: Pick<StoreApi, 'aggregate' | 'watermark'>, question: AnomalyQuestion): Promise<Anomalies> {
  const { tenant, stepUs, threshold, service, measure } = question;
  const watermark = await store.watermark();
  const completeUs = Math.min(question.time.toUs, watermark.us - watermark.latenessUs);
  const judged = {
    fromUs: Math.ceil(question.time.fromUs / stepUs) * stepUs,
    toUs: Math.max(0, Math.floor(completeUs / stepUs) * stepUs),
  };
  if (judged.toUs <= judged.fromUs) return { findings: [], judged: { ...judged, toUs: judged.fromUs }, services: 0, truncated: false };
  const startUs = Math.max(0, judged.fromUs - historyWeeks * weekUs);
  const time = { fromUs: startUs, toUs: judged.toUs };
  const ofService: Expression = service === undefined ? everything : equals('service', service);
  const ask = (where: Expression, aggregates: Aggregate[]) => store.aggregate(planOf(tenant, time, stepUs, where, aggregates));
  const wanted = measures.filter((name) => measure === undefined || name === measure);
  const [records, errors] = await Promise.all([
    ask(ofService, [{ fn: 'count', as: 'n' }, ...(wanted.includes('latency') ? percentiles : [])]),
    wanted.includes('error_rate')
      ? ask({ kind: 'and', items: [ofService, { kind: 'or', items: [equals('level', 'error'), equals('level', 'fatal')] }] }, [
          { fn: 'count', as: 'n' },
        ])
      : undefined,
  ]);
  const rows = byService(records.rows);
  const errorRows = byService(errors?.rows ?? []);
  const services = [...rows].sort(([, a], [, b]) => total(b) - total(a)).slice(0, maxServices);
  const findings: Finding[] = [];
  for (const [name, ofName] of services) {
    const steps = stepsOf(ofName, errorRows.get(name) ?? [], startUs, stepUs, judged.toUs);
    for (const of of wanted) {
      const series: Series = { service: name, measure: of, startUs, stepUs, points: steps.map(pointOf[of]) };
      findings.push(...detect(series, { ...judged, threshold }));
    }
    // Judging many services takes a while: others have their turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  findings.sort((a, b) => Math.abs(b.peak.score) - Math.abs(a.peak.score) || a.fromUs - b.fromUs);
  return { findings, judged, services: services.length, truncated: rows.size > maxServices || records.truncated };
}

const equals = (field: string, value: string): Expression => ({ kind: 'compare', op: '=', field, value });
const percentiles = latencyKeys.map((key): Aggregate => ({ fn: 'percentile', field: `attributes.${key}`, percent: 95, as: key }));

const planOf = (tenant: string, time: TimeRange, stepUs: number, where: Expression, aggregates: Aggregate[]): AggregatePlan => ({
  ...{ tenant, time, where, aggregates },
  groupBy: [
    { kind: 'field', field: 'service', as: 'service' },
    { kind: 'bucket', stepUs, as: 'step' },
  ],
  orderBy: [],
  limit: maxGroups,
});

const byService = (rows: GroupRow[]): Map<string, GroupRow[]> => Map.groupBy(rows, ({ service }) => String(service));
const total = (rows: GroupRow[]): number => rows.reduce((sum, { n }) => sum + Number(n), 0);

type Step = { perMinute: number; n: number; errors: number; latency: number };
const before: Step = { perMinute: Number.NaN, n: 0, errors: 0, latency: Number.NaN };

/** A service's steps, equidistant. Before its first record there is nothing; from then on a step without records is one of none. */
function stepsOf(rows: GroupRow[], errors: GroupRow[], startUs: number, stepUs: number, endUs: number): Step[] {
  const indexOf = (row: GroupRow) => Math.round((Number(row.step) - Math.floor(startUs / stepUs) * stepUs) / stepUs);
  const steps = new Array<Step>(Math.floor((endUs - startUs) / stepUs));
  const first = rows.reduce((least, row) => Math.min(least, indexOf(row)), steps.length);
  const silent: Step = { ...before, perMinute: 0 };
  for (let i = 0; i < steps.length; i++) steps[i] = i < first ? before : silent;
  for (const row of rows) {
    const n = Number(row.n);
    const latency = latencyKeys.map((key) => row[key]).find((value) => typeof value === 'number') ?? Number.NaN;
    const at = indexOf(row);
    if (at >= 0 && at < steps.length) steps[at] = { perMinute: (n * 60e6) / stepUs, n, errors: 0, latency: Number(latency) };
  }
  for (const row of errors) {
    const at = indexOf(row);
    if (steps[at]) steps[at] = { ...steps[at], errors: Number(row.n) };
  }
  return steps;
}

const pointOf: Record<MeasureName, (step: Step) => Point> = {
  volume: ({ perMinute, n }) => ({ value: perMinute, n }),
  error_rate: ({ n, errors }) => ({ value: n > 0 ? errors / n : Number.NaN, n }),
  latency: ({ latency, n }) => ({ value: latency, n }),
};
