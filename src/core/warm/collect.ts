import type { StateWrite } from '../ports/state-store.ts';
import { listDay, readPartitions } from './compact.ts';
import type { Condemned, FileInfo } from './file.ts';
import { partitionKey, tenantDayKey, tenantKey } from './keys.ts';
import { condemnLevel0, emptyPartition } from './progress.ts';
import { read, remove, type Steps, transact } from './steps.ts';
import { condemnCompacted, emptyTenantDay, type TenantDayHead } from './tenant-day.ts';

/** Which files of a head go: listed ones that are not needed any more, or objects that a crash left and no head lists. */
export type Verdict = 'listed' | 'unlisted';

/**
 * First phase of collection at level 0: takes names out of the head and notes them as condemned. `listed` names must have been absorbed by
 * every tenant and day that they touch. Returns those that were condemned.
 */
export function* condemnFiles(
  generation: number,
  partition: number,
  names: readonly string[],
  verdict: Verdict,
  nowMs: number,
): Steps<string[]> {
  const key = partitionKey(generation, partition);
  for (;;) {
    const { value: head, version } = yield* read(key, emptyPartition(generation, partition));
    const chosen = choose(names, head.files, head.condemned, verdict);
    if (chosen.size === 0) return [];
    if (yield* transact([{ key, version, value: condemnLevel0(head, chosen, nowMs) }])) return [...chosen];
  }
}

/** The same for compacted files of one day. */
export function* condemnDayFiles(tenant: string, day: string, names: readonly string[], verdict: Verdict, nowMs: number): Steps<string[]> {
  const key = tenantDayKey(tenant, day);
  for (;;) {
    const { value: head, version } = yield* read(key, emptyTenantDay(tenant, day));
    const chosen = choose(names, head.files, head.condemned, verdict);
    if (chosen.size === 0) return [];
    const writes: StateWrite[] = [{ key, version, value: condemnCompacted(head, chosen, nowMs) }];
    if (version === 0) writes.push(yield* listDay(tenant, day));
    if (yield* transact(writes)) return [...chosen];
  }
}

/** Second phase at level 0: deletes what was condemned before `beforeMs`, then forgets it. Returns how many files went. */
export function* collectFiles(generation: number, partition: number, beforeMs: number): Steps<number> {
  const key = partitionKey(generation, partition);
  const due = dueOf((yield* read(key, emptyPartition(generation, partition))).value.condemned, beforeMs);
  for (const name of due) yield* remove(name);
  while (due.size > 0) {
    const { value: head, version } = yield* read(key, emptyPartition(generation, partition));
    if (yield* transact([{ key, version, value: { ...head, condemned: without(head.condemned, due) } }])) break;
  }
  return due.size;
}

/** The same for one day. A day that holds nothing any more is forgotten itself. */
export function* collectDay(tenant: string, day: string, beforeMs: number): Steps<number> {
  const key = tenantDayKey(tenant, day);
  const due = dueOf((yield* read(key, emptyTenantDay(tenant, day))).value.condemned, beforeMs);
  for (const name of due) yield* remove(name);
  for (;;) {
    const { value: head, version } = yield* read(key, emptyTenantDay(tenant, day));
    if (version === 0) return due.size;
    const known = new Set((yield* readPartitions()).flatMap(({ files, condemned }) => [...files, ...condemned].map(({ name }) => name)));
    const next: TenantDayHead = {
      ...head,
      condemned: without(head.condemned, due),
      absorbed: head.absorbed.filter((name) => known.has(name)),
    };
    const empty = next.files.length + next.condemned.length + next.absorbed.length + next.removed.length === 0;
    if (due.size === 0 && !empty) return 0;
    const writes: StateWrite[] = [{ key, version, value: empty ? undefined : next }];
    if (empty) {
      const days = yield* read<string[]>(tenantKey(tenant), []);
      writes.push({ key: tenantKey(tenant), version: days.version, value: days.value.filter((other) => other !== day) });
    }
    if (yield* transact(writes)) return due.size;
  }
}

/** Names whose rows were all observed before a time: what retention condemns. */
export const observedBefore = (files: readonly { name: string; info: FileInfo }[], cutoffUs: number): string[] =>
  files.filter(({ info }) => info.maxObserved < cutoffUs).map(({ name }) => name);

function choose(names: readonly string[], files: readonly { name: string }[], condemned: Condemned[], verdict: Verdict): Set<string> {
  const listed = new Set(files.map(({ name }) => name));
  const gone = new Set(condemned.map(({ name }) => name));
  return new Set(names.filter((name) => !gone.has(name) && listed.has(name) === (verdict === 'listed')));
}

const dueOf = (condemned: Condemned[], beforeMs: number): Set<string> =>
  new Set(condemned.filter(({ atMs }) => atMs < beforeMs).map(({ name }) => name));

const without = (condemned: Condemned[], names: ReadonlySet<string>): Condemned[] => condemned.filter(({ name }) => !names.has(name));
