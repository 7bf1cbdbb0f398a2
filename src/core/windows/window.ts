import type { Level } from '../record.ts';
import { emptySketch, mergeSketches, type Sketch } from './sketch.ts';

export const windowUs = 60_000_000;

/** Windows that are stored are kept so long; a record that comes later than this after its minute is in none. */
export const windowsKeptUs = 8 * 86_400_000_000;

/** The start of the minute of an event time, epoch microseconds. */
export const windowOf = (timestampUs: number): number => Math.floor(timestampUs / windowUs) * windowUs;

/**
 * The records of one service and level whose event time is in one minute. Partial: those of one partition, or added up. `late` counts the records that
 * were observed when the window was due already, `amendedUs` tells when the last of them was (0: never): by then the window may have been used.
 */
export type WindowCounts = { count: number; late: number; amendedUs: number; latency: Sketch };

/** `minuteUs` is its start, epoch microseconds. */
export type Window = WindowCounts & { minuteUs: number; service: string; level: Level };

export const noCounts: WindowCounts = { count: 0, late: 0, amendedUs: 0, latency: emptySketch };

/** When a window is due, epoch microseconds: once the watermark has come so far, only late records change it. */
export const dueUs = (minuteUs: number, latenessUs: number): number => minuteUs + windowUs + latenessUs;

/** Whether a record that was observed then is late for the window of its minute. */
export const isLate = (minuteUs: number, observedUs: number, latenessUs: number): boolean => observedUs >= dueUs(minuteUs, latenessUs);

export const addCounts = (a: WindowCounts, b: WindowCounts): WindowCounts => ({
  count: a.count + b.count,
  late: a.late + b.late,
  amendedUs: Math.max(a.amendedUs, b.amendedUs),
  latency: a.latency.count === 0 ? b.latency : b.latency.count === 0 ? a.latency : mergeSketches(a.latency, b.latency),
});

/** Adds partial windows up: one for each minute, service and level, in this order. */
export function addWindows(partials: Iterable<Window>): Window[] {
  const sums = new Map<string, Window>();
  for (const partial of partials) {
    const key = `${partial.minuteUs}/${partial.level}/${partial.service}`;
    const sum = sums.get(key);
    sums.set(key, sum ? { ...sum, ...addCounts(sum, partial) } : partial);
  }
  return [...sums.values()].sort((a, b) => a.minuteUs - b.minuteUs || compare(a.service, b.service) || compare(a.level, b.level));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** What windows are made by. */
export type WindowSettings = {
  /** Microseconds that records may come late. */
  latenessUs: number;
  /** Attributes of which the first that is a number counts as a record's latency. */
  latencyKeys: readonly string[];
};

export const latencyKeys = ['latency_ms', 'duration_ms'] as const;
