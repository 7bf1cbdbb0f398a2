import type { StateWrite } from '../ports/state-store.ts';
import type { Signal } from '../signal.ts';
import { condemnFiles } from './collect.ts';
import { fileInfoOf } from './file.ts';
import { listDay, readPartitions } from './heads.ts';
import { hourFolder, objectName, tenantDayKey } from './keys.ts';
import type { Level0File } from './progress.ts';
import { type MergedDay, merge, put, read, type Steps, transact } from './steps.ts';
import { emptyTenantDay, type Rewrite, rewriteDay } from './tenant-day.ts';

/** `stale`: the inputs are no longer what they were, and the outputs are of no use. */
export type RewriteResult = 'done' | 'stale';

export type RewriteRequest = MergedDay & {
  /** Whose files these are. @default 'logs' */
  dataset?: Signal;
  /** Level-0 files whose rows of this tenant and day stand in the outputs. */
  absorbs: string[];
  /** Compacted files of this day that the outputs replace. */
  replaces: string[];
};

/**
 * Puts merged files into a day's head, in place of what they were merged from. The day's head is read before those of level 0 (the other way
 * round than readers do): a name that the day has forgotten as absorbed is then not listed at level 0 any more, and nothing is absorbed twice.
 */
export function* rewrite(request: RewriteRequest): Steps<RewriteResult> {
  const { dataset = 'logs', tenant, day, absorbs, replaces, outputs, removed } = request;
  const key = tenantDayKey(tenant, day);
  for (;;) {
    const { value: head, version } = yield* read(key, emptyTenantDay(tenant, day));
    const partitions = yield* readPartitions();
    const listed = new Set(partitions.flatMap(({ files }) => files.map(({ name }) => name)));
    if (absorbs.some((name) => !listed.has(name))) return 'stale';

    const taken = new Set([...head.files, ...head.condemned].map(({ name }) => name));
    const adds = outputs.map((output) => {
      const name = objectName(hourFolder(dataset, tenant, day, output.hour), output.hash, head.salt, taken);
      taken.add(name);
      return { name, hour: output.hour, info: fileInfoOf(output.info) };
    });
    const change: Rewrite = { absorbs, replaces, adds, removed };
    const next = rewriteDay(head, change);
    if (!next) return 'stale';

    const known = new Set([...listed, ...partitions.flatMap(({ condemned }) => condemned.map(({ name }) => name))]);
    const writes: StateWrite[] = [{ key, version, value: { ...next, absorbed: next.absorbed.filter((name) => known.has(name)) } }];
    if (version === 0) writes.push(yield* listDay(tenant, day));
    for (const [index, { name }] of adds.entries()) yield* put(name, outputs[index]!.content);
    if (yield* transact(writes)) return 'done';
  }
}

/** A level-0 file and the partition whose head lists it. */
export type Level0Source = { generation: number; partition: number; file: Level0File };

/**
 * Takes level-0 files into the days of all tenants that they touch, whole files only, then condemns them. After a crash in between the next
 * run finds which days have absorbed which of them and does the rest. Stale where somebody else was at the same files: then nothing is lost.
 */
export function* compactLevel0(inputs: readonly Level0Source[], dataset: Signal = 'logs'): Steps<RewriteResult> {
  for (const day of yield* merge({ sources: inputs.map(sourceOf) })) {
    if ((yield* absorbDay(inputs, { ...day, dataset })) === 'stale') return 'stale';
  }
  for (const { generation, partition, files } of byPartition(inputs)) yield* condemnFiles(generation, partition, files, 'listed');
  return 'done';
}

function* absorbDay(inputs: readonly Level0Source[], merged: MergedDay & { dataset: Signal }): Steps<RewriteResult> {
  const { dataset, tenant, day } = merged;
  const { value: head } = yield* read(tenantDayKey(tenant, day), emptyTenantDay(tenant, day));
  const left = inputs.filter(({ file }) => !head.absorbed.includes(file.name));
  if (left.length === 0) return 'done';
  const absorbs = left.map(({ file }) => file.name);
  if (left.length === inputs.length) return yield* rewrite({ ...merged, absorbs, replaces: [] });
  const rest = (yield* merge({ sources: left.map(sourceOf), within: { tenant, day } })).find(
    (one) => one.tenant === tenant && one.day === day,
  );
  return yield* rewrite({ dataset, tenant, day, outputs: rest?.outputs ?? [], removed: rest?.removed ?? [], absorbs, replaces: [] });
}

/** Merges files of one day into one an hour, leaving out what `erase` matches. They all lie in the hours that come out. */
export function* rewriteFiles(
  tenant: string,
  day: string,
  names: readonly string[],
  erase: unknown,
  dataset: Signal = 'logs',
): Steps<RewriteResult> {
  const sources = names.map((name) => ({ name }));
  const [merged] = yield* merge({ sources, within: { tenant, day }, ...(erase === undefined ? {} : { erase }) });
  return yield* rewrite({
    dataset,
    tenant,
    day,
    outputs: merged?.outputs ?? [],
    removed: merged?.removed ?? [],
    absorbs: [],
    replaces: [...names],
  });
}

function sourceOf({ generation, partition, file: { name, only } }: Level0Source) {
  return { name, ...(only ? { only: [{ generation, partition, offsets: only }] } : {}) };
}

function byPartition(inputs: readonly Level0Source[]): { generation: number; partition: number; files: string[] }[] {
  const groups = Map.groupBy(inputs, ({ generation, partition }) => `${generation}/${partition}`);
  return [...groups.values()].map((group) => ({
    generation: group[0]!.generation,
    partition: group[0]!.partition,
    files: group.map(({ file }) => file.name),
  }));
}
