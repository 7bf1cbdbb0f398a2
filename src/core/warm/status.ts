import { type Intervals, intersect, subtract } from '../intervals.ts';
import { blocksOf, parseDetails, type StoredDetails } from './blocks.ts';
import { blockKey, headKey, type SinkName } from './keys.ts';
import { type Details, emptyHead, entriesOf, type SinkHead } from './progress.ts';
import { read, type Steps } from './steps.ts';

/** What became of some offsets of one partition in one sink. The four are disjoint and add up to what was asked. */
export type OffsetsStatus = Details & { done: Intervals; open: Intervals };

/**
 * Tells what became of offsets. The head is read before the details and everything only moves forward, so details may be newer: an offset that
 * was open in the head counts as open, one that was dead and has been redriven since as done.
 */
export function* statusOf(generation: number, partition: number, offsets: Intervals, sink: SinkName = 'warm'): Steps<OffsetsStatus> {
  const { value: head } = yield* read<SinkHead>(headKey(sink, generation, partition), emptyHead(generation, partition));
  const closed = intersect(offsets, head.closed);
  const stored: [number, StoredDetails][] = [];
  for (const block of blocksOf(closed))
    stored.push([block, (yield* read<StoredDetails>(blockKey(sink, generation, partition, block), {})).value]);
  const details = parseDetails(stored);
  const dropped: Details['dropped'] = {};
  let done = closed;
  for (const [reason, set] of entriesOf(details.dropped)) {
    const here = intersect(set, closed);
    if (here.length > 0) dropped[reason] = here;
    done = subtract(done, here);
  }
  const dead = intersect(details.dead, closed);
  return { done: subtract(done, dead), dropped, dead, open: subtract(offsets, closed) };
}
