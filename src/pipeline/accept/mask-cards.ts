import { coverJson, coverText, lineFeed, type MaskJob, quote, stringEnd } from './mask-cover.ts';
import { outsideEscape, runEnd } from './mask-patterns.ts';
import type { Act } from './mask-scan.ts';
import { ascii, flags } from './mask-text.ts';

const isDigit = flags('0123456789');
const isSeparator = flags(' -');
const isWord = flags('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_');

/** How card numbers are written in groups: by fours, or as American Express and Diners do. */
const groupings = new Set(['4-4-4-4', '4-4-4-4-1', '4-4-4-4-2', '4-4-4-4-3', '4-6-5', '4-6-4', '4-4-5']);

/** Fields that hold numbers of other kinds, at the end of their name; unless it speaks of a card. */
const otherNumber =
  /(^|[_\-.]|[a-z](?=[A-Z]))(id|ids|uuid|guid|seq|sequence|offset|block|blk|nonce|serial|timestamp|ts|time|hash|checksum|size|bytes|count|span|trace|request|req)$/i;

/**
 * Makes the act that covers payment card numbers: 13 to 19 digits, whole or in the usual groups, between word borders, of an issuer's prefix and
 * length, with a right check digit (ISO/IEC 7812), not in a field of ids.
 */
export function cardAct(): Act {
  let scanned: { job: MaskJob; at: number; inString: boolean } | undefined;
  return (job, at) => {
    const { bytes } = job;
    let from = at;
    while (from > 0 && (isDigit[bytes[from - 1]!] || isSeparator[bytes[from - 1]!])) from--;
    let to = at + 1;
    while (to < bytes.length && (isDigit[bytes[to]!] || isSeparator[bytes[to]!])) to++;
    if (to - from < 13) return;
    for (const [start, end] of numbersIn(bytes, outsideEscape(bytes, from), to)) {
      const digits = ascii(bytes, start, end).replace(/[ -]/g, '');
      if (!isCard(digits) || isPartOfWord(bytes, start, end) || otherNumber.test(fieldBefore(bytes, start))) continue;
      const line = bytes.lastIndexOf(lineFeed, start) + 1;
      scanned = parity(
        scanned?.job === job && scanned.at <= start && scanned.at > line ? scanned : { job, at: line, inString: false },
        start,
      );
      if (scanned.inString) coverText(job, 'card', start, end);
      else coverJson(job, 'card', start, end);
    }
  };
}

/** The numbers in a run of digits and separators: maximal digit runs of 13 to 19, and the usual groups. */
function numbersIn(bytes: Uint8Array, from: number, to: number): [from: number, to: number][] {
  const runs: [number, number][] = [];
  for (let p = from; p < to; ) {
    const end = runEnd(bytes, p, isDigit);
    if (end > p) runs.push([p, end]);
    p = Math.max(end, p) + 1;
  }
  const numbers: [number, number][] = runs.filter(([a, b]) => b - a >= 13 && b - a <= 19);
  for (let i = 0; i < runs.length; i++) {
    for (const length of [5, 4, 3]) {
      const group = runs.slice(i, i + length);
      if (group.length < length || !groupings.has(group.map(([a, b]) => b - a).join('-'))) continue;
      const joints = group.slice(1).map(([start], k) => ascii(bytes, group[k]![1], start));
      if (!joints.every((joint) => joint === joints[0] && joint.length === 1)) continue;
      numbers.push([group[0]![0], group.at(-1)![1]]);
      i += length - 1;
      break;
    }
  }
  return numbers;
}

/** A letter, digit or `_` at either border, a sign or a decimal point before it, or a fraction behind: the number is part of something else. */
function isPartOfWord(bytes: Uint8Array, from: number, to: number): boolean {
  const before = bytes[from - 1]!;
  const escaped = outsideEscape(bytes, from - 1) >= from;
  if (!escaped && (isWord[before] || before >= 0x80 || before === 0x2d || (before === 0x2e && isDigit[bytes[from - 2]!]))) return true;
  const behind = bytes[to]!;
  return !!isWord[behind] || ((behind === 0x2d || behind === 0x2e) && !!isWord[bytes[to + 1]!]);
}

/** The name that the value at `at` is given to, as a JSON key (also an escaped one) or as `name=` or `name: `; empty when there is none. */
function fieldBefore(bytes: Uint8Array, at: number): string {
  const before = ascii(bytes, Math.max(0, at - 80), at);
  return /([\w.-]+)\\*["']?\s*[:=]\s*\\*["']?$/.exec(before)?.[1] ?? '';
}

/** Carries on counting quotes to `to`: whether it is inside a JSON string. A line feed is always outside. */
function parity({ job, at, inString }: { job: MaskJob; at: number; inString: boolean }, to: number) {
  const { bytes } = job;
  let p = at;
  let inside = inString;
  while (p < to) {
    if (inside) {
      const end = stringEnd(bytes, p);
      if (end >= to) break;
      inside = false;
      p = end + 1;
    } else {
      inside = bytes[p] === quote;
      p++;
    }
  }
  return { job, at: Math.min(p, to), inString: inside };
}

const issuers: [prefix: RegExp, lengths: readonly number[]][] = [
  [/^4/, [13, 16, 19]],
  [/^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]],
  [/^3[47]/, [15]],
  [/^(6011|64[4-9]|65)/, [16, 17, 18, 19]],
  [/^(30[0-5]|36|38|39)/, [14, 16, 17, 18, 19]],
  [/^35(2[89]|[3-8])/, [16, 17, 18, 19]],
  [/^62/, [16, 17, 18, 19]],
  [/^(5018|5020|5038|5893|6304|6759|676[1-3])/, [13, 14, 15, 16, 17, 18, 19]],
];

/** Tells whether digits are a card's number: an issuer's prefix with one of its lengths, and Luhn's check digit. */
export function isCard(digits: string): boolean {
  return issuers.some(([prefix, lengths]) => lengths.includes(digits.length) && prefix.test(digits)) && luhn(digits);
}

function luhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    sum += i % 2 === 0 ? digit : digit < 5 ? digit * 2 : digit * 2 - 9;
  }
  return sum % 10 === 0;
}
