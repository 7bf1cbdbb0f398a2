import { type Intervals, intersect, sizeOf } from '../intervals.ts';

/** The accepted offsets of one tenant that accept saw in one minute (its start, epoch microseconds). */
export type MinuteOffsets = { tenant: string; minute: number; offsets: Intervals };

/** Accepted records by tenant in each of the ten minutes of a slot. */
export type MinuteCounts = Record<string, number[]>;

const minuteUs = 60_000_000;
const minutesInSlot = 10;

export const slotOf = (minute: number): number => Math.floor(minute / (minutesInSlot * minuteUs));
export const slotStartUs = (slot: number): number => slot * minutesInSlot * minuteUs;

/** The start of minute `index` of a slot, epoch microseconds. */
export const minuteOf = (slot: number, index: number): number => slotStartUs(slot) + index * minuteUs;

/** Adds to a slot's counts what of `minutes` lies in `offsets`: each offset is counted by the commit that closes it, so once. */
export function countMinutes(counts: MinuteCounts, slot: number, minutes: readonly MinuteOffsets[], offsets: Intervals): MinuteCounts {
  const sums = { ...counts };
  for (const { tenant, minute, offsets: accepted } of minutes) {
    if (slotOf(minute) !== slot) continue;
    const count = sizeOf(intersect(accepted, offsets));
    if (count === 0) continue;
    const row = [...(sums[tenant] ?? new Array<number>(minutesInSlot).fill(0))];
    const index = Math.floor(minute / minuteUs) % minutesInSlot;
    row[index] = (row[index] ?? 0) + count;
    sums[tenant] = row;
  }
  return sums;
}
