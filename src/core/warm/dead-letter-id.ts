import { idOf, positionOf } from '../ids.ts';
import type { DeadLetter } from '../ports/dead-letters.ts';
import type { Position } from '../record.ts';

/**
 * The id of the dead letter of a position: `dl-` and the position's id, with the sink between where only one set the record aside. It says
 * which offset it stands for, so a head needs to keep offsets only, and a redrive names a letter by naming its position.
 */
export const deadLetterId = (sink: DeadLetter['sink'], position: Position): string =>
  sink === 'both' ? `dl-${idOf(position)}` : `dl-${sink}-${idOf(position)}`;

/** Reads the position back out of a dead letter's id; undefined where it is none. */
export function deadLetterPosition(id: string): Position | undefined {
  return id.startsWith('dl-') ? positionOf(id.slice(id.lastIndexOf('-') + 1)) : undefined;
}
