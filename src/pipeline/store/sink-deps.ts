import type { EncodedPart } from '../../columnar/encode.ts';
import type { Clock } from '../../core/clock.ts';
import type { Intervals } from '../../core/intervals.ts';
import type { DeadLetters } from '../../core/ports/dead-letters.ts';
import type { Log } from '../../core/ports/log.ts';
import type { QueueBatch, QueueReader } from '../../core/ports/queue.ts';
import type { DropReason } from '../../core/record.ts';
import type { BatchRecords } from '../records-of.ts';
import type { ClientIds } from './client-ids.ts';
import type { OpenBatch } from './open-batch.ts';
import type { Process } from './outcome-of.ts';
import type { PoisonWatch } from './poison.ts';
import type { Tails } from './tails.ts';

export type SinkDeps = {
  generation: number;
  partition: number;
  reader: QueueReader;
  open(batch: QueueBatch): BatchRecords;
  processOf(rulesVersion: number): Promise<Process>;
  /** Offsets that are closed durably, whatever closed them. */
  closed(): Intervals;
  /** Makes a batch durable: its rows as a file, its closed offsets in the head. Safe to repeat. */
  commit(batch: OpenBatch, part: EncodedPart | undefined): Promise<void>;
  deadLetters: DeadLetters;
  /** Shared by the sinks of all partitions. */
  clientIds: ClientIds;
  tails: Tails;
  poison: PoisonWatch;
  clock: Clock;
  log: Log;
  /** A batch is sealed when it is this old, or when its table is full. */
  sealAfterMs: number;
  codeVersion: string;
  /** Why an offset that no batch brings is not there. */
  holeReason(offset: number): DropReason;
  /** Called when offsets were read or committed: whoever waits for them looks again. */
  progressed(): void;
};
