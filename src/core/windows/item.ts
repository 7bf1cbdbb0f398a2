import { parseIntervals, printIntervals } from '../interval-text.ts';
import { type Intervals, includes, union } from '../intervals.ts';
import type { Level } from '../record.ts';
import { type Sketch, SketchBuilder } from './sketch.ts';
import { addCounts, isLate, noCounts, type Window, type WindowCounts } from './window.ts';

/**
 * What one partition brought to one minute of a tenant, as it is stored. `applied` holds the offsets that have nothing to bring any more, as text: they
 * are counted, or belong to another minute. So what comes again changes nothing, whoever brings it, in whatever portions.
 */
export type WindowItem = { applied: string; series: StoredSeries[] };

type StoredSeries = [service: string, level: Level, count: number, late: number, amendedUs: number, latency?: Sketch];

export const emptyItem: WindowItem = { applied: '', series: [] };

/** A record as windows count it. */
export type WindowRow = { offset: number; service: string; level: Level; observedUs: number; latency: number | undefined };

/** The rows that a batch has for one minute of a tenant. */
export type MinuteRows = {
  tenant: string;
  minuteUs: number;
  rows: readonly WindowRow[];
  /** Offsets of the batch of which all is known: its rows of any minute, and what was dropped. Not those that are dead: they may come home yet. */
  decided: Intervals;
  latenessUs: number;
  /** Rows that come home after they were dead amend their window now, whenever they were observed. Epoch microseconds. */
  redrivenUs?: number;
};

/** More services than this in one minute of a partition are counted together under `otherService`: the item has to fit the state store. */
export const maxServices = 500;
export const otherService = 'other';

/** Counts the rows that were not counted before; undefined where nothing is new. */
export function applyRows(item: WindowItem, { minuteUs, rows, decided, latenessUs, redrivenUs }: MinuteRows): WindowItem | undefined {
  const applied = parseIntervals(item.applied, 0);
  const fresh = rows.filter(({ offset }) => !includes(applied, offset));
  if (fresh.length === 0) return undefined;
  const series = new Map(item.series.map((stored) => [`${stored[1]}/${stored[0]}`, stored]));
  const services = new Set(item.series.map(([service]) => service));
  const added = new Map<string, { service: string; level: Level; counts: WindowCounts; latency: SketchBuilder }>();
  for (const { service, level, observedUs, latency } of fresh) {
    const name = services.has(service) || services.size < maxServices ? service : otherService;
    services.add(name);
    const key = `${level}/${name}`;
    const sum = added.get(key) ?? { service: name, level, counts: noCounts, latency: new SketchBuilder() };
    added.set(key, sum);
    const amendedUs = redrivenUs ?? (isLate(minuteUs, observedUs, latenessUs) ? observedUs : 0);
    sum.counts = addCounts(sum.counts, { ...noCounts, count: 1, late: amendedUs > 0 ? 1 : 0, amendedUs });
    if (latency !== undefined) sum.latency.add(latency);
  }
  for (const [key, { service, level, counts, latency }] of added) {
    const sum = addCounts(countsOf(series.get(key)), { ...counts, latency: latency.build() });
    const stored: StoredSeries = [service, level, sum.count, sum.late, sum.amendedUs];
    if (sum.latency.count > 0) stored.push(sum.latency);
    series.set(key, stored);
  }
  return { applied: printIntervals(union(applied, decided), 0), series: [...series.values()] };
}

const countsOf = (stored: StoredSeries | undefined): WindowCounts =>
  stored ? { count: stored[2], late: stored[3], amendedUs: stored[4], latency: stored[5] ?? noCounts.latency } : noCounts;

/** The partial windows of an item. */
export const windowsOf = ({ series }: WindowItem, minuteUs: number): Window[] =>
  series.map((stored) => ({ minuteUs, service: stored[0], level: stored[1], ...countsOf(stored) }));
