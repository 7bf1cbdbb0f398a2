import type { StateWrite } from '../ports/state-store.ts';
import type { Condemned, FileInfo } from './file.ts';
import { listDay, listPartition, readPartitions } from './heads.ts';
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
export function* condemnFiles(generation: number, partition: number, names: readonly string[], verdict: Verdict): Steps<string[]> {
  const key = partitionKey(generation, partition);
  for (;;) {
    const { value: head, version } = yield* read(key, emptyPartition(generation, partition));
    const chosen = choose(names, head.files, head.condemned, verdict);
    if (chosen.size === 0) return [];
    const writes: StateWrite[] = [{ key, version, value: condemnLevel0(head, chosen) }];
    if (version === 0) writes.push(yield* listPartition(generation, partition));
    if (yield* transact(writes)) return [...chosen];
  }
}

/** The same for compacted files of one day. */
export function* condemnDayFiles(tenant: string, day: string, names: readonly string[], verdict: Verdict): Steps<string[]> {
  const key = tenantDayKey(tenant, day);
  for (;;) {
    const { value: head, version } = yield* read(key, emptyTenantDay(tenant, day));
    const chosen = choose(names, head.files, head.condemned, verdict);
    if (chosen.size === 0) return [];
    const writes: StateWrite[] = [{ key, version, value: condemnCompacted(head, chosen) }];
    if (version === 0) writes.push(yield* listDay(tenant, day));
    if (yield* transact(writes)) return [...chosen];
  }
}

/** What age is measured by: the time now, and the time before which every reader that still lives began. Epoch milliseconds. */
export type Ages = { nowMs(): number; oldestReaderMs(): number };

/**
 * Second phase at level 0: notes which condemned files it sees for the first time, deletes those that were noted before the oldest reader
 * began, then forgets them. Returns how many files went.
 */
export function* collectFiles(generation: number, partition: number, ages: Ages): Steps<number> {
  const key = partitionKey(generation, partition);
  const due = dueOf((yield* read(key, emptyPartition(generation, partition))).value.condemned, ages);
  for (const name of due) yield* remove(name);
  for (;;) {
    const { value: head, version } = yield* read(key, emptyPartition(generation, partition));
    const condemned = noteAges(head.condemned, due, ages);
    if (!condemned) return due.size;
    if (yield* transact([{ key, version, value: { ...head, condemned } }])) return due.size;
  }
}

/** The same for one day, which also forgets what it absorbed once level 0 has forgotten it. A day that holds nothing any more is forgotten itself. */
export function* collectDay(tenant: string, day: string, ages: Ages): Steps<number> {
  const key = tenantDayKey(tenant, day);
  const due = dueOf((yield* read(key, emptyTenantDay(tenant, day))).value.condemned, ages);
  for (const name of due) yield* remove(name);
  for (;;) {
    const { value: head, version } = yield* read(key, emptyTenantDay(tenant, day));
    if (version === 0) return due.size;
    const known = new Set((yield* readPartitions()).flatMap(({ files, condemned }) => [...files, ...condemned].map(({ name }) => name)));
    const condemned = noteAges(head.condemned, due, ages);
    const absorbed = head.absorbed.filter((name) => known.has(name));
    const next: TenantDayHead = { ...head, condemned: condemned ?? head.condemned, absorbed };
    const empty = next.files.length + next.condemned.length + absorbed.length + next.removed.length === 0;
    if (!condemned && absorbed.length === head.absorbed.length && !empty) return due.size;
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

function dueOf(condemned: Condemned[], { oldestReaderMs }: Ages): Set<string> {
  const beforeMs = oldestReaderMs();
  return new Set(condemned.filter(({ seenMs }) => seenMs !== undefined && seenMs < beforeMs).map(({ name }) => name));
}

/** Leaves out deleted files and notes the time at which the others are seen condemned; undefined where nothing changes. */
function noteAges(condemned: Condemned[], deleted: ReadonlySet<string>, { nowMs }: Ages): Condemned[] | undefined {
  const left = condemned.filter(({ name }) => !deleted.has(name));
  if (left.length === condemned.length && left.every(({ seenMs }) => seenMs !== undefined)) return undefined;
  const seenMs = nowMs();
  return left.map((item) => (item.seenMs === undefined ? { ...item, seenMs } : item));
}
