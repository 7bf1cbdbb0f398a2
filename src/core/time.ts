/** A point in time: whole epoch microseconds, and the nanoseconds (0 to 999) below them. */
export type Instant = { us: number; ns: number };

/** Beyond this (the end of the year 9999) nothing is a time. */
const maxUs = 253_402_300_800_000_000;
const dayMs = 86_400_000;

/**
 * Reads a time as people and programs spell it: RFC 3339 with any offset and up to nanoseconds (further digits are cut), the same with a space,
 * slashes, a decimal comma or without seconds or zone (then UTC), a date alone, RFC 2822, the common log format's `20/Nov/2026:00:00:01 +0000`,
 * and epoch seconds, milliseconds, microseconds or nanoseconds, told apart by their size, as a number or in digits (at least nine of them).
 * `undefined` for everything else, and for what is before 1970 or after 9999. Microseconds beyond the year 2255 are rounded.
 */
export function readTime(value: unknown): Instant | undefined {
  if (typeof value === 'number') return epochNumber(value);
  if (typeof value !== 'string') return undefined;
  const us = fastTimeUs(value);
  if (us >= 0) return { us, ns: 0 };
  return value.length > 64 ? undefined : slowTime(value.trim());
}

let cachedDate = 0;
let cachedDayMs = 0;

/**
 * Reads exactly `YYYY-MM-DDThh:mm:ssZ`, or with three or six digits of fraction, to epoch microseconds; NaN for every other spelling, valid or
 * not. The hot path's way in: no allocation, about 30 ns.
 */
export function fastTimeUs(text: string): number {
  const length = text.length;
  if ((length !== 24 && length !== 20 && length !== 27) || text.charCodeAt(length - 1) !== 0x5a) return NaN;
  if (text.charCodeAt(4) !== 0x2d || text.charCodeAt(7) !== 0x2d || text.charCodeAt(10) !== 0x54) return NaN;
  if (text.charCodeAt(13) !== 0x3a || text.charCodeAt(16) !== 0x3a || (length > 20 && text.charCodeAt(19) !== 0x2e)) return NaN;
  const year = pair(text, 0) * 100 + pair(text, 2);
  const monthDay = pair(text, 5) * 100 + pair(text, 8);
  const hour = pair(text, 11);
  const minute = pair(text, 14);
  const second = pair(text, 17);
  // NaN from `pair` makes every comparison false, so that what is not a digit is refused here too.
  if (!(hour < 24 && minute < 60 && second < 60)) return NaN;
  let ms = 0;
  let us = 0;
  if (length > 20) {
    ms = pair(text, 20) * 10 + digit(text, 22);
    if (length > 24) us = digit(text, 23) * 100 + pair(text, 24);
  }
  return (dayStartMs(year * 10_000 + monthDay) + ((hour * 60 + minute) * 60 + second) * 1000 + ms) * 1000 + us;
}

/** `fastTimeUs` of the text that stands in `bytes[from, to)`. */
export function fastTimeUsAt(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  if ((length !== 24 && length !== 20 && length !== 27) || bytes[to - 1] !== 0x5a) return NaN;
  if (bytes[from + 4] !== 0x2d || bytes[from + 7] !== 0x2d || bytes[from + 10] !== 0x54) return NaN;
  if (bytes[from + 13] !== 0x3a || bytes[from + 16] !== 0x3a || (length > 20 && bytes[from + 19] !== 0x2e)) return NaN;
  const day =
    bytePair(bytes, from) * 1_000_000 + bytePair(bytes, from + 2) * 10_000 + bytePair(bytes, from + 5) * 100 + bytePair(bytes, from + 8);
  const hour = bytePair(bytes, from + 11);
  const minute = bytePair(bytes, from + 14);
  const second = bytePair(bytes, from + 17);
  if (!(hour < 24 && minute < 60 && second < 60)) return NaN;
  let us = 0;
  if (length > 20) {
    us = (byteDigit(bytes, from + 20) * 100 + bytePair(bytes, from + 21)) * 1000;
    if (length > 24) us += byteDigit(bytes, from + 23) * 100 + bytePair(bytes, from + 24);
  }
  return (dayStartMs(day) + ((hour * 60 + minute) * 60 + second) * 1000) * 1000 + us;
}

/** Whether `fastTimeUs` reads the text that stands in `bytes[from, to)`. */
export const isFastTime = (bytes: Uint8Array, from: number, to: number): boolean => fastTimeUsAt(bytes, from, to) >= 0;

/** Spells an instant as RFC 3339 in UTC, with three, six or nine digits of fraction: as few as keep it exact. */
export function formatTime(us: number, ns = 0): string {
  const ms = Math.floor(us / 1000);
  const text = new Date(ms).toISOString();
  const micros = us - ms * 1000;
  if (micros === 0 && ns === 0) return text;
  const below = String(micros).padStart(3, '0') + (ns === 0 ? '' : String(ns).padStart(3, '0'));
  return `${text.slice(0, -1)}${below}Z`;
}

function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - 48;
  return value >= 0 && value <= 9 ? value : NaN;
}

function byteDigit(bytes: Uint8Array, at: number): number {
  const value = bytes[at]! - 48;
  return value >= 0 && value <= 9 ? value : NaN;
}

const bytePair = (bytes: Uint8Array, at: number): number => byteDigit(bytes, at) * 10 + byteDigit(bytes, at + 1);

const pair = (text: string, at: number): number => digit(text, at) * 10 + digit(text, at + 1);

/** Epoch milliseconds of the start of the day `yyyymmdd`, or NaN; records of a request mostly share theirs. */
function dayStartMs(date: number): number {
  if (date !== cachedDate) {
    const ms = dateMs(Math.floor(date / 10_000), Math.floor(date / 100) % 100, date % 100);
    if (!(ms >= 0)) return NaN;
    cachedDate = date;
    cachedDayMs = ms;
  }
  return cachedDayMs;
}

/** Epoch milliseconds of a day's start, or NaN where the calendar has no such day. */
function dateMs(year: number, month: number, day: number): number {
  const ms = Date.UTC(year, month - 1, day);
  const date = new Date(ms);
  return year >= 1970 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? ms : NaN;
}

function epochNumber(value: number): Instant | undefined {
  if (!(value >= 0)) return undefined;
  if (value < 1e11) return instant(Math.round(value * 1e6), 0);
  if (value < 1e14) return instant(Math.round(value * 1e3), 0);
  if (value < 1e17) return instant(Math.floor(value), Math.floor((value - Math.floor(value)) * 1000));
  if (value >= 1e21) return undefined;
  const whole = BigInt(Math.floor(value));
  return instant(Number(whole / 1000n), Number(whole % 1000n));
}

const instant = (us: number, ns: number): Instant | undefined => (us < maxUs ? { us, ns } : undefined);

const digits = /^(\d{9,21})(?:\.(\d{1,20}))?$/;
const yearFirst =
  /^(\d{4})([-/])(\d\d)\2(\d\d)(?:(?:[Tt]|[ ]+)(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,30}))?)?[ ]*(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?)?$/i;
const monthNamed =
  /^(?:[a-z]{3,9},?[ ]+)?(\d{1,2})([ /-])([a-z]{3})\2(\d{4})(?:[ ]+|:)(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,30}))?[ ]*(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?$/i;
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

function slowTime(text: string): Instant | undefined {
  const epoch = digits.exec(text);
  if (epoch) return epochDigits(epoch[1]!, epoch[2] ?? '');
  const iso = yearFirst.exec(text);
  if (iso) return civil(iso[1]!, Number(iso[3]), iso[4]!, iso.slice(5));
  const named = monthNamed.exec(text);
  return named ? civil(named[4]!, months.indexOf(named[3]!.toLowerCase()) + 1, named[1]!, named.slice(5)) : undefined;
}

/** Epoch time in decimal digits, exact to the nanosecond; the unit by the same bounds as for numbers. */
function epochDigits(whole: string, fraction: string): Instant | undefined {
  const size = Number(whole);
  const decimals = size < 1e11 ? 9 : size < 1e14 ? 6 : size < 1e17 ? 3 : 0;
  const nanos = BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, '0'));
  return instant(Number(nanos / 1000n), Number(nanos % 1000n));
}

/** `clock` is hour, minute, second, fraction and zone as they were written; all may be missing. */
function civil(year: string, month: number, day: string, clock: (string | undefined)[]): Instant | undefined {
  const [hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = clock;
  const startMs = dateMs(Number(year), month, Number(day));
  const offset = offsetMinutes(zone);
  // A leap second is the next minute's first, as POSIX time has it.
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60 || offset === undefined || Number.isNaN(startMs)) return undefined;
  const nanos = Number(fraction.slice(0, 9).padEnd(9, '0'));
  const ms = startMs + ((Number(hour) * 60 + Number(minute) - offset) * 60 + Number(second)) * 1000;
  return ms < 0 || ms > maxUs / 1000 + dayMs ? undefined : instant(ms * 1000 + Math.floor(nanos / 1000), nanos % 1000);
}

/** Minutes east of UTC, or `undefined` for an offset of a day or more. */
function offsetMinutes(zone: string): number | undefined {
  if (/^[a-z]/i.test(zone)) return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(':', '') || '0');
  if (hours > 23 || minutes > 59) return undefined;
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes);
}
