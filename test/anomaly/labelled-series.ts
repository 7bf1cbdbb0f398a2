import type { Series } from '../../src/alerts/anomaly/detect.ts';
import type { MeasureName, Point } from '../../src/alerts/anomaly/measure.ts';
import { randomOf } from '../model/explore.ts';

/** What was put into a series: its steps `[from, to)`. */
export type Injection = { kind: 'spike' | 'drop' | 'shift' | 'drift'; from: number; to: number };
export type Labelled = { series: Series; injections: Injection[]; judgedFrom: number };

export const stepUs = 15 * 60_000_000;
const perHour = 4;
const perDay = 24 * perHour;
const perWeek = 7 * perDay;
/** A Monday. */
const startUs = Date.parse('2026-09-07T00:00:00Z') * 1_000;

export type SeriesOptions = { seed: number; weeks?: number; judgedWeeks?: number; injected?: boolean; measure?: MeasureName };

/**
 * Makes a measure of a service over some weeks: a swing by day, quieter nights and week-ends, noise by count and by a factor, and in the last
 * weeks what an operator would want to know of. The same seed gives the same series.
 */
export function labelledSeries({ seed, weeks = 8, judgedWeeks = 3, injected = true, measure = 'volume' }: SeriesOptions): Labelled {
  const random = randomOf(seed * 7_919 + 1);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const base = 10 ** (1 + random() * 2.5);
  const swing = 0.3 + random() * 0.5;
  const peakHour = 9 + Math.floor(random() * 10);
  const weekend = 0.25 + random() * 0.6;
  const noise = 0.03 + random() * 0.06;
  const growth = (random() - 0.3) * 0.04;
  const steps = weeks * perWeek;
  const judgedFrom = steps - judgedWeeks * perWeek;
  const injections = injected ? injectionsOf(random, judgedFrom, steps) : [];
  const points: Point[] = [];
  for (let step = 0; step < steps; step++) {
    const hour = (step % perDay) / perHour;
    const day = Math.floor(step / perDay) % 7;
    const season = (1 + swing * Math.cos(((hour - peakHour) / 24) * 2 * Math.PI)) * (day >= 5 ? weekend : 1);
    const perMinute = base * season * (1 + growth * (step / perWeek));
    const factor = injections.reduce((product, injection) => product * factorOf(injection, step), 1);
    points.push(pointOf(measure, perMinute, factor, noise, normal));
  }
  return { series: { service: `s${seed}`, measure, startUs, stepUs, points }, injections: injections.map(strip), judgedFrom };
}

function pointOf(measure: MeasureName, perMinute: number, factor: number, noise: number, normal: () => number): Point {
  const minutes = 15;
  const counted = (mean: number) => Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
  const jitter = Math.exp(noise * normal());
  const n = counted(perMinute * minutes * jitter);
  if (measure === 'volume') return { value: counted(perMinute * minutes * jitter * factor) / minutes, n };
  if (measure === 'latency') return { value: 120 * Math.exp(0.08 * normal()) * factor, n };
  const errors = counted(n * Math.min(1, 0.02 * jitter * factor));
  return n === 0 ? { value: Number.NaN, n } : { value: Math.min(1, errors / n), n };
}

type Sized = Injection & { size: number };
const strip = ({ kind, from, to }: Sized): Injection => ({ kind, from, to });

/** One of each kind, days apart. */
function injectionsOf(random: () => number, from: number, to: number): Sized[] {
  const room = Math.floor((to - from) / 4);
  const kinds = (['spike', 'drop', 'drift', 'shift'] as const).map((kind) => ({ kind, at: random() })).sort((a, b) => a.at - b.at);
  return kinds.map(({ kind }, index): Sized => {
    const start = from + index * room + Math.floor(random() * perDay);
    const between = (low: number, high: number) => low + random() * (high - low);
    if (kind === 'spike') return { kind, from: start, to: start + Math.round(between(1, 6)), size: between(1.8, 4) };
    if (kind === 'drop') return { kind, from: start, to: start + Math.round(between(2, 10)), size: between(0, 0.5) };
    if (kind === 'shift')
      return {
        kind,
        from: start,
        to: start + Math.round(between(0.5, 1.5) * perDay),
        size: random() < 0.5 ? between(1.4, 2) : between(0.45, 0.7),
      };
    return { kind, from: start, to: start + Math.round(between(1.5, 3) * perDay), size: between(1.5, 2) };
  });
}

function factorOf({ kind, from, to, size }: Sized, step: number): number {
  if (step < from || step >= to) return 1;
  return kind === 'drift' ? 1 + ((size - 1) * (step - from)) / (to - from) : size;
}
