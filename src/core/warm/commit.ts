import { clip, type Intervals } from '../intervals.ts';
import { maxStateWrites, type StateWrite, type Versioned } from '../ports/state-store.ts';
import { blockSize, blocksOf, inBlock, parseDetails, printDetails, type StoredDetails } from './blocks.ts';
import { type FileInfo, fileInfoOf } from './file.ts';
import { listPartition } from './heads.ts';
import { blockKey, level0Prefix, minutesKey, objectName, partitionKey } from './keys.ts';
import { countMinutes, type MinuteCounts, type MinuteOffsets, slotOf } from './minutes.ts';
import { type Batch, commitBatch, cutBatch, emptyPartition, offsetsIn, type PartitionHead, trimBatch } from './progress.ts';
import { put, read, type Steps, transact } from './steps.ts';

/** A batch of one partition on its way to be committed. The file's rows are exactly `batch.done`; `hash` is that of its content. */
export type CommitRequest = {
  generation: number;
  partition: number;
  batch: Batch;
  file: { hash: string; content: unknown; info: FileInfo; tenants: string[] } | undefined;
  minutes: readonly MinuteOffsets[];
};

/** What this commit closed itself; empty where others had closed everything before. */
export type CommitResult = Batch & { files: string[]; head: PartitionHead };

/**
 * Commits a batch: the file first, then one transaction on the head that names it, with the details of dropped and dead offsets and the counts
 * by minute. Repeats with what is left when somebody else was first. What does not fit one transaction is committed in parts, each whole.
 */
export function* commit(request: CommitRequest): Steps<CommitResult> {
  const { generation, partition, batch } = request;
  const parts = partsOf(request);
  const results: CommitResult[] = [];
  for (const part of parts) results.push(yield* commitPart(request, parts.length === 1 ? batch : cutBatch(batch, ...part)));
  return results.reduce(joinResults, { ...cutBatch(batch, 0, 0), files: [], head: emptyPartition(generation, partition) });
}

function* commitPart({ generation, partition, file, minutes }: CommitRequest, batch: Batch): Steps<CommitResult> {
  const key = partitionKey(generation, partition);
  for (;;) {
    const { value: head, version } = yield* read(key, emptyPartition(generation, partition));
    const blocks = yield* readBlocks(generation, partition, detailedBlocks(batch));
    const details = parseDetails([...blocks].map(([block, { value }]) => [block, value]));
    const trimmed = trimBatch(head, details, batch);
    const moved = offsetsIn(trimmed);
    if (moved.length === 0) return { ...trimmed, files: [], head };

    const named = file && trimmed.done.length > 0 ? { ...file, info: fileInfoOf(file.info), name: freeName(head, file.hash) } : undefined;
    const next = commitBatch(head, details, trimmed, named);
    const writes: StateWrite[] = [{ key, version, value: next.head }];
    const written = detailed(trimmed);
    for (const [block, stored] of blocks) {
      if (inBlock(written, block).length > 0)
        writes.push({ key: blockKey(generation, partition, block), version: stored.version, value: printDetails(next.details, block) });
    }
    writes.push(...(yield* minuteWrites(generation, partition, minutes, moved)));
    if (version === 0) writes.push(yield* listPartition(generation, partition));
    // Put last, and again on each attempt: a name is only sure to stay while the head has the version that it was chosen at.
    if (named) yield* put(named.name, named.content);
    if (yield* transact(writes)) return { ...trimmed, files: named ? [named.name] : [], head: next.head };
  }
}

function freeName(head: PartitionHead, hash: string): string {
  const taken = new Set([...head.files, ...head.condemned].map(({ name }) => name));
  return objectName(level0Prefix(head.partition), hash, head.salt, taken);
}

function* readBlocks(generation: number, partition: number, numbers: number[]): Steps<Map<number, Versioned<StoredDetails>>> {
  const blocks = new Map<number, Versioned<StoredDetails>>();
  for (const block of numbers) blocks.set(block, yield* read<StoredDetails>(blockKey(generation, partition, block), {}));
  return blocks;
}

function* minuteWrites(generation: number, partition: number, minutes: readonly MinuteOffsets[], moved: Intervals): Steps<StateWrite[]> {
  const writes: StateWrite[] = [];
  for (const slot of slotsOf(minutes)) {
    const key = minutesKey(slot, generation, partition);
    const { value, version } = yield* read<MinuteCounts>(key, {});
    writes.push({ key, version, value: countMinutes(value, slot, minutes, moved) });
  }
  return writes;
}

const slotsOf = (minutes: readonly MinuteOffsets[]): Set<number> => new Set(minutes.map(({ minute }) => slotOf(minute)));

/** The offsets of a batch that have an entry in their block's details, before or after. */
const detailed = (batch: Batch): Intervals => (batch.redrive ? offsetsIn(batch) : offsetsIn({ ...batch, done: [] }));
const detailedBlocks = (batch: Batch): number[] => blocksOf(detailed(batch));

/** Cuts the offsets of a request where one transaction would write too many keys: at the border of a block in the middle. */
function partsOf({ batch, minutes }: CommitRequest): [from: number, to: number][] {
  const cut = (from: number, to: number): [number, number][] => {
    const part = cutBatch(batch, from, to);
    const here = minutes.filter(({ offsets }) => clip(offsets, from, to).length > 0);
    const writes = detailedBlocks(part).length + slotsOf(here).size + 2;
    if (writes <= maxStateWrites || to - from < 2) return [[from, to]];
    const middle = (from + to) / 2;
    const border = to - from > 2 * blockSize ? Math.floor(middle / blockSize) * blockSize : Math.floor(middle);
    return [...cut(from, border), ...cut(border, to)];
  };
  const sets = [batch.done, batch.dead, ...Object.values(batch.dropped)].filter((set) => set.length > 0);
  if (sets.length === 0) return [];
  return cut(Math.min(...sets.map((set) => set[0]![0])), Math.max(...sets.map((set) => set.at(-1)![1])));
}

function joinResults(a: CommitResult, b: CommitResult): CommitResult {
  const reasons = [...new Set([...Object.keys(a.dropped), ...Object.keys(b.dropped)])] as (keyof Batch['dropped'])[];
  return {
    done: [...a.done, ...b.done],
    dropped: Object.fromEntries(reasons.map((reason) => [reason, [...(a.dropped[reason] ?? []), ...(b.dropped[reason] ?? [])]])),
    dead: [...a.dead, ...b.dead],
    redrive: b.redrive,
    files: [...a.files, ...b.files],
    head: b.head,
  };
}
