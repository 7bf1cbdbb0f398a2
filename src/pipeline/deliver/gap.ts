import { AppError } from '../../core/errors.ts';
import { clip, type Intervals, intersect, intervalsOf, subtract } from '../../core/intervals.ts';
import type { DropReason } from '../../core/record.ts';
import type { LogExtent } from './types.ts';

/**
 * Why open offsets that a batch leaves out are not there: the log's retention took those below its start, and holes have a reason of their own.
 * @throws AppError QUEUE_UNAVAILABLE where one of them is still to be read: something was delivered out of order
 */
export function lostOffsets(missing: Intervals, { start, holes }: LogExtent): [reason: DropReason, offsets: Intervals][] {
  const inHoles = holes.map(({ reason, from, to }) => [reason, clip(missing, from, to)] as [DropReason, Intervals]);
  const explained = intervalsOf(inHoles.flatMap(([, offsets]) => offsets));
  const expired = subtract(clip(missing, 0, start), explained);
  const left = subtract(subtract(missing, explained), expired);
  if (left.length > 0)
    throw new AppError(
      'QUEUE_UNAVAILABLE',
      `offsets from ${left[0]![0]} to ${left.at(-1)![1]} are open and were left out: read the partition from ${left[0]![0]}`,
    );
  return [['expired', expired] as [DropReason, Intervals], ...inHoles].filter(([, offsets]) => intersect(missing, offsets).length > 0);
}
