import { idOf } from '../../core/ids.ts';
import type { DeadLetter } from '../../core/ports/dead-letters.ts';
import type { Position } from '../../core/record.ts';

/** A record that dies twice has one letter. */
export const deadLetterId = (position: Position): string => `dl-${idOf(position)}`;

/** The letter of a record that cannot pass, found by both sinks at once: embedded they share one decision. */
export function deadLetterOf(letter: {
  tenant: string;
  position: Position;
  body: string;
  observedUs: number;
  code: string;
  detail: string;
  nowMs: number;
  codeVersion: string;
}): DeadLetter {
  const { nowMs, ...rest } = letter;
  return {
    ...rest,
    id: deadLetterId(letter.position),
    sink: 'both',
    cause: causeOf(letter.code, letter.detail),
    attempts: 1,
    firstAtMs: nowMs,
    lastAtMs: nowMs,
    state: 'dead',
  };
}

/** Groups letters: the code and the detail without what varies from record to record (quoted text, numbers). */
export function causeOf(code: string, detail: string): string {
  const fixed = detail.replace(/"[^"]*"/g, '"…"').replace(/\d+/g, 'N');
  return `${code}: ${fixed.slice(0, 160)}`;
}
