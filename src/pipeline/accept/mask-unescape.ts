import { backslash, lineFeed, quote } from './mask-cover.ts';

/**
 * Writes printable ASCII that a JSON text spells as `\u00xx` as itself (`"` and `\` as `\"` and `\\`), so that nobody hides a name or a secret
 * that way. The same JSON value to every parser, numbers and repeated keys included; shorter, in a new buffer. Only inside strings: what was
 * no JSON stays none. A line feed always ends a string, so one broken line of NDJSON leaves the others alone.
 */
export function unescapeAscii(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length);
  let to = 0;
  let inString = false;
  for (let p = 0; p < bytes.length; ) {
    const c = bytes[p]!;
    if (c === quote) inString = !inString;
    else if (c === lineFeed) inString = false;
    if (c !== backslash || !inString) {
      out[to++] = c;
      p++;
      continue;
    }
    const code = bytes[p + 1] === 0x75 ? printable(bytes, p + 2) : -1;
    if (code < 0) {
      out[to++] = c;
      if (p + 1 < bytes.length && bytes[p + 1] !== lineFeed) out[to++] = bytes[++p]!;
      p++;
      continue;
    }
    if (code === quote || code === backslash) out[to++] = backslash;
    out[to++] = code;
    p += 6;
  }
  return out.subarray(0, to);
}

/** The code of `00xx` where it is 0x20 to 0x7e, or -1. */
export function printable(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== 0x30 || bytes[at + 1] !== 0x30) return -1;
  const high = hex(bytes[at + 2]);
  const low = hex(bytes[at + 3]);
  const code = high * 16 + low;
  return high >= 2 && high <= 7 && low >= 0 && code < 0x7f ? code : -1;
}

function hex(c: number | undefined): number {
  if (c === undefined) return -1;
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const letter = c | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
