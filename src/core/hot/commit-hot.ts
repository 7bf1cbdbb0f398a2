import { type CloseRequest, type CloseResult, closeIn } from '../warm/close.ts';
import { headKey } from '../warm/keys.ts';
import { read, type Steps } from '../warm/steps.ts';
import { emptyHot, type HotHead, holdBatch, type ObservedDays } from './head.ts';

/** A batch whose rows stand in the hot store already, and the days on which its offsets were observed. */
export type HotCommitRequest = CloseRequest & { observed: ObservedDays };

/**
 * Closes a batch in the hot sink's head. To be called when what is done can be searched: the head never says more than the store holds. Repeats
 * with what is left when somebody else was first.
 */
export function* commitHot({ observed, ...request }: HotCommitRequest): Steps<CloseResult<HotHead>> {
  const add = (closed: HotHead, _before: HotHead, batch: HotCommitRequest['batch']) => ({ head: holdBatch(closed, batch, observed) });
  return yield* closeIn({ name: 'hot', empty: emptyHot, add }, request);
}

/** The hot head of one partition. */
export function* readHot(generation: number, partition: number): Steps<HotHead> {
  return (yield* read(headKey('hot', generation, partition), emptyHot(generation, partition))).value;
}
