import { type Intervals, includes, intervalsOf } from '../core/intervals.ts';
import type { StoredRecord } from '../core/record.ts';
import { hourUs } from '../core/warm/file.ts';
import type { PartitionOffsets } from '../query/compile/scan/visible.ts';
import type { ReadStats, TimeRange } from '../query/plan.ts';
import { dropDuplicates } from './client-duplicates.ts';
import { type Hit, recordsOf } from './materialise.ts';
import { drop, loadGroup, type MergeGroup, type Slice, SliceList, sortKeyAt } from './merge-group.ts';
import { mergeSlices } from './merge-order.ts';
import { compareUtf8 } from './order.ts';
import type { Part } from './part.ts';
import type { Run } from './rows.ts';
import type { Steps } from './steps.ts';
import { type Visibility, visibilityOf } from './visibility.ts';

/** A part to be merged; `only`: rows at other positions are not there. */
export type MergeSource = { source: Part; only?: PartitionOffsets };

export type MergeOptions = {
  /** Only rows of this tenant; of all when absent. */
  tenant?: string;
  /** Only rows of these times; all when absent. */
  time?: TimeRange;
  /** Which records are kept; all when absent. Building them costs several times the merge itself: for erasure. */
  keep?: (record: StoredRecord) => boolean;
};

/** Positions whose rows were left out of a merge, and why: a lower position has the same client id, or `keep` did not take them. */
export type RemovedRows = { generation: number; partition: number; reason: 'duplicate' | 'erased'; offsets: Intervals };

/** Rows of one tenant and hour: the sorted slices of each service. */
export type MergeOutput = { tenant: string; hourStartUs: number; services: Map<string, Slice[]> };

/** Decides which rows go where: by tenant, hour and service. */
export function* planMerge(
  sources: readonly MergeSource[],
  options: MergeOptions,
  stats: ReadStats,
): Steps<{ outputs: MergeOutput[]; removed: RemovedRows[] }> {
  const removed = new RemovedSets();
  const byTenant = new Map<string, Slice[]>();
  const cells = new Map<string, MergeOutput>();
  for (const { source: part, only } of sources) {
    const visibility = visibilityOf(undefined, only);
    for (const group of part.groups) {
      const runs = group.runs.filter(({ tenant }) => options.tenant === undefined || tenant === options.tenant);
      if (runs.length === 0 || !overlaps(group.place.minTimestamp, group.place.maxTimestamp, options.time)) continue;
      const source = yield* loadGroup(group, stats);
      if (visibility) dropInvisible(source, visibility);
      for (const run of runs) {
        const slice = sliceOf(source, run, options.time);
        if (slice.from === slice.to) continue;
        if (options.keep) yield* dropUnkept(slice, options.keep, removed, stats);
        byTenant.set(run.tenant, [...(byTenant.get(run.tenant) ?? []), slice]);
        addToCells(cells, run, slice);
      }
      yield;
    }
  }
  for (const slices of byTenant.values()) {
    yield* dropDuplicates(slices, stats, (source, row) => removed.add('duplicate', source, row));
  }
  const outputs = [...cells.values()].sort((a, b) => compareUtf8(a.tenant, b.tenant) || a.hourStartUs - b.hourStartUs);
  return { outputs, removed: removed.list() };
}

/**
 * Puts the rows of an output in order: by service, time and position. Left until it is written, since rows of many parts that alternate are as many
 * slices.
 */
export function* slicesOf({ services }: MergeOutput): Steps<SliceList> {
  const slices = new SliceList();
  for (const service of [...services.keys()].sort(compareUtf8)) {
    mergeSlices(services.get(service)!, slices);
    yield;
  }
  return slices;
}

const overlaps = (least: number, greatest: number, time: TimeRange | undefined): boolean =>
  !time || (greatest >= time.fromUs && least < time.toUs);

function dropInvisible(source: MergeGroup, visibility: Visibility): void {
  for (let row = 0; row < source.group.rows; row++) {
    if (!visibility(source.generation[row]!, source.partition[row]!).every((set) => includes(set, source.offset[row]!))) drop(source, row);
  }
}

function sliceOf(source: MergeGroup, { from, to }: Run, time: TimeRange | undefined): Slice {
  if (!time) return { source, from, to };
  return { source, from: firstAtOrAfter(source, from, to, time.fromUs), to: firstAtOrAfter(source, from, to, time.toUs) };
}

function firstAtOrAfter({ timestamp }: MergeGroup, from: number, to: number, time: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timestamp[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function* dropUnkept(
  { source, from, to }: Slice,
  keep: (record: StoredRecord) => boolean,
  removed: RemovedSets,
  stats: ReadStats,
): Steps<void> {
  const { group } = source;
  for (const window of group.windows) {
    const hits: Hit[] = [];
    for (let row = Math.max(from, window.from); row < Math.min(to, window.to); row++) {
      if (source.dropped?.[row] === 1) continue;
      hits.push({ group, window, row, ...sortKeyAt(source, row) });
    }
    if (hits.length === 0) continue;
    const records = yield* recordsOf(hits, stats);
    records.forEach((record, i) => {
      if (!keep(record) && drop(source, hits[i]!.row)) removed.add('erased', source, hits[i]!.row);
    });
    yield;
  }
}

function addToCells(cells: Map<string, MergeOutput>, { tenant, service }: Run, { source, from, to }: Slice): void {
  for (let row = from; row < to; ) {
    const hourStartUs = Math.floor(source.timestamp[row]! / hourUs) * hourUs;
    const end = firstAtOrAfter(source, row, to, hourStartUs + hourUs);
    const key = `${tenant} ${hourStartUs}`;
    let cell = cells.get(key);
    if (!cell) {
      cell = { tenant, hourStartUs, services: new Map() };
      cells.set(key, cell);
    }
    const slices = cell.services.get(service);
    if (slices) slices.push({ source, from: row, to: end });
    else cell.services.set(service, [{ source, from: row, to: end }]);
    row = end;
  }
}

class RemovedSets {
  readonly #sets = new Map<string, { generation: number; partition: number; reason: RemovedRows['reason']; offsets: number[] }>();

  add(reason: RemovedRows['reason'], source: MergeGroup, row: number): void {
    const generation = source.generation[row]!;
    const partition = source.partition[row]!;
    const key = `${generation} ${partition} ${reason}`;
    const set = this.#sets.get(key) ?? { generation, partition, reason, offsets: [] };
    set.offsets.push(source.offset[row]!);
    this.#sets.set(key, set);
  }

  list(): RemovedRows[] {
    return [...this.#sets.values()].map((set) => ({ ...set, offsets: intervalsOf(set.offsets.map((offset) => [offset, offset + 1])) }));
  }
}
