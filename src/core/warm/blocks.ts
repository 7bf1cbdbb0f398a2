import { parseIntervals, printIntervals } from '../interval-text.ts';
import { clip, type Intervals, noOffsets, union } from '../intervals.ts';
import type { DropReason } from '../record.ts';
import { type Details, entriesOf, noDetails } from './progress.ts';

/** Offsets of one block. Any mixture of dropped and dead ones stays below 200 KB as text. */
export const blockSize = 65_536;

/** Details as they are stored, a value for each block that has any: sets as text, relative to the block's first offset. */
export type StoredDetails = { dropped?: Partial<Record<DropReason, string>>; dead?: string };

/** The blocks in which the offsets lie, ascending. */
export function blocksOf(offsets: Intervals): number[] {
  const blocks = new Set<number>();
  for (const [from, to] of offsets) for (let block = Math.floor(from / blockSize); block * blockSize < to; block++) blocks.add(block);
  return [...blocks].sort((a, b) => a - b);
}

/** What of a set lies in one block. */
export const inBlock = (set: Intervals, block: number): Intervals => clip(set, block * blockSize, (block + 1) * blockSize);

/** Writes what of the details lies in one block. */
export function printDetails(details: Details, block: number): StoredDetails {
  const origin = block * blockSize;
  const text = (set: Intervals) => printIntervals(inBlock(set, block), origin);
  const dropped = Object.fromEntries(entriesOf(details.dropped).map(([reason, set]) => [reason, text(set)]));
  return { dropped, dead: text(details.dead) };
}

/** Reads the details of several blocks as one. */
export function parseDetails(stored: Iterable<readonly [block: number, details: StoredDetails | undefined]>): Details {
  let { dropped, dead } = noDetails;
  for (const [block, details] of stored) {
    if (!details) continue;
    const origin = block * blockSize;
    dropped = { ...dropped };
    for (const [reason, text] of Object.entries(details.dropped ?? {}) as [DropReason, string][])
      dropped[reason] = union(dropped[reason] ?? noOffsets, parseIntervals(text, origin));
    dead = union(dead, parseIntervals(details.dead ?? '', origin));
  }
  return { dropped, dead };
}
