import { clip, type Intervals } from '../intervals.ts';
import { maxStateWrites, type StateWrite, type Versioned } from '../ports/state-store.ts';
import { blockSize, blocksOf, inBlock, parseDetails, printDetails, type StoredDetails } from './blocks.ts';
import { listPartition } from './heads.ts';
import { blockKey, headKey, minutesKey, type SinkName } from './keys.ts';
import { countMinutes, type MinuteCounts, type MinuteOffsets, slotOf } from './minutes.ts';
import { type Batch, closeBatch, cutBatch, offsetsIn, type SinkHead, trimBatch } from './progress.ts';
import { put, read, type Steps, transact } from './steps.ts';

/** A batch of one partition on its way to be closed in a sink, and which of its offsets count for which tenant and minute. */
export type CloseRequest = { generation: number; partition: number; batch: Batch; minutes: readonly MinuteOffsets[] };

/** What this call closed itself; empty where others had closed everything before. `files` are the objects that hold its rows. */
export type CloseResult<Head extends SinkHead> = Batch & { files: string[]; head: Head };

/** What a sink's head has besides its progress. */
export type SinkRules<Head extends SinkHead> = {
  name: SinkName;
  empty(generation: number, partition: number): Head;
  /** The head with what this batch brings besides its offsets: `closed` has them closed, `before` not. An object is put before the head is written. */
  add(closed: Head, before: Head, batch: Batch): { head: Head; object?: { name: string; content: unknown } };
};

/**
 * Closes a batch in a sink by one transaction on its head, with the details of dropped and dead offsets and the counts by minute. Repeats with
 * what is left when somebody else was first. What does not fit one transaction is closed in parts, each whole.
 */
export function* closeIn<Head extends SinkHead>(sink: SinkRules<Head>, request: CloseRequest): Steps<CloseResult<Head>> {
  const { generation, partition, batch } = request;
  const parts = partsOf(request);
  const results: CloseResult<Head>[] = [];
  for (const part of parts) results.push(yield* closePart(sink, request, parts.length === 1 ? batch : cutBatch(batch, ...part)));
  return results.reduce(joinResults, { ...cutBatch(batch, 0, 0), files: [], head: sink.empty(generation, partition) });
}

function* closePart<Head extends SinkHead>(
  sink: SinkRules<Head>,
  { generation, partition, minutes }: CloseRequest,
  batch: Batch,
): Steps<CloseResult<Head>> {
  const key = headKey(sink.name, generation, partition);
  for (;;) {
    const { value: head, version } = yield* read(key, sink.empty(generation, partition));
    const blocks = yield* readBlocks(sink.name, head, detailedBlocks(batch));
    const details = parseDetails([...blocks].map(([block, { value }]) => [block, value]));
    const trimmed = trimBatch(head, details, batch);
    const moved = offsetsIn(trimmed);
    if (moved.length === 0) return { ...trimmed, files: [], head };

    const closed = closeBatch(head, details, trimmed);
    const { head: next, object } = sink.add(closed.head, head, trimmed);
    const writes: StateWrite[] = [{ key, version, value: next }];
    const written = detailed(trimmed);
    for (const [block, stored] of blocks) {
      if (inBlock(written, block).length === 0) continue;
      const value = printDetails(closed.details, block);
      writes.push({ key: blockKey(sink.name, generation, partition, block), version: stored.version, value });
    }
    writes.push(...(yield* minuteWrites(sink.name, head, minutes, moved)));
    if (version === 0) writes.push(yield* listPartition(generation, partition, sink.name));
    // Put last, and again on each attempt: a name is only sure to stay while the head has the version that it was chosen at.
    if (object) yield* put(object.name, object.content);
    if (yield* transact(writes)) return { ...trimmed, files: object ? [object.name] : [], head: next };
  }
}

function* readBlocks(sink: SinkName, { generation, partition }: SinkHead, numbers: number[]): Steps<Map<number, Versioned<StoredDetails>>> {
  const blocks = new Map<number, Versioned<StoredDetails>>();
  for (const block of numbers) blocks.set(block, yield* read<StoredDetails>(blockKey(sink, generation, partition, block), {}));
  return blocks;
}

function* minuteWrites(
  sink: SinkName,
  { generation, partition }: SinkHead,
  minutes: readonly MinuteOffsets[],
  moved: Intervals,
): Steps<StateWrite[]> {
  const writes: StateWrite[] = [];
  for (const slot of slotsOf(minutes)) {
    const key = minutesKey(sink, slot, generation, partition);
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
function partsOf({ batch, minutes }: CloseRequest): [from: number, to: number][] {
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

function joinResults<Head extends SinkHead>(a: CloseResult<Head>, b: CloseResult<Head>): CloseResult<Head> {
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
