import type { Leaf } from '../../query/ast/visit.ts';
import { wildcardLiterals } from '../../query/compile/scan/wildcard.ts';
import { type Literal, requiredLiterals } from '../../query/regex/literals.ts';
import { parseRegex } from '../../query/regex/parse.ts';
import { fold, tokensOf } from '../../query/text.ts';
import { Needle } from './needle.ts';

/**
 * What of a leaf can be told from UTF-8 bytes, without decoding them. `start`: the text begins with these bytes, or is these where `whole`.
 * `needles`: it holds all of these; where not `exact`, what has them must still be decoded and tested.
 */
export type Probe = { kind: 'start'; start: Buffer; whole: boolean } | { kind: 'needles'; needles: Needle[]; exact: boolean };

/** A text that stands in every text a leaf accepts; in the fold of it, where `caseless`; as a whole token, where `isToken`. */
export type RequiredText = Literal & { isToken: boolean };

/** Finds what a leaf requires of a text; undefined where nothing is known. */
export function requiredTexts(leaf: Leaf): RequiredText[] | undefined {
  switch (leaf.kind) {
    case 'match':
    case 'phrase':
      return [...new Set(tokensOf(leaf.text))].map((text) => ({ text, caseless: true, isToken: true }));
    case 'contains':
      return [{ text: fold(leaf.text), caseless: true, isToken: false }];
    case 'regex':
      return requiredLiterals(parseRegex(leaf.text)).map((literal) => ({ ...literal, isToken: false }));
    case 'wildcard':
      return wildcardLiterals(leaf.text).map((text) => ({ text, caseless: false, isToken: false }));
    default:
      return undefined;
  }
}

/** Makes the test of bytes for a leaf, or undefined where texts have to be decoded. */
export function probeOf(leaf: Leaf): Probe | undefined {
  if (leaf.kind === 'prefix') return { kind: 'start', start: Buffer.from(leaf.text), whole: false };
  if (leaf.kind === 'compare') {
    return leaf.op === '=' && typeof leaf.value === 'string' ? { kind: 'start', start: Buffer.from(leaf.value), whole: true } : undefined;
  }
  const required = requiredTexts(leaf);
  if (!required) return undefined;
  const decides = leaf.kind === 'match' || leaf.kind === 'contains' || (leaf.kind === 'phrase' && tokensOf(leaf.text).length <= 1);
  const needles = required.flatMap(needlesOf);
  return { kind: 'needles', needles, exact: decides && required.every(({ text }) => isAscii(text)) };
}

const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text);

/** Case is known of ASCII only: of the rest of a caseless text its ASCII parts are looked for, of a token nothing. */
function needlesOf({ text, caseless, isToken }: RequiredText): Needle[] {
  const parts = !caseless || isAscii(text) ? [text] : isToken ? [] : (text.match(/[\0-\x7f]+/g) ?? []);
  return parts.filter((part) => part !== '').map((part) => new Needle(part, caseless, isToken));
}
