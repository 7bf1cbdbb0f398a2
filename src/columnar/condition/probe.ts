import type { Leaf } from '../../query/ast/visit.ts';
import { wildcardLiterals } from '../../query/compile/scan/wildcard.ts';
import { requiredLiterals } from '../../query/regex/literals.ts';
import { parseRegex } from '../../query/regex/parse.ts';
import { fold, tokensOf } from '../../query/text.ts';
import { Needle } from './needle.ts';

/**
 * What of a leaf can be told from UTF-8 bytes, without decoding them. `start`: the text begins with these bytes, or is these where `whole`.
 * `needles`: it holds all of these; they ignore the case of ASCII only, so they may be used only where no letter outside ASCII folds into one. Where
 * not `exact`, what has the needles still must be decoded and tested.
 */
export type Probe = { kind: 'start'; start: Buffer; whole: boolean } | { kind: 'needles'; needles: Needle[]; exact: boolean };

/** Texts that stand, case ignored, in every text the leaf accepts; `token` where each is one whole token of it. Undefined where nothing is known. */
export function requiredTexts(leaf: Leaf): { texts: string[]; token: boolean } | undefined {
  if (leaf.kind === 'match' || leaf.kind === 'phrase') return { texts: tokensOf(leaf.text), token: true };
  if (leaf.kind === 'contains') return { texts: [fold(leaf.text)], token: false };
  if (leaf.kind === 'regex') return { texts: requiredLiterals(parseRegex(leaf.text)), token: false };
  if (leaf.kind === 'wildcard') return { texts: wildcardLiterals(leaf.text).map(fold), token: false };
  return undefined;
}

/** Makes the test of bytes for a leaf, or undefined where texts have to be decoded. */
export function probeOf(leaf: Leaf): Probe | undefined {
  if (leaf.kind === 'prefix') return { kind: 'start', start: Buffer.from(leaf.text), whole: false };
  if (leaf.kind === 'compare') {
    return leaf.op === '=' && typeof leaf.value === 'string' ? { kind: 'start', start: Buffer.from(leaf.value), whole: true } : undefined;
  }
  const required = requiredTexts(leaf);
  if (!required) return undefined;
  const { texts, token } = required;
  const isExact = leaf.kind === 'match' || leaf.kind === 'contains' || (leaf.kind === 'phrase' && texts.length <= 1);
  const isAscii = texts.every((text) => asciiOnly.test(text));
  const pieces = token ? texts.filter((text) => asciiOnly.test(text)) : texts.flatMap((text) => text.match(asciiRuns) ?? []);
  pieces.sort((a, b) => b.length - a.length);
  const needles = [...new Set(pieces)].filter((piece) => piece !== '').map((piece) => new Needle(piece, token));
  return { kind: 'needles', needles, exact: isExact && isAscii };
}

const asciiOnly = /^[\0-\x7f]*$/;
const asciiRuns = /[\0-\x7f]+/g;
