import type { Lines } from '../../columnar/line-reader.ts';
import type { Clock } from '../../core/clock.ts';
import { idOf } from '../../core/ids.ts';
import type { Log } from '../../core/ports/log.ts';
import type { QueueBatch } from '../../core/ports/queue.ts';
import type { Outcome, Position } from '../../core/record.ts';
import type { PlainTest } from '../is-plain.ts';
import type { Decoded } from '../records-of.ts';
import { bury } from './bury.ts';
import type { OpenBatch } from './open-batch.ts';
import type { Tails } from './tails.ts';

/** Closes one offset in an open batch, which has room: as a row, as dropped, or as dead. */
export function closeRecord(
  open: OpenBatch,
  outcome: Outcome,
  item: Decoded,
  batch: QueueBatch,
  position: Position,
  deps: { tails: Tails; codeVersion: string; clock: Clock; log: Log },
): void {
  const { tenant, observedUs } = batch;
  open.count(tenant, observedUs, position.offset, outcome.kind === 'drop' ? outcome.reason : undefined);
  if (outcome.kind === 'keep') {
    open.keep(tenant, position, outcome.record);
    if (!deps.tails.watches(tenant)) return;
    deps.tails.offer({ ...outcome.record, ...position, tenant, id: outcome.record.client_id ?? idOf(position) });
  } else if (outcome.kind === 'drop') {
    open.drop(position.offset, outcome.reason, observedUs);
  } else {
    bury(open, outcome, item, batch, position, deps);
  }
}

/** Closes offsets from `offset` on as rows, straight from the bytes of their records, as long as that can be done; returns how many. */
export function closeLines(open: OpenBatch, lines: Lines, from: number, offset: number, isPlain: PlainTest, tails: Tails): number {
  const { table } = open;
  const row = table.rows;
  const added = open.keepLines(lines, from, offset, isPlain);
  if (tails.watches(lines.tenant)) for (let i = row; i < row + added; i++) tails.offer(table.record(i));
  return added;
}
