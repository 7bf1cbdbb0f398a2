import type { DeadLetter } from '../../core/ports/dead-letters.ts';
import type { QueueBatch } from '../../core/ports/queue.ts';
import type { Outcome, Position } from '../../core/record.ts';
import type { SinkName } from '../../core/warm/keys.ts';
import type { Decoded } from '../records-of.ts';
import { causeOf, deadLetterId } from '../store/dead-letter-of.ts';
import { rawRecord } from '../store/raw-record.ts';

type Dead = Extract<Outcome, { kind: 'dead' }>;

/**
 * The id of the letter that a sink leaves at a position. What both sinks find alike (a record that cannot be read or processed) has one letter
 * that either may store; what one found by itself has its own.
 */
export const sinkLetterId = (position: Position, sink: DeadLetter['sink']): string =>
  sink === 'both' ? deadLetterId(position) : `${deadLetterId(position)}-${sink}`;

/** The ids of all letters that may lie about a position in a sink. */
export const letterIdsOf = (position: Position, sink: SinkName): string[] => [sinkLetterId(position, 'both'), sinkLetterId(position, sink)];

/** The letter of a record that cannot pass. */
export function letterOf(
  { code, detail }: Dead,
  item: Decoded,
  batch: QueueBatch,
  position: Position,
  { sink, nowMs, codeVersion }: { sink: DeadLetter['sink']; nowMs: number; codeVersion: string },
): DeadLetter {
  const body = 'fault' in item ? Buffer.from(item.bytes).toString() : rawRecord(batch, position.offset);
  const { tenant, observedUs } = batch;
  return {
    ...{ id: sinkLetterId(position, sink), tenant, position, sink, body, observedUs, code, detail, codeVersion },
    ...{ cause: causeOf(code, detail), attempts: 1, firstAtMs: nowMs, lastAtMs: nowMs, state: 'dead' as const },
  };
}
