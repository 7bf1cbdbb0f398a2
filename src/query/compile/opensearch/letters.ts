import { fold, isTokenUnit } from '../../text.ts';

/**
 * Letters whose case the node may see otherwise than JavaScript, since one of the two has younger Unicode tables: cased letters of Unicode 14 and
 * later, and the older ones that they are the upper case of. A test holds every other code point against a node.
 */
const unsettled = /[\u019b\u0264\u1c89\u1c8a\u2c2f\u2c5f\ua7c0-\ua7dc\u{10570}-\u{105bf}\u{10d50}-\u{10d85}\u{16ea0}-\u{16ed3}]/u;

/** Tells whether the node's analysis folds a folded text as we do. */
export const isSettled = (folded: string): boolean => !unsettled.test(folded);

let bySource: Map<string, string[]> | undefined;

/** The letters that fold to a letter, itself included. */
export function sourcesOf(folded: string): readonly string[] {
  bySource ??= foldedLetters();
  return bySource.get(folded) ?? [folded];
}

function foldedLetters(): Map<string, string[]> {
  const map = new Map<string, string[]>();
  for (let code = 0; code <= 0x1ffff; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const letter = String.fromCodePoint(code);
    const to = fold(letter);
    if (to === letter || [...to].length > 1) continue;
    map.set(to, [...(map.get(to) ?? [to]), letter]);
  }
  return map;
}

/** A run of token characters inside a text, and whether the text has a bound on its sides. */
export type Piece = { text: string; left: boolean; right: boolean };

/** The runs of token characters of a folded text; the edges of the text are no bounds. */
export function piecesOf(folded: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (let i = 0; i <= folded.length; i++) {
    if (i < folded.length && isTokenUnit(folded.charCodeAt(i))) continue;
    if (i > from) pieces.push({ text: folded.slice(from, i), left: from > 0, right: i < folded.length });
    from = i + 1;
  }
  return pieces;
}
