/** Shortest run of digits that may be an integer whose digits a double does not keep: 2^53 has 16. */
const minLostDigits = 16;

/**
 * Whether parsing this JSON with `JSON.parse` could lose something: digits of a long integer, or halves of surrogate pairs that no UTF-8 can
 * spell. Cheap (a look at every sixteenth byte), and may say yes too often.
 */
export function needsExactParse(bytes: Uint8Array): boolean {
  return hasLongDigits(bytes) || hasSurrogateEscape(bytes);
}

/**
 * Parses JSON so that nothing is lost or impossible: integers whose digits a double would lose become texts of those digits, numbers beyond a
 * double's range the text they were written as, and lone surrogates U+FFFD.
 * @throws SyntaxError
 */
export function parseExactly(text: string): unknown {
  const wellFormed = /\\u[dD][89a-fA-F]/.test(text) ? text.replace(anyEscape, wellFormedEscape) : text;
  return parseWithSource(wellFormed, (_key, value, context) => (typeof value === 'number' ? exactNumber(value, context) : value));
}

/** `JSON.parse` whose reviver sees the source text, https://tc39.es/proposal-json-parse-with-source/. */
const parseWithSource = JSON.parse as (text: string, reviver: (key: string, value: unknown, context: Source) => unknown) => unknown;
type Source = { source?: string };

function exactNumber(value: number, { source }: Source): number | string {
  if (source === undefined || (source.length < minLostDigits && Number.isFinite(value))) return value;
  if (!Number.isFinite(value)) return source;
  return /^-?\d+$/.test(source) && BigInt(source) !== BigInt(value) ? source : value;
}

/** Any escape; a surrogate pair as one. */
const anyEscape = /\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[\s\S])/g;

function wellFormedEscape(spelt: string): string {
  return spelt.length === 6 && /^\\u[dD][89a-fA-F]/.test(spelt) ? '\\ufffd' : spelt;
}

function hasLongDigits(bytes: Uint8Array): boolean {
  for (let at = minLostDigits - 1; at < bytes.length; at += minLostDigits) {
    if (!isDigit(bytes[at]!)) continue;
    let from = at;
    while (from > 0 && isDigit(bytes[from - 1]!)) from--;
    let to = at + 1;
    while (to < bytes.length && isDigit(bytes[to]!)) to++;
    if (to - from >= minLostDigits && isNumberAt(bytes, from, to)) return true;
    at = to - 1;
  }
  return false;
}

/** Whether a run of digits stands where a JSON number may, rather than inside a text; seen from its neighbours alone. */
function isNumberAt(bytes: Uint8Array, from: number, to: number): boolean {
  const before = bytes[bytes[from - 1] === 0x2d ? from - 2 : from - 1] ?? 0x20;
  const after = bytes[to] ?? 0x20;
  return startsValue.includes(before) && endsValue.includes(after);
}

/** Colon, comma, opening bracket, white space. */
const startsValue = [0x3a, 0x2c, 0x5b, 0x20, 0x0a, 0x0d, 0x09];
/** Comma, closing brace and bracket, white space. */
const endsValue = [0x2c, 0x7d, 0x5d, 0x20, 0x0a, 0x0d, 0x09];

function hasSurrogateEscape(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(0x5c); at >= 0 && at < bytes.length - 2; at = bytes.indexOf(0x5c, at + 1)) {
    if (bytes[at + 1] === 0x75 && (bytes[at + 2]! | 0x20) === 0x64) return true;
  }
  return false;
}

const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39;
