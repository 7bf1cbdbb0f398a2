import { mergeParts, type RemovedRows } from '../columnar/merge.ts';
import type { PageCache } from '../columnar/page-cache.ts';
import { openPart, type Part } from '../columnar/part.ts';
import { type Pace, run } from '../columnar/steps.ts';
import { sizeOf } from '../core/intervals.ts';
import type { WarmStore } from '../core/ports/warm-store.ts';
import type { StoredRecord } from '../core/record.ts';
import { dayStartUs, dayUs } from '../core/warm/file.ts';
import type { MergedDay, MergeRequest } from '../core/warm/steps.ts';
import type { Removed } from '../core/warm/tenant-day.ts';
import { contentHash } from './archive.ts';
import type { Merger } from './run-steps.ts';

/** Which records an erasure takes out. */
export type Erasure = (record: StoredRecord) => boolean;

export type MergeCounts = { read: number; written: number };

export type MergerDeps = {
  warm: WarmStore;
  cache: PageCache;
  counts: MergeCounts;
  /** How it gives way to others; as what somebody waits for, when absent. */
  pace?: Pace | undefined;
};

/** Reads files, merges their rows by tenant, day and hour and encodes them, in slices between which the event loop runs. */
export function createMerger({ warm, cache, counts, pace }: MergerDeps): Merger {
  const open = async (name: string): Promise<Part> => openPart(await warm.open(name), cache);

  return async ({ sources, within, erase }: MergeRequest): Promise<MergedDay[]> => {
    const opened = await Promise.allSettled(sources.map(({ name }) => open(name)));
    try {
      const failed = opened.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
      const parts = opened.map((result, i) => {
        const { only } = sources[i]!;
        return { source: (result as PromiseFulfilledResult<Part>).value, ...(only ? { only } : {}) };
      });
      const options = {
        ...(within ? { tenant: within.tenant, time: dayRange(within.day) } : {}),
        ...(erase ? { keep: (record: StoredRecord) => !(erase as Erasure)(record) } : {}),
      };
      const { files, removed } = await run(mergeParts(parts, options), pace);
      counts.read += sources.length;
      counts.written += files.length;
      return daysOf(files, removed, within);
    } finally {
      for (const result of opened) if (result.status === 'fulfilled') result.value.close();
    }
  };
}

type MergedFiles = Awaited<ReturnType<typeof mergeParts>> extends Generator<unknown, infer R> ? R : never;

const dayRange = (day: string) => ({ fromUs: dayStartUs(day), toUs: dayStartUs(day) + dayUs });

/** Groups files by tenant and day. Left-out rows are counted on the first: only their sum is ever asked for. */
function daysOf(files: MergedFiles['files'], removed: RemovedRows[], within: MergeRequest['within']): MergedDay[] {
  const days = new Map<string, MergedDay>();
  const day = (tenant: string, name: string): MergedDay => {
    const key = `${tenant}/${name}`;
    const found = days.get(key) ?? { tenant, day: name, outputs: [], removed: [] };
    days.set(key, found);
    return found;
  };
  if (within) day(within.tenant, within.day);
  for (const { tenant, dt, hour, part } of files) {
    const output = { hour: Number(hour), hash: contentHash(part.bytes), content: part.bytes, info: part.info };
    day(tenant, dt).outputs.push(output);
  }
  const all = [...days.values()];
  if (all[0]) all[0].removed = countsOf(removed);
  return all;
}

function countsOf(removed: RemovedRows[]): Removed[] {
  return removed.map(({ generation, partition, reason, offsets }) => {
    const counts = { generation, partition, duplicate: 0, erased: 0 };
    counts[reason] = sizeOf(offsets);
    return counts;
  });
}
