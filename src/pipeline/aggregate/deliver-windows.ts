import type { QueueBatch } from '../../core/ports/queue.ts';
import { Delivery } from '../deliver/delivery.ts';
import type { Budget, Delivered } from '../deliver/types.ts';
import { type WindowDeps, WindowWriter } from './window-writer.ts';

/** The aggregate sink of one partition, for a caller that says when what was taken is counted. After an error it is abandoned and made anew. */
export class WindowDelivery extends Delivery {
  constructor(deps: WindowDeps, generation: number, partition: number) {
    super(deps, new WindowWriter(deps, generation, partition), generation, partition);
  }
}

/**
 * Counts batches of one partition, in the order of their offsets, in the windows of their minutes; resolves when every offset of them is closed in the
 * aggregate head. Safe to repeat, with other boundaries, and to run twice at once. @throws AppError as `DeliverHot`
 */
export async function deliverWindows(deps: WindowDeps, batches: readonly QueueBatch[], budget: Budget): Promise<Delivered> {
  const [first] = batches;
  if (!first) return { closed: 0, stored: 0, dropped: {}, dead: 0, retried: 0 };
  const delivery = new WindowDelivery(deps, first.generation, first.partition);
  const taken = await delivery.take(batches, budget);
  const flushed = await delivery.flush(budget);
  return {
    closed: taken.closed + flushed.closed,
    stored: taken.stored + flushed.stored,
    dropped: { ...taken.dropped, ...flushed.dropped },
    dead: taken.dead + flushed.dead,
    retried: taken.retried + flushed.retried,
  };
}
