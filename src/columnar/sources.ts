import type { PartitionOffsets } from '../query/compile/scan/visible.ts';
import type { ReadStats, Snapshot, TimeRange } from '../query/plan.ts';
import { Part } from './part.ts';
import type { RowGroup, Window } from './rows.ts';
import type { Table } from './table.ts';
import { TableRows } from './table-rows.ts';
import { seenOf, type Visibility, visibilityOf } from './visibility.ts';

/** What is to be searched. Rows at positions not in `only`, or of times not in `time`, are not there: one file may be given twice in parts. */
export type SourceRef = { source: Table | Part; only?: PartitionOffsets; time?: TimeRange };

/** What every query says, whatever it asks for. */
export type Scope = { tenant: string; time: TimeRange; snapshot?: Snapshot; positions?: PartitionOffsets };

/** A row group that may hold rows of the query in a range of time; with `visibility`, its rows must be looked at one by one. */
export type SourceGroup = { group: RowGroup; time: TimeRange; visibility: Visibility | undefined };

export type SourceWindow = SourceGroup & { window: Window };

/** The times that are in both. */
export const commonTime = (a: TimeRange, b: TimeRange): TimeRange => ({
  fromUs: Math.max(a.fromUs, b.fromUs),
  toUs: Math.min(a.toUs, b.toUs),
});

/** Finds the windows that may hold rows of the query by tenant, time and offsets, and counts the files left out. */
export function windowsOf(sources: SourceRef[], scope: Scope, stats: ReadStats): SourceWindow[] {
  const windows: SourceWindow[] = [];
  for (const { source, only, time: ownTime } of sources) {
    const visibility = visibilityOf(scope.snapshot, only, scope.positions);
    const time = ownTime ? commonTime(ownTime, scope.time) : scope.time;
    if (source instanceof Part) addPart(windows, source, { time, visibility }, scope.tenant, stats);
    else addGroup(windows, { group: new TableRows(source), time, visibility }, stats);
  }
  return windows;
}

function addPart(windows: SourceWindow[], part: Part, limits: Omit<SourceGroup, 'group'>, tenant: string, stats: ReadStats): void {
  const { info, groups } = part;
  const { time, visibility } = limits;
  const seen = seenOf(info, visibility);
  stats.files++;
  if (info.maxTimestamp < time.fromUs || info.minTimestamp >= time.toUs || seen === 'none' || !info.tenants.includes(tenant))
    stats.filesPruned++;
  else for (const group of groups) addGroup(windows, { group, time, visibility: seen === 'all' ? undefined : visibility }, stats);
}

function addGroup(windows: SourceWindow[], source: SourceGroup, stats: ReadStats): void {
  for (const window of source.group.windows) {
    if (window.maxTimestamp >= source.time.fromUs && window.minTimestamp < source.time.toUs) windows.push({ ...source, window });
    else stats.pagesPruned++;
  }
}
