import type { Intervals } from './intervals.ts';

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const digitValue = new Map([...digits].map((digit, value) => [digit, value]));
/** A character carries 5 bits of a number, lowest first, and whether more follow. */
const base = 32;

/**
 * Writes a set as text: for each interval its distance from the end of the one before (from `origin` for the first) and its length. Two
 * characters for an interval where both are below 32, so the worst set of 65,536 offsets (every other one) takes 64 KiB.
 */
export function printIntervals(set: Intervals, origin: number): string {
  let text = '';
  let at = origin;
  for (const [from, to] of set) {
    text += printNumber(from - at) + printNumber(to - from);
    at = to;
  }
  return text;
}

/** Reads what {@link printIntervals} wrote. */
export function parseIntervals(text: string, origin: number): Intervals {
  const out: [number, number][] = [];
  let at = origin;
  let from: number | undefined;
  let value = 0;
  let scale = 1;
  for (const character of text) {
    const digit = digitValue.get(character) ?? 0;
    value += (digit % base) * scale;
    scale *= base;
    if (digit >= base) continue;
    at += value;
    if (from === undefined) from = at;
    else {
      out.push([from, at]);
      from = undefined;
    }
    value = 0;
    scale = 1;
  }
  return out;
}

function printNumber(value: number): string {
  let text = '';
  let rest = value;
  for (; rest >= base; rest = Math.floor(rest / base)) text += digits[base + (rest % base)];
  return text + digits[rest];
}
