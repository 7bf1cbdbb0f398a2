import type { Intervals } from '../intervals.ts';
import { dayStartUs, dayUs, type FileInfo } from './file.ts';
import { readPartitions } from './heads.ts';
import { tenantDayKey, tenantKey } from './keys.ts';
import type { Level0File, PartitionHead } from './progress.ts';
import { read, type Steps } from './steps.ts';
import { emptyTenantDay, type TenantDayHead } from './tenant-day.ts';

/** Half-open range of event time, epoch microseconds. */
export type Times = { fromUs: number; toUs: number };

/** A file to read. Rows count whose offset is in `only` (all when absent) and whose timestamp is in `time` (all when absent). */
export type VisibleFile = {
  name: string;
  info: FileInfo;
  only?: { generation: number; partition: number; offsets: Intervals }[];
  time?: Times;
};

export type WarmSnapshot = {
  files: VisibleFile[];
  /** The heads that the files came from: what is closed in them is not to be answered from anywhere else. */
  partitions: PartitionHead[];
};

/**
 * Lists what a reader of one tenant has to read: exact and disjoint by position, whatever is committed, compacted or collected meanwhile.
 * The heads of level 0 are read first and the tenant's after them: a file that is absorbed in between is then seen as absorbed, never missed.
 */
export function* snapshot(tenant: string, time: Times): Steps<WarmSnapshot> {
  const partitions = yield* readPartitions();
  const days: TenantDayHead[] = [];
  for (const day of (yield* read<string[]>(tenantKey(tenant), [])).value) {
    if (!overlaps(time, dayRange(day))) continue;
    days.push((yield* read(tenantDayKey(tenant, day), emptyTenantDay(tenant, day))).value);
  }
  const files: VisibleFile[] = [];
  for (const head of partitions) for (const file of head.files) files.push(...visibleParts(head, file, tenant, time, days));
  for (const { files: compacted } of days)
    for (const { name, info } of compacted) if (overlaps(time, rangeOf(info))) files.push({ name, info });
  return { files, partitions };
}

/** A level-0 file without the days for which the tenant's heads have absorbed it: once, or in several windows around those days. */
function visibleParts(head: PartitionHead, file: Level0File, tenant: string, time: Times, days: TenantDayHead[]): VisibleFile[] {
  const { name, info, only } = file;
  if (!overlaps(time, rangeOf(info)) || (file.tenants && !file.tenants.includes(tenant))) return [];
  const { generation, partition } = head;
  const visible: VisibleFile = { name, info, ...(only ? { only: [{ generation, partition, offsets: only }] } : {}) };
  const absorbed = days.filter((day) => day.absorbed.includes(name)).map(({ day }) => dayRange(day));
  if (absorbed.length === 0) return [visible];
  return gaps(intersectTimes(time, rangeOf(info)), absorbed).map((window) => ({ ...visible, time: window }));
}

function gaps(within: Times, without: Times[]): Times[] {
  const windows: Times[] = [];
  let fromUs = within.fromUs;
  for (const hole of without.sort((a, b) => a.fromUs - b.fromUs)) {
    windows.push({ fromUs, toUs: Math.min(hole.fromUs, within.toUs) });
    fromUs = Math.max(fromUs, hole.toUs);
  }
  windows.push({ fromUs, toUs: within.toUs });
  return windows.filter((window) => window.fromUs < window.toUs);
}

const rangeOf = ({ minTimestamp, maxTimestamp }: FileInfo): Times => ({ fromUs: minTimestamp, toUs: maxTimestamp + 1 });
const dayRange = (day: string): Times => ({ fromUs: dayStartUs(day), toUs: dayStartUs(day) + dayUs });
const overlaps = (a: Times, b: Times): boolean => a.fromUs < b.toUs && b.fromUs < a.toUs;
const intersectTimes = (a: Times, b: Times): Times => ({ fromUs: Math.max(a.fromUs, b.fromUs), toUs: Math.min(a.toUs, b.toUs) });
