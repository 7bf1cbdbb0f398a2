import { parseIntervals, printIntervals } from '../interval-text.ts';
import { type Intervals, intersect, noOffsets, union } from '../intervals.ts';
import type { DropReason } from '../record.ts';
import { type Batch, emptyHead, type SinkHead } from '../warm/progress.ts';

/** Offsets by the UTC day on which they were observed, as `2026-11-21`. */
export type ObservedDays = readonly (readonly [day: string, offsets: Intervals])[];

/**
 * The progress of the hot sink on one partition, and what the hot store answers for: `days` holds, by observed day, offsets that are done or
 * dropped alike in every sink, as text. A position that is in none of them is the warm store's to answer: it is open or dead here, was dropped
 * because the queue's retention overtook it, or its day went by retention. Days before `floor` are dropped, or are about to be.
 */
export type HotHead = SinkHead & { floor: string; days: Record<string, string> };

export const emptyHot = (generation: number, partition: number): HotHead => ({ ...emptyHead(generation, partition), floor: '', days: {} });

/** Dropped offsets for which no other store has a row either; what was dropped as expired here may stand in the warm store. */
const answered: readonly DropReason[] = ['rule', 'sampled', 'duplicate'];

/** As much text as the days of a head may take, well below what a state value holds. */
const maxDaysText = 200_000;

/** The offsets that the hot store answers for, of days from `firstDay` on. */
export const heldIn = ({ days }: HotHead, firstDay = ''): Intervals =>
  Object.entries(days).reduce<Intervals>((sum, [day, text]) => (day < firstDay ? sum : union(sum, parseIntervals(text, 0))), noOffsets);

/** Adds what a batch closed to the days that the hot store answers for. What was observed before the floor is not held: its day may be gone. */
export function holdBatch(head: HotHead, batch: Batch, observed: ObservedDays): HotHead {
  const closed = answered.reduce<Intervals>((sum, reason) => union(sum, batch.dropped[reason] ?? noOffsets), batch.done);
  const days = { ...head.days };
  for (const [day, offsets] of observed) {
    const held = intersect(offsets, closed);
    if (day < head.floor || held.length === 0) continue;
    days[day] = printIntervals(union(parseIntervals(days[day] ?? '', 0), held), 0);
  }
  return { ...head, days: shortened(days) };
}

/** Lets go of all days before `floor`; what was observed then and comes late is not held either. */
export function raiseFloor(head: HotHead, floor: string): HotHead {
  if (floor <= head.floor) return head;
  return { ...head, floor, days: Object.fromEntries(Object.entries(head.days).filter(([day]) => day >= floor)) };
}

/**
 * Keeps the text of the days bounded: the day that takes most lets go of its shortest runs. What is let go is answered by the warm store, so
 * that costs time and no truth.
 */
function shortened(days: Record<string, string>): Record<string, string> {
  const out = { ...days };
  const total = () => Object.values(out).reduce((sum, { length }) => sum + length, 0);
  while (total() > maxDaysText) {
    const [day, text] = Object.entries(out).reduce((a, b) => (b[1].length > a[1].length ? b : a));
    const runs = parseIntervals(text, 0);
    const median = runs.map(([from, to]) => to - from).sort((a, b) => a - b)[runs.length >> 1]!;
    out[day] = printIntervals(
      runs.filter(([from, to]) => to - from > median),
      0,
    );
  }
  return out;
}
