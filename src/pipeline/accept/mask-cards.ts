import { coverJson, coverText, lineFeed, type MaskJob, quote, stringEnd } from './mask-cover.ts';
import { outsideEscape, runEnd } from './mask-patterns.ts';
import type { Act } from './mask-scan.ts';
import { ascii, flags } from './mask-text.ts';

const isDigit = flags('0123456789');
const isSeparator = flags(' -');
const isWord = flags('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_');

/** How card numbers are written in groups: by fours, or as American Express and Diners do. */
const grouped = /^\d{4}([ -])(?:\d{4}\1\d{4}\1\d{4}(?:\1\d{1,3})?|\d{6}\1\d{4,5}|\d{4}\1\d{5})(?!\d)/;
const maxGroupedLength = 23;
/** A longer run of digits, spaces and dashes is a table of numbers: only whole card numbers are looked for there. */
const maxRunForGroups = 1_000;

/** Fields that hold numbers of other kinds, at the end of their name; unless it speaks of a card. */
const otherNumber =
  /(^|[_\-.]|[a-z](?=[A-Z]))(id|ids|uuid|guid|seq|sequence|offset|block|blk|nonce|serial|timestamp|ts|time|hash|checksum|size|bytes|count|span|trace|request|req)$/i;

/**
 * Makes the act that covers payment card numbers: 13 to 19 digits, whole or in the usual groups, between word borders, of an issuer's prefix and
 * length, with a right check digit (ISO/IEC 7812), not in a field of ids.
 */
export function cardAct(): Act {
  let looked: { job: MaskJob; to: number } | undefined;
  let scanned: { job: MaskJob; at: number; inString: boolean } | undefined;
  return (job, at) => {
    const { bytes } = job;
    if (looked?.job === job && at < looked.to) return;
    let from = at;
    while (from > 0 && (isDigit[bytes[from - 1]!] || isSeparator[bytes[from - 1]!])) from--;
    let to = at + 1;
    while (to < bytes.length && (isDigit[bytes[to]!] || isSeparator[bytes[to]!])) to++;
    looked = { job, to };
    if (to - from < 13) return;
    for (const [start, end] of numbersIn(bytes, outsideEscape(bytes, from), to)) {
      const digits = ascii(bytes, start, end).replace(/[ -]/g, '');
      if (!isCard(digits) || isPartOfWord(bytes, start, end) || otherNumber.test(fieldBefore(bytes, start))) continue;
      const known = scanned?.job === job && scanned.at <= start ? scanned : { job, at: 0, inString: false };
      scanned = parity(known, start);
      if (scanned.inString) coverText(job, 'card', start, end);
      else coverJson(job, 'card', start, end);
    }
  };
}

/** The numbers in a run of digits and separators that may be cards': of 13 to 19 digits in one, and the usual groups. */
function* numbersIn(bytes: Uint8Array, from: number, to: number): Generator<[from: number, to: number]> {
  for (let p = from; p < to; p++) {
    const end = runEnd(bytes, p, isDigit);
    if (end - p >= 13 && end - p <= 19) yield [p, end];
    const isGroup = end - p === 4 && to - from <= maxRunForGroups;
    const length = isGroup ? (grouped.exec(ascii(bytes, p, Math.min(to, p + maxGroupedLength + 1)))?.[0].length ?? 0) : 0;
    if (length > 0) yield [p, p + length];
    p = Math.max(p, end);
  }
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

/** Carries on counting quotes to `to`: whether it is inside a JSON string. A line feed is always outside, so it begins behind the last. */
function parity({ job, at, inString }: { job: MaskJob; at: number; inString: boolean }, to: number) {
  const { bytes } = job;
  const line = bytes.subarray(at, to).lastIndexOf(lineFeed);
  let p = line < 0 ? at : at + line + 1;
  let inside = line < 0 && inString;
  while (p < to) {
    const end = inside ? stringEnd(bytes, p, to) : bytes.subarray(p, to).indexOf(quote) + p;
    if (inside && end >= to) return { job, at: to, inString: true };
    if (!inside && end < p) return { job, at: to, inString: false };
    inside = !inside;
    p = end + 1;
  }
  return { job, at: to, inString: inside };
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
