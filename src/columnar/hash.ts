const start = 0x811c9dc5;
const prime = 0x01000193;
const golden = 0x9e3779b9;

/** The finaliser of MurmurHash3, unsigned. https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp */
export function finalise(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Hashes `bytes[from .. to]` by FNV-1a from a starting state, finalised. */
export function hashBytes(bytes: Uint8Array, from: number, to: number, state: number): number {
  let h = state;
  for (let i = from; i < to; i++) h = Math.imul(h ^ bytes[i]!, prime);
  return finalise(h);
}

/** Hashes a token of ASCII letters and digits, ignoring case. */
export function hashToken(bytes: Uint8Array, from: number, to: number): number {
  let h = start;
  for (let i = from; i < to; i++) h = Math.imul(h ^ (bytes[i]! | 32), prime);
  return finalise(h);
}

/** Hashes a column's name: the starting state of its values, and the key that tells of a name in the overflow column. */
export function hashColumn(column: string): number {
  const bytes = Buffer.from(column);
  return hashBytes(bytes, 0, bytes.length, start);
}

/** Hashes the text of one column. */
export function hashValue(column: number, value: string): number {
  const bytes = Buffer.from(value);
  return hashBytes(bytes, 0, bytes.length, column);
}

const double = new Float64Array(1);
const doubleBytes = new Uint8Array(double.buffer);

/** Hashes the number of one column; -0 and 0 are the same. */
export function hashNumber(column: number, value: number): number {
  double[0] = value + 0;
  return hashBytes(doubleBytes, 0, 8, column);
}

/** The key of an id within the page between two cuts. */
export const hashOnPage = (hash: number, page: number): number => finalise(hash ^ Math.imul(page + 1, golden));

/** The bits of a key within its block of a filter. */
export const filterBits = (hash: number): number => finalise(hash ^ golden);
