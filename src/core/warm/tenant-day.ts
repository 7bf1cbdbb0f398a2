import type { Condemned, FileInfo } from './file.ts';

/** A compacted file: rows of one tenant and one hour (0 to 23, UTC, event time). All its rows count. */
export type CompactedFile = { name: string; hour: number; info: FileInfo };

/** Positions that were done and whose rows a rewrite left out, by why: a lower position has the same client id, or it was erased. */
export type Removed = { generation: number; partition: number; duplicate: number; erased: number };

/**
 * What is compacted of one tenant and day of event time. `absorbed` names the level-0 files whose rows of this tenant and day stand in
 * `files`: readers skip those there. A name may be forgotten once no partition's head lists it any more, condemned or not.
 */
export type TenantDayHead = {
  tenant: string;
  day: string;
  files: CompactedFile[];
  absorbed: string[];
  condemned: Condemned[];
  removed: Removed[];
  salt: number;
};

export const emptyTenantDay = (tenant: string, day: string): TenantDayHead => ({
  tenant,
  day,
  files: [],
  absorbed: [],
  condemned: [],
  removed: [],
  salt: 0,
});

/** One change of a day: level-0 files taken in, files taken out, files put in their place, rows left out on the way. */
export type Rewrite = { absorbs: string[]; replaces: string[]; adds: CompactedFile[]; removed: Removed[] };

/**
 * Applies a rewrite, or gives undefined where it was made from what is no longer so: a level-0 file was absorbed meanwhile, or a file that it
 * replaces is gone. Files that are replaced are condemned, which moves the salt on.
 */
export function rewriteDay(head: TenantDayHead, { absorbs, replaces, adds, removed }: Rewrite): TenantDayHead | undefined {
  const listed = new Set(head.files.map(({ name }) => name));
  const absorbed = new Set(head.absorbed);
  if (absorbs.some((name) => absorbed.has(name)) || replaces.some((name) => !listed.has(name))) return undefined;
  const out = new Set(replaces);
  return {
    ...head,
    files: [...head.files.filter(({ name }) => !out.has(name)), ...adds],
    absorbed: [...head.absorbed, ...absorbs],
    condemned: [...head.condemned, ...replaces.map((name) => ({ name }))],
    removed: addRemoved(head.removed, removed),
    salt: out.size > 0 ? head.salt + 1 : head.salt,
  };
}

/** Condemns names that the head does not list (what a crash left behind), so that a commit that is under way cannot list them any more. */
export function condemnCompacted(head: TenantDayHead, names: ReadonlySet<string>): TenantDayHead {
  return {
    ...head,
    files: head.files.filter(({ name }) => !names.has(name)),
    condemned: [...head.condemned, ...[...names].map((name) => ({ name }))],
    salt: head.salt + 1,
  };
}

function addRemoved(before: Removed[], more: Removed[]): Removed[] {
  const sums = new Map<string, Removed>();
  for (const item of [...before, ...more]) {
    const key = `${item.generation}/${item.partition}`;
    const sum = sums.get(key) ?? { ...item, duplicate: 0, erased: 0 };
    sums.set(key, { ...sum, duplicate: sum.duplicate + item.duplicate, erased: sum.erased + item.erased });
  }
  return [...sums.values()];
}
