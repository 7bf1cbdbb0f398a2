import type { PartitionOffsets } from '../query/compile/scan/visible.ts';
import type { ReadStats, Snapshot, TimeRange } from '../query/plan.ts';
import { Part } from './part.ts';
import type { RowGroup, Window } from './rows.ts';
import type { Table } from './table.ts';
import { TableRows } from './table-rows.ts';
import { seenOf, type Visibility, visibilityOf } from './visibility.ts';

/** What is to be searched; `only`: rows at other positions are not there. */
export type SourceRef = { source: Table | Part; only?: PartitionOffsets };

/** What every query says, whatever it asks for. */
export type Scope = { tenant: string; time: TimeRange; snapshot?: Snapshot; positions?: PartitionOffsets };

/** A row group that may hold rows of the query; with `visibility`, its rows must be looked at one by one. */
export type SourceGroup = { group: RowGroup; part: Part | undefined; visibility: Visibility | undefined };

export type SourceWindow = SourceGroup & { window: Window };

/** Finds the windows that may hold rows of the query by tenant, time and offsets, and counts the files left out. */
export function windowsOf(sources: SourceRef[], scope: Scope, stats: ReadStats): SourceWindow[] {
  const windows: SourceWindow[] = [];
  for (const { source, only } of sources) {
    const visibility = visibilityOf(scope.snapshot, only, scope.positions);
    if (source instanceof Part) addPart(windows, source, visibility, scope, stats);
    else addGroup(windows, { group: new TableRows(source), part: undefined, visibility }, scope, stats);
  }
  return windows;
}

function addPart(windows: SourceWindow[], part: Part, visibility: Visibility | undefined, scope: Scope, stats: ReadStats): void {
  stats.files++;
  const { info } = part;
  const seen = seenOf(info, visibility);
  const isInTime = info.maxTimestamp >= scope.time.fromUs && info.minTimestamp < scope.time.toUs;
  if (!isInTime || seen === 'none' || !info.tenants.includes(scope.tenant)) {
    stats.filesPruned++;
    return;
  }
  const { groups } = part;
  for (const group of groups) addGroup(windows, { group, part, visibility: seen === 'all' ? undefined : visibility }, scope, stats);
}

function addGroup(windows: SourceWindow[], source: SourceGroup, { time }: Scope, stats: ReadStats): void {
  for (const window of source.group.windows) {
    if (window.maxTimestamp >= time.fromUs && window.minTimestamp < time.toUs) windows.push({ ...source, window });
    else stats.pagesPruned++;
  }
}
