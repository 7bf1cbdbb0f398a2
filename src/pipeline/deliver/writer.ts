import type { QueueBatch } from '../../core/ports/queue.ts';
import type { DropReason, Outcome, Position } from '../../core/record.ts';
import type { CloseResult } from '../../core/warm/close.ts';
import type { SinkName } from '../../core/warm/keys.ts';
import type { SinkHead } from '../../core/warm/progress.ts';
import type { Decoded } from '../records-of.ts';
import type { TakenIds } from '../store/client-ids.ts';
import type { Budget } from './types.ts';

/** A record of a batch, decided on. */
export type Judged = { outcome: Outcome; item: Decoded; batch: QueueBatch; position: Position };

/** What differs between the sinks: where rows wait, and how they are written and closed. */
export interface SinkWriter {
  readonly sink: SinkName;
  /** Rows that are taken and not committed. */
  readonly rows: number;
  readonly isFull: boolean;
  /** The head as it stands. */
  head(): Promise<SinkHead>;
  /** Which client ids of the batch are taken already. */
  taken(batch: QueueBatch, items: Decoded[]): Promise<TakenIds>;
  add(judged: Judged): void;
  /** Drops offsets that cannot be read any more. */
  lose(from: number, to: number, reason: DropReason, observedUs: number): void;
  /** Writes and closes what was taken; undefined where nothing was. What failed stays taken. */
  commit(budget: Budget, retried: () => void): Promise<CloseResult<SinkHead> | undefined>;
}
