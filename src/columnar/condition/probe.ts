import type { Leaf } from '../../query/ast/visit.ts';
import { wildcardLiterals } from '../../query/compile/scan/wildcard.ts';
import { requiredLiterals } from '../../query/regex/literals.ts';
import { parseRegex } from '../../query/regex/parse.ts';
import { fold, tokensOf } from '../../query/text.ts';
import { Needle } from './needle.ts';

/**
 * A test of UTF-8 bytes that saves decoding them: false is certain; true is, where `exact`. One that `folds` ignores the case of ASCII only, so it
 * may be used only where no letter outside ASCII folds into one.
 */
export type Probe = { folds: boolean; exact: boolean; test(bytes: Buffer, from: number, to: number): boolean };

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
  if (leaf.kind === 'prefix') return startProbe(leaf.text, false);
  if (leaf.kind === 'compare') return leaf.op === '=' && typeof leaf.value === 'string' ? startProbe(leaf.value, true) : undefined;
  const required = requiredTexts(leaf);
  if (!required) return undefined;
  const { texts, token } = required;
  const isExact = leaf.kind === 'match' || leaf.kind === 'contains' || (leaf.kind === 'phrase' && texts.length <= 1);
  const isAscii = texts.every((text) => asciiOnly.test(text));
  const pieces = token ? texts.filter((text) => asciiOnly.test(text)) : texts.flatMap((text) => text.match(asciiRuns) ?? []);
  const needles = [...new Set(pieces)].filter((piece) => piece !== '').map((piece) => new Needle(piece, token));
  return { folds: true, exact: isExact && isAscii, test: testOfAll(needles) };
}

const asciiOnly = /^[\0-\x7f]*$/;
const asciiRuns = /[\0-\x7f]+/g;

function testOfAll(needles: Needle[]): Probe['test'] {
  const [only] = needles;
  if (only && needles.length === 1) return (bytes, from, to) => only.isIn(bytes, from, to);
  return (bytes, from, to) => needles.every((needle) => needle.isIn(bytes, from, to));
}

function startProbe(text: string, whole: boolean): Probe {
  const start = Buffer.from(text);
  return {
    folds: false,
    exact: true,
    test: (bytes, from, to) =>
      (whole ? to - from === start.length : to - from >= start.length) &&
      bytes.compare(start, 0, start.length, from, from + start.length) === 0,
  };
}
