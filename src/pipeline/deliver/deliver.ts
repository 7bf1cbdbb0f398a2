import { Delivery } from './delivery.ts';
import { HotWriter } from './hot-writer.ts';
import type { Delivered, DeliverHot, DeliverWarm, WarmDeps } from './types.ts';
import { WarmWriter } from './warm-writer.ts';

const nothing: Delivered = { closed: 0, stored: 0, dropped: {}, dead: 0, retried: 0 };

/** Brings batches of one partition into the hot store: see {@link DeliverHot}. */
export const deliverHot: DeliverHot = async (deps, batches, budget) => {
  const [first] = batches;
  if (!first) return nothing;
  const { generation, partition } = first;
  const delivery = new Delivery(deps, new HotWriter(deps, generation, partition), generation, partition);
  return sum(await delivery.take(batches, budget), await delivery.flush(budget));
};

/** Brings batches of one partition into the warm store: see {@link DeliverWarm}. */
export const deliverWarm: DeliverWarm = async (deps, batches, budget) => {
  const [first] = batches;
  if (!first) return nothing;
  const delivery = new WarmDelivery(deps, first.generation, first.partition);
  try {
    return sum(await delivery.take(batches, budget), await delivery.flush(budget));
  } finally {
    delivery.abandon();
  }
};

/** The warm sink of one partition, for a caller that says when rows become a file. After an error of `take` it is abandoned and made anew. */
export class WarmDelivery extends Delivery {
  readonly #writer: WarmWriter;

  constructor(deps: WarmDeps, generation: number, partition: number) {
    const writer = new WarmWriter(deps, generation, partition);
    super(deps, writer, generation, partition);
    this.#writer = writer;
  }

  /** Lets go of what was taken and not committed: it is to be delivered again. */
  abandon(): void {
    this.#writer.abandon();
  }
}

function sum(a: Delivered, b: Delivered): Delivered {
  const dropped = { ...a.dropped };
  for (const [reason, n] of Object.entries(b.dropped) as [keyof Delivered['dropped'], number][])
    dropped[reason] = (dropped[reason] ?? 0) + n;
  return {
    closed: a.closed + b.closed,
    stored: a.stored + b.stored,
    dropped,
    dead: a.dead + b.dead,
    retried: a.retried + b.retried,
  };
}
