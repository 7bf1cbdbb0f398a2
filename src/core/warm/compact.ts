import type { StateWrite } from '../ports/state-store.ts';
import { type FileInfo, fileInfoOf } from './file.ts';
import { hourFolder, objectName, partitionKey, partitionsKey, tenantDayKey, tenantKey } from './keys.ts';
import { emptyPartition, type PartitionHead } from './progress.ts';
import { put, read, type Steps, transact } from './steps.ts';
import { emptyTenantDay, type Removed, type Rewrite, rewriteDay } from './tenant-day.ts';

/** A merged file on its way into a day; `hash` is that of its content. */
export type Output = { hour: number; hash: string; content: unknown; info: FileInfo };

/** `stale`: the inputs are no longer what they were, and the outputs are of no use. */
export type RewriteResult = 'done' | 'stale';

export type RewriteRequest = {
  tenant: string;
  day: string;
  /** Level-0 files whose rows of this tenant and day stand in the outputs. */
  absorbs: string[];
  /** Compacted files of this day that the outputs replace. */
  replaces: string[];
  outputs: Output[];
  removed: Removed[];
};

/**
 * Puts merged files into a day's head, in place of what they were merged from. The day's head is read before those of level 0 (the other way
 * round than readers do): a name that the day has forgotten as absorbed is then not listed at level 0 any more, and nothing is absorbed twice.
 */
export function* rewrite(request: RewriteRequest, nowMs: number): Steps<RewriteResult> {
  const { tenant, day, absorbs, replaces, outputs, removed } = request;
  const key = tenantDayKey(tenant, day);
  for (;;) {
    const { value: head, version } = yield* read(key, emptyTenantDay(tenant, day));
    const partitions = yield* readPartitions();
    const listed = new Set(partitions.flatMap(({ files }) => files.map(({ name }) => name)));
    if (absorbs.some((name) => !listed.has(name))) return 'stale';

    const taken = new Set([...head.files, ...head.condemned].map(({ name }) => name));
    const adds = outputs.map((output) => {
      const name = objectName(hourFolder(tenant, day, output.hour), output.hash, head.salt, taken);
      taken.add(name);
      return { name, hour: output.hour, info: fileInfoOf(output.info) };
    });
    const change: Rewrite = { absorbs, replaces, adds, removed };
    const next = rewriteDay(head, change, nowMs);
    if (!next) return 'stale';

    const known = new Set([...listed, ...partitions.flatMap(({ condemned }) => condemned.map(({ name }) => name))]);
    const writes: StateWrite[] = [{ key, version, value: { ...next, absorbed: next.absorbed.filter((name) => known.has(name)) } }];
    if (version === 0) writes.push(yield* listDay(tenant, day));
    for (const [index, { name }] of adds.entries()) yield* put(name, outputs[index]!.content);
    if (yield* transact(writes)) return 'done';
  }
}

/** The heads of all partitions of all generations. */
export function* readPartitions(): Steps<PartitionHead[]> {
  const heads: PartitionHead[] = [];
  for (const [generation, partition] of (yield* read<[number, number][]>(partitionsKey, [])).value)
    heads.push((yield* read(partitionKey(generation, partition), emptyPartition(generation, partition))).value);
  return heads;
}

/** Adds a day to those of its tenant. */
export function* listDay(tenant: string, day: string): Steps<StateWrite> {
  const { value: days, version } = yield* read<string[]>(tenantKey(tenant), []);
  return { key: tenantKey(tenant), version, value: days.includes(day) ? days : [...days, day].sort() };
}
