import { AppError } from '../errors.ts';
import { clip, type Intervals, intersect, intervalsOf, noOffsets, sizeOf, subtract, union } from '../intervals.ts';
import type { DropReason } from '../record.ts';
import type { Condemned, FileInfo } from './file.ts';

/** A file of one committed batch. `only` are the offsets whose rows count, where that is not all of them. `from` and `to` bound its offsets. */
export type Level0File = { name: string; info: FileInfo; from: number; to: number; only?: Intervals; tenants?: string[] };

export type Counts = { done: number; dropped: Partial<Record<DropReason, number>>; dead: number };

/**
 * The progress of a sink on one partition. `closed` holds every offset that is done, dropped or dead; which of the three stands in the
 * details of its block, where it is not done. Moves are: open to any of them, dead to done or dropped. Nothing else, ever.
 */
export type SinkHead = { generation: number; partition: number; closed: Intervals; counts: Counts };

/** The progress of the warm sink, and the files that hold what is done. */
export type PartitionHead = SinkHead & {
  files: Level0File[];
  condemned: Condemned[];
  salt: number;
};

/** What of some range of offsets was dropped, by reason, and what is dead. */
export type Details = { dropped: Partial<Record<DropReason, Intervals>>; dead: Intervals };

export const noDetails: Details = { dropped: {}, dead: noOffsets };

/** Offsets to close. Those of the file's rows are `done`; the sets are disjoint. A redrive moves dead offsets, everything else open ones. */
export type Batch = Details & { done: Intervals; redrive: boolean };

/** Past this many, commits are refused until the compactor has caught up: a head must stay below the size of a state value. */
export const maxLevel0Files = 500;
const maxTenantsNamed = 32;

export const emptyHead = (generation: number, partition: number): SinkHead => ({
  generation,
  partition,
  closed: noOffsets,
  counts: { done: 0, dropped: {}, dead: 0 },
});

export const emptyPartition = (generation: number, partition: number): PartitionHead => ({
  ...emptyHead(generation, partition),
  files: [],
  condemned: [],
  salt: 0,
});

/**
 * Trims a batch to what may still move: the part of it that is open, or, for a redrive, the part that is dead. A batch that comes twice, with
 * other boundaries or to two consumers at once comes out empty the second time. `details` must hold the blocks that the batch touches.
 */
export function trimBatch(head: SinkHead, details: Details, batch: Batch): Batch {
  const movable = batch.redrive ? (set: Intervals) => intersect(set, details.dead) : (set: Intervals) => subtract(set, head.closed);
  const done = movable(batch.done);
  let taken = done;
  const dropped: Details['dropped'] = {};
  for (const [reason, offsets] of entriesOf(batch.dropped)) {
    const moved = subtract(movable(offsets), taken);
    if (moved.length === 0) continue;
    dropped[reason] = moved;
    taken = union(taken, moved);
  }
  return { done, dropped, dead: batch.redrive ? noOffsets : subtract(movable(batch.dead), taken), redrive: batch.redrive };
}

/** Closes a trimmed batch's offsets. */
export function closeBatch<Head extends SinkHead>(head: Head, details: Details, batch: Batch): { head: Head; details: Details } {
  const dropped = { ...details.dropped };
  const counts: Counts = { ...head.counts, dropped: { ...head.counts.dropped } };
  for (const [reason, offsets] of entriesOf(batch.dropped)) {
    dropped[reason] = union(dropped[reason] ?? noOffsets, offsets);
    counts.dropped[reason] = (counts.dropped[reason] ?? 0) + sizeOf(offsets);
  }
  const moved = offsetsIn(batch);
  counts.done += sizeOf(batch.done);
  counts.dead += batch.redrive ? -sizeOf(moved) : sizeOf(batch.dead);
  return {
    head: { ...head, closed: union(head.closed, moved), counts },
    details: { dropped, dead: batch.redrive ? subtract(details.dead, moved) : union(details.dead, batch.dead) },
  };
}

/**
 * Describes the file of a trimmed batch, whose offsets `head` has yet to close. Readers see of the file only the offsets that this batch
 * closes: those that another commit closed first are another file's.
 */
export function level0File(
  head: PartitionHead,
  batch: Batch,
  { name, info, tenants }: { name: string; info: FileInfo; tenants: string[] },
): Level0File {
  if (head.files.length >= maxLevel0Files)
    throw new AppError(
      'STORE_UNAVAILABLE',
      `partition ${head.partition} has ${head.files.length} files at level 0: the compactor is behind`,
    );
  const from = batch.done[0]![0];
  const to = batch.done.at(-1)![1];
  const whole = sizeOf(batch.done) === info.rows;
  // Between the rows of this batch lie offsets that it dropped: no rows, so they may stay inside, and the set stays short.
  const only = batch.redrive ? batch.done : subtract([[from, to]], head.closed);
  return { name, info, from, to, ...(whole ? {} : { only }), ...(tenants.length <= maxTenantsNamed ? { tenants } : {}) };
}

/** All offsets that a batch closes. */
export function offsetsIn(batch: Details & { done: Intervals }): Intervals {
  return intervalsOf([...batch.done, ...Object.values(batch.dropped).flat(), ...batch.dead]);
}

/** Limits a batch to the offsets in `[from, to)`. */
export function cutBatch(batch: Batch, from: number, to: number): Batch {
  const dropped: Details['dropped'] = {};
  for (const [reason, offsets] of entriesOf(batch.dropped)) dropped[reason] = clip(offsets, from, to);
  return { done: clip(batch.done, from, to), dropped, dead: clip(batch.dead, from, to), redrive: batch.redrive };
}

export const entriesOf = (dropped: Details['dropped']): [DropReason, Intervals][] => Object.entries(dropped) as [DropReason, Intervals][];

/** What a sink owes: `accepted = done + dropped + dead + inFlight`, by construction. `end` is the next offset that the log will give. */
export function ledgerOf(head: SinkHead, end: number): Counts & { accepted: number; inFlight: number } {
  return { ...head.counts, accepted: end, inFlight: end - sizeOf(head.closed) };
}

/** @throws AppError QUEUE_REWOUND where an offset was finished that the log has yet to give: a new generation has to be opened. */
export function checkLogEnd(head: SinkHead, end: number): void {
  const finished = head.closed.at(-1)?.[1] ?? 0;
  if (finished <= end) return;
  const place = `partition ${head.partition} of generation ${head.generation}`;
  throw new AppError(
    'QUEUE_REWOUND',
    `${place} ends at offset ${end}, but offset ${finished - 1} was finished: restore the log, or begin a new one with --new-generation`,
  );
}

/** Takes files from the list: readers that come now do not see them; they are deleted later. The salt moves on. */
export function condemnLevel0(head: PartitionHead, names: ReadonlySet<string>): PartitionHead {
  return {
    ...head,
    files: head.files.filter(({ name }) => !names.has(name)),
    condemned: [...head.condemned, ...[...names].map((name) => ({ name }))],
    salt: head.salt + 1,
  };
}
