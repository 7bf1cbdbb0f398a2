/**
 * What a word is, said once for every engine. A token is a maximal run of ASCII letters, digits, `_` and code points from U+0080 on, so that token
 * bounds are ASCII and the same in UTF-8 bytes and in UTF-16. Tokens are compared folded.
 */
const tokenPattern = /[0-9A-Za-z_\u0080-\uffff]+/g;

/** Tells whether a UTF-16 code unit, or a byte of UTF-8, belongs to a token. */
export const isTokenUnit = (unit: number): boolean =>
  unit >= 0x80 || (unit >= 0x61 && unit <= 0x7a) || (unit >= 0x41 && unit <= 0x5a) || (unit >= 0x30 && unit <= 0x39) || unit === 0x5f;

/**
 * Lower-cases a text so that what differs in case only is equal. Unlike `toLowerCase` it maps each letter alike wherever it stands (a final
 * sigma is a sigma), so that `fold(a + b) = fold(a) + fold(b)`: a part of a text is found in its fold.
 */
export function fold(text: string): string {
  const lower = text.toLowerCase();
  return lower.includes('ς') ? lower.replaceAll('ς', 'σ') : lower;
}

/** The folded tokens of a text, in order, repeated where they are. */
export const tokensOf = (text: string): string[] => fold(text).match(tokenPattern) ?? [];

/** Tells whether a folded text holds a folded token, bounded on both sides. */
export function hasToken(folded: string, token: string): boolean {
  for (let at = folded.indexOf(token); at >= 0; at = folded.indexOf(token, at + 1)) {
    const before = at === 0 || !isTokenUnit(folded.charCodeAt(at - 1));
    const end = at + token.length;
    if (before && (end === folded.length || !isTokenUnit(folded.charCodeAt(end)))) return true;
  }
  return false;
}
