import { type Intervals, intervalsOf, sizeOf } from '../../core/intervals.ts';
import type { DeadLetters } from '../../core/ports/dead-letters.ts';
import type { Receipt } from '../../core/receipt.ts';
import type { ReceiptStatus } from '../store-api.ts';
import { deadLetterId } from './dead-letter-of.ts';
import type { PartitionProgress, SinkSets } from './progress.ts';

export const maxDeadListed = 1_000;

/** Says where a receipt's records are, for each sink: the sets of its partition cut to the receipt's runs. */
export async function statusOf(receipt: Receipt, progress: PartitionProgress, deadLetters: DeadLetters): Promise<ReceiptStatus> {
  const { tenant, generation, partition } = receipt;
  const runs = intervalsOf(receipt.runs);
  const records = sizeOf(runs);
  const { hot, warm } = await progress.sets(runs);
  const counts = (sets: SinkSets) => {
    const [done, dropped, dead] = [sizeOf(sets.done), sizeOf(sets.dropped), sizeOf(sets.dead)];
    return { done, in_flight: records - done - dropped - dead, dead, dropped };
  };
  const dead: ReceiptStatus['dead'] = [];
  for (const offset of offsetsUpTo(hot.dead, maxDeadListed)) {
    const letter = await deadLetters.get(tenant, deadLetterId({ generation, partition, offset }));
    dead.push({ position: indexOf(runs, offset), code: letter?.code ?? 'UNKNOWN' });
  }
  return { records, hot: counts(hot), warm: counts(warm), dead };
}

export function* offsetsUpTo(set: Intervals, most: number): Generator<number> {
  let left = most;
  for (const [from, to] of set) for (let offset = from; offset < to && left > 0; offset++, left--) yield offset;
}

/** The how-manieth of the set an offset is. */
export function indexOf(set: Intervals, offset: number): number {
  let before = 0;
  for (const [from, to] of set) {
    if (offset < to) return before + offset - from;
    before += to - from;
  }
  return before;
}
