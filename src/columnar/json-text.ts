/** Whatever is looked at four bytes at a time: so many bytes behind a text must be readable too. */
export const slack = 3;

/** Bits of a word's first n bytes, little endian. */
const firstBytes = Int32Array.of(0, 0xff, 0xffff, 0xffffff);
const multiplier = 0x9e3779b1;
/** Of its own in each process, so that nobody can choose values that collide. Nothing that is stored depends on it. */
const seed = Math.floor(Math.random() * 0x100000000) | 0;

/**
 * The index of the first quote, backslash or control character at or after `at`: where a JSON string ends, unless it has escapes. -1 where the
 * view ends before.
 */
export function textEnd(view: DataView, at: number): number {
  const last = view.byteLength - 4;
  for (let i = at; i <= last; i += 4) {
    const ends = endsIn(view.getInt32(i, true));
    if (ends !== 0) return i + firstOf(ends);
  }
  return -1;
}

/** The hash of the text that `hashedTextEnd` went over last. */
export let lastHash = 0;

/** {@link textEnd}, which also hashes what it goes over, to `lastHash`. */
export function hashedTextEnd(view: DataView, at: number): number {
  const last = view.byteLength - 4;
  let hash = seed;
  for (let i = at; i <= last; i += 4) {
    const word = view.getInt32(i, true);
    const ends = endsIn(word);
    if (ends !== 0) {
      const rest = firstOf(ends);
      lastHash = finish(hash ^ (word & firstBytes[rest]!), i + rest - at);
      return i + rest;
    }
    hash = Math.imul(hash ^ word, multiplier);
    hash ^= hash >>> 15;
  }
  return -1;
}

/** The hash that `hashedTextEnd` gives the same bytes. */
export function hashText(view: DataView, from: number, length: number): number {
  let hash = seed;
  let at = from;
  for (const last = from + length - 4; at <= last; at += 4) {
    hash = Math.imul(hash ^ view.getInt32(at, true), multiplier);
    hash ^= hash >>> 15;
  }
  const rest = from + length - at;
  return finish(rest === 0 ? hash : hash ^ (view.getInt32(at, true) & firstBytes[rest]!), length);
}

/** Whether two texts of one length are the same; `slack` bytes must be readable behind either. */
export function isSameText(a: DataView, aFrom: number, b: DataView, bFrom: number, length: number): boolean {
  let i = 0;
  for (; i + 4 <= length; i += 4) if (a.getInt32(aFrom + i, true) !== b.getInt32(bFrom + i, true)) return false;
  return i === length || ((a.getInt32(aFrom + i, true) ^ b.getInt32(bFrom + i, true)) & firstBytes[length - i]!) === 0;
}

/** Copies a text, and up to `slack` bytes behind it. */
export function copyText(from: DataView, at: number, length: number, to: DataView, toAt: number): void {
  for (let i = 0; i < length; i += 4) to.setInt32(toAt + i, from.getInt32(at + i, true), true);
}

/**
 * Marks the bytes of a word that are a quote, a backslash or below 0x20 with their highest bit. Marks above the lowest one may be wrong.
 * https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord
 */
function endsIn(word: number): number {
  const quote = word ^ 0x22222222;
  const backslash = word ^ 0x5c5c5c5c;
  return (((quote - 0x01010101) & ~quote) | ((backslash - 0x01010101) & ~backslash) | ((word - 0x20202020) & ~word)) & 0x80808080;
}

const firstOf = (marks: number): number => (31 - Math.clz32(marks & -marks)) >> 3;

function finish(hash: number, length: number): number {
  const mixed = Math.imul(hash ^ length, 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}
