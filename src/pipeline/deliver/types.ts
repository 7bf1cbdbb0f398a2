import type { Clock } from '../../core/clock.ts';
import type { DeadLetter, DeadLetters } from '../../core/ports/dead-letters.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Hole, QueueBatch } from '../../core/ports/queue.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import type { DropReason, Outcome } from '../../core/record.ts';
import type { HotStore } from '../../query/ports/hot-store.ts';
import type { Decoded } from '../records-of.ts';
import type { StepRunner } from '../run-steps.ts';
import type { ClientIds } from '../store/client-ids.ts';
import type { Process } from '../store/outcome-of.ts';
import type { Explained } from '../store-api.ts';

/** Until when work may take, by `clock.monotonicMs()`. What is not whole by then is left to the next delivery. */
export type Budget = { deadlineMs: number };

/**
 * What a delivery closed in its sink; offsets that were closed before are in none of the counts. `closed = stored + dropped + dead`.
 * `retried` counts how often something was tried again after an error that passed.
 */
export type Delivered = {
  closed: number;
  stored: number;
  dropped: Partial<Record<DropReason, number>>;
  dead: number;
  retried: number;
};

/** What the log keeps of a partition: `[start, end)` but for the holes. */
export type LogExtent = { start: number; end: number; holes: Hole[] };

/** What is done to a record between the queue and a store, the same in every sink. */
export type Processing = {
  decode(batch: QueueBatch): Decoded[];
  /** The rules of a version, bound to its tenants' masks. */
  processOf(rulesVersion: number): Promise<Process>;
  /** What would become of a dead letter's record today. */
  retry(letter: DeadLetter): Promise<Outcome>;
  explain(tenant: string, raw: unknown): Explained;
};

/** What both sinks need. One of these lives as long as the process: it remembers heads. */
export type DeliverDeps = {
  state: StateStore;
  runner: StepRunner;
  deadLetters: DeadLetters;
  processing: Processing;
  /** Asked only where a batch leaves a gap, or lies wholly below what is closed. */
  extentOf(generation: number, partition: number): Promise<LogExtent>;
  clock: Clock;
  log: Log;
  codeVersion: string;
};

export type HotDeps = DeliverDeps & { hot: HotStore };

/** `clientIds` is shared by all partitions of the process. */
export type WarmDeps = DeliverDeps & { clientIds: ClientIds };

/**
 * Brings batches of one partition, in the order of their offsets, into the hot store; resolves when every offset of them is closed in the hot
 * sink's head. Safe to repeat, with other boundaries, and to run twice at once.
 * @throws AppError whatever may pass later (STORE_UNAVAILABLE, CONFLICT, QUEUE_UNAVAILABLE for a gap): what is whole is committed, and the source
 * delivers the rest again; QUEUE_REWOUND halts
 */
export type DeliverHot = (deps: HotDeps, batches: readonly QueueBatch[], budget: Budget) => Promise<Delivered>;

/** The same for the warm store: one or more committed files. */
export type DeliverWarm = (deps: WarmDeps, batches: readonly QueueBatch[], budget: Budget) => Promise<Delivered>;

/** The warm sink of one partition for a caller that decides when rows become a file: `new WarmDelivery(deps, generation, partition)`. */
export interface WarmDeliverer {
  /** Rows that are taken and not committed, and when the first of them was taken (by `clock.nowMs()`). */
  readonly rows: number;
  readonly openedAtMs: number | undefined;
  /** The next offset that is wanted: below it everything is closed or taken. */
  readonly cursor: number;
  /** Takes batches into the open table; commits whenever it is full. */
  take(batches: readonly QueueBatch[], budget: Budget): Promise<Delivered>;
  /** Commits what is taken. */
  flush(budget: Budget): Promise<Delivered>;
}
