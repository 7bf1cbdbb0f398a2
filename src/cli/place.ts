import { harmless } from './style.ts';

/** Shown on each side of the place, at most. */
const around = 60;

/**
 * The line of a query around a place in it, and a caret under the place; offsets count UTF-16 units. Empty where there is no such place.
 * A tab or another control character is shown as one character, so that the caret stands where it should.
 */
export function showPlace(asked: string, at: number | undefined): string {
  if (at === undefined || at < 0 || at > asked.length) return '';
  const begin = asked.lastIndexOf('\n', at - 1) + 1;
  const nextEnd = asked.indexOf('\n', at);
  const end = nextEnd < 0 ? asked.length : nextEnd;
  const from = Math.max(begin, at - around);
  const to = Math.min(end, at + around);
  const [before, after] = [from > begin ? '…' : '', to < end ? '…' : ''];
  const shown = harmless(asked.slice(from, to)).replaceAll('\t', ' ');
  return `\n  ${before}${shown}${after}\n  ${' '.repeat(before.length + at - from)}^`;
}
