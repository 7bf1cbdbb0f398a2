/** One pass of masking over one body. */
export type MaskJob = {
  bytes: Uint8Array;
  /** Whether a line feed ends a value that was left open: NDJSON, where the next line is another record. */
  lines: boolean;
  counts: Record<string, number>;
  /** Set when the scan cannot go on over these bytes: the body spells ASCII as `\u00xx`. */
  restart: boolean;
  /** Bytes that were looked at ahead in vain so far: keeps hostile bodies from costing the square of their length. */
  ahead: number;
};

const star = 0x2a;
export const quote = 0x22;
export const backslash = 0x5c;
export const lineFeed = 0x0a;
const space = 0x20;

/** Overwrites `[from, to)`, inside a JSON string and on the borders of its escapes, with stars; counts it unless it was all stars. */
export function coverText({ bytes, counts }: MaskJob, kind: string, from: number, to: number): void {
  let clean = true;
  for (let i = from; i < to; i++) {
    if (bytes[i] !== star) clean = false;
    bytes[i] = star;
  }
  if (!clean) counts[kind] = (counts[kind] ?? 0) + 1;
}

/** Overwrites a number, array or object, whole, with `null` (or `0` where that does not fit) and spaces: still JSON, of the same length. */
export function coverJson({ bytes, counts }: MaskJob, kind: string, from: number, to: number): void {
  const filler = to - from >= 4 && !isNumberStart(bytes[from]!) ? 'null' : '0';
  if (to - from === 1 && bytes[from] === filler.charCodeAt(0)) return;
  bytes.fill(space, from, to);
  for (let i = 0; i < filler.length; i++) bytes[from + i] = filler.charCodeAt(i);
  counts[kind] = (counts[kind] ?? 0) + 1;
}

export const isNumberStart = (c: number): boolean => c === 0x2d || (c >= 0x30 && c <= 0x39);

/** How many backslashes stand from `at` on. */
export function backslashes(bytes: Uint8Array, at: number): number {
  let p = at;
  while (bytes[p] === backslash) p++;
  return p - at;
}

/** Steps over the escape sequence that begins at `at`; its backslash is the odd one. */
export const afterEscape = (bytes: Uint8Array, at: number): number => at + (bytes[at + 1] === 0x75 ? 6 : 2);

/** The quote that ends the string which `at` is inside of (on the border of its escapes), or where it breaks off: a line feed, or the border at or behind `limit`. */
export function stringEnd(bytes: Uint8Array, at: number, limit = bytes.length): number {
  let p = at;
  while (p < limit) {
    const c = bytes[p];
    if (c === quote || c === lineFeed) return p;
    p = c === backslash ? afterEscape(bytes, p) : p + 1;
  }
  return Math.min(p, bytes.length);
}

/** Skips white space between JSON tokens. */
export function skipBlank({ bytes, lines }: MaskJob, at: number): number {
  let p = at;
  while (bytes[p] === space || bytes[p] === 0x09 || bytes[p] === 0x0d || (bytes[p] === lineFeed && !lines)) p++;
  return p;
}

/**
 * Covers the JSON value that begins at or after `at`: a string's inside, a number, a whole array or object. `true`, `false`, `null` and what
 * is empty tell nothing and stay. A value that never ends is covered to the end of its line of NDJSON, or of the body: that is no JSON anyway.
 */
export function coverValue(job: MaskJob, kind: string, at: number): void {
  const { bytes } = job;
  const from = skipBlank(job, at);
  const c = bytes[from];
  if (c === quote) coverText(job, kind, from + 1, stringEnd(bytes, from + 1));
  else if (c === 0x7b || c === 0x5b) {
    const to = bracketEnd(job, from);
    if (to < 0) coverText(job, kind, from + 1, job.lines ? lineEnd(bytes, from) : bytes.length);
    else if (skipBlank(job, from + 1) < to - 1) coverJson(job, kind, from, to);
  } else if (c !== undefined && isNumberStart(c)) coverJson(job, kind, from, numberEnd(bytes, from));
}

/** Behind the bracket that closes the one at `at`, or -1 where none does. */
function bracketEnd({ bytes, lines }: MaskJob, at: number): number {
  let depth = 0;
  for (let p = at; p < bytes.length; p++) {
    const c = bytes[p];
    if (c === quote) p = stringEnd(bytes, p + 1);
    else if (c === 0x7b || c === 0x5b) depth++;
    else if (c === 0x7d || c === 0x5d) {
      if (--depth === 0) return p + 1;
    } else if (c === lineFeed && lines) return -1;
  }
  return -1;
}

function numberEnd(bytes: Uint8Array, at: number): number {
  let p = at;
  while (p < bytes.length && '+-.0123456789eE'.includes(String.fromCharCode(bytes[p]!))) p++;
  return p;
}

function lineEnd(bytes: Uint8Array, at: number): number {
  const end = bytes.indexOf(lineFeed, at);
  return end < 0 ? bytes.length : end;
}
