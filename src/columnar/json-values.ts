const minus = 0x2d;
const dot = 0x2e;
const zero = 0x30;
/** So many digits are a number that a double keeps, whatever they are. */
const maxDigits = 15;
const powers = Float64Array.from({ length: maxDigits + 1 }, (_, i) => 10 ** i);

/** The first index at or after `at` that holds no JSON white space. */
export function skip(bytes: Uint8Array, at: number): number {
  if (bytes[at]! > 0x20) return at;
  let i = at;
  for (let c = bytes[i]!; c === 0x20 || c === 0x0d || c === 0x09 || c === 0x0a; c = bytes[i]!) i++;
  return i;
}

export const [trueWord, falseWord, nullWord] = ['true', 'false', 'null'].map((word) => Buffer.from(word)) as [Buffer, Buffer, Buffer];

/** The index behind a word whose first letter stands at `at`, -1 where another follows it. */
export function wordEnd(bytes: Uint8Array, at: number, word: Uint8Array): number {
  for (let i = 1; i < word.length; i++) if (bytes[at + i] !== word[i]) return -1;
  return at + word.length;
}

/** The number that `numberEnd` went over last. */
export let lastNumber = 0;

/** The index behind a JSON number of at most 15 digits and without a power, -1 where there is none; the number goes to `lastNumber`. */
export function numberEnd(bytes: Uint8Array, from: number): number {
  const isNegative = bytes[from] === minus;
  const whole = isNegative ? from + 1 : from;
  let at = whole;
  let value = 0;
  for (let digit = bytes[at]! - zero; digit >= 0 && digit <= 9; digit = bytes[at]! - zero) {
    value = value * 10 + digit;
    at++;
  }
  let digits = at - whole;
  if (digits === 0 || (digits > 1 && bytes[whole] === zero)) return -1;
  if (bytes[at] === dot) {
    const fraction = ++at;
    for (let digit = bytes[at]! - zero; digit >= 0 && digit <= 9; digit = bytes[at]! - zero) {
      value = value * 10 + digit;
      at++;
    }
    const decimals = at - fraction;
    digits += decimals;
    if (decimals === 0 || digits > maxDigits) return -1;
    // Both are exact in a double, so that the quotient is the nearest double, as JSON.parse gives it.
    value /= powers[decimals]!;
  }
  lastNumber = isNegative ? -value : value;
  return digits > maxDigits ? -1 : at;
}

/** Whether a text is so many lower-case hex digits that are not all zero: an id that needs no change. */
export function isLowerHexId(bytes: Uint8Array, from: number, to: number, length: number): boolean {
  if (to - from !== length) return false;
  let isZero = true;
  for (let i = from; i < to; i++) {
    const c = bytes[i]!;
    if (c < 0x30 || c > 0x66 || (c > 0x39 && c < 0x61)) return false;
    if (c !== 0x30) isZero = false;
  }
  return !isZero;
}
