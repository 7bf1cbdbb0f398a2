import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/ports/log.ts';
import type { QueueBatch } from '../../core/ports/queue.ts';
import type { Outcome, Position } from '../../core/record.ts';
import type { Decoded } from '../records-of.ts';
import { deadLetterOf } from './dead-letter-of.ts';
import type { OpenBatch } from './open-batch.ts';
import { rawRecord } from './raw-record.ts';

/** Sets a record of a batch aside: its letter goes with the open batch, which is not committed before the letter is stored. */
export function bury(
  open: OpenBatch,
  outcome: Extract<Outcome, { kind: 'dead' }>,
  item: Decoded,
  batch: QueueBatch,
  position: Position,
  { codeVersion, clock, log }: { codeVersion: string; clock: Clock; log: Log },
): void {
  const { tenant, observedUs, requestId } = batch;
  const { code, detail } = outcome;
  const body = 'fault' in item ? Buffer.from(item.bytes).toString() : rawRecord(batch, position.offset);
  open.bury(deadLetterOf({ tenant, position, body, observedUs, code, detail, nowMs: clock.nowMs(), codeVersion }));
  log.warn({ request_id: requestId, tenant, partition: position.partition, offset: position.offset, code, detail }, 'record set aside');
}
