import { firstGap } from '../../core/intervals.ts';
import type { QueueBatch } from '../../core/ports/queue.ts';
import { deliverWindows } from '../../pipeline/aggregate/deliver-windows.ts';
import { type WindowDeps, WindowWriter } from '../../pipeline/aggregate/window-writer.ts';
import { createArchive } from '../../pipeline/archive.ts';
import { deliverHot, WarmDelivery } from '../../pipeline/deliver/deliver.ts';
import { HotWriter } from '../../pipeline/deliver/hot-writer.ts';
import { ParsedDelivery, type ParsedDeps } from '../../pipeline/deliver/parsed.ts';
import type { Budget, HotDeps, WarmDeps } from '../../pipeline/deliver/types.ts';
import type { FollowedSink } from './follower.ts';

/** How long one delivery or commit may try; what is left is read again. */
const budgetMs = 30_000;

type At = { generation: number; partition: number };

/** Index: what is delivered is searchable, and closed, before the next is read. */
export function hotSink(deps: HotDeps, { generation, partition }: At): FollowedSink {
  return {
    name: 'hot',
    position: async () => firstGap((await new HotWriter(deps, generation, partition).head()).closed),
    async deliver(batches: QueueBatch[]) {
      await deliverHot(deps, batches, budgetOf(deps));
    },
    async commit() {},
    abandon() {},
  };
}

/** Archive: rows are gathered until their file is full or old enough. `committed` is told of files. */
export function warmSink(deps: WarmDeps, { generation, partition }: At, sealAfterMs: number, committed: () => void): FollowedSink {
  const archive = createArchive(deps);
  let delivery = new WarmDelivery(deps, generation, partition);
  const tell = ({ stored }: { stored: number }) => {
    if (stored > 0) committed();
  };
  return {
    name: 'warm',
    position: async () => firstGap((await archive.head(generation, partition)).closed),
    async deliver(batches) {
      tell(await delivery.take(batches, budgetOf(deps)));
    },
    async commit(all) {
      const isDue = delivery.openedAtMs !== undefined && deps.clock.nowMs() - delivery.openedAtMs >= sealAfterMs;
      if (all || isDue) tell(await delivery.flush(budgetOf(deps)));
    },
    abandon() {
      delivery.abandon();
      delivery = new WarmDelivery(deps, generation, partition);
    },
  };
}

/** Output: what is read is processed and published before the next is read. */
export function parsedSink(deps: ParsedDeps, { generation, partition }: At): FollowedSink {
  const delivery = new ParsedDelivery(deps, generation, partition);
  return {
    name: 'parsed',
    position: () => delivery.position(),
    async deliver(batches) {
      await delivery.deliver(batches);
    },
    async commit() {},
    abandon() {},
  };
}

/** Aggregate: what is delivered is counted, and closed, before the next is read. */
export function windowSink(deps: WindowDeps, { generation, partition }: At): FollowedSink {
  return {
    name: 'aggregate',
    position: async () => firstGap((await new WindowWriter(deps, generation, partition).head()).closed),
    async deliver(batches) {
      await deliverWindows(deps, batches, budgetOf(deps));
    },
    async commit() {},
    abandon() {},
  };
}

const budgetOf = ({ clock }: HotDeps | WarmDeps | WindowDeps): Budget => ({ deadlineMs: clock.monotonicMs() + budgetMs });
