import type { RegexNode } from './parse.ts';
import type { Ranges } from './ranges.ts';
import { rangesOf } from './to-js.ts';

/** Bound of a pattern's size with its repetitions written out, in ranges of code points; RE2 itself repeats at most 1,000 times. */
const maxWeight = 1_000;

/**
 * Spells a parsed pattern in RE2, without flags: every letter that matches in either case is a set of both, as `toRegExp` has them, so that the two
 * match the same texts. Undefined for what they see differently (`(?m)`: ends of lines; `\B`: RE2 finds it inside a letter's bytes) and for patterns
 * too large.
 */
export const toRe2 = (node: RegexNode): string | undefined => (weightOf(node) <= maxWeight ? source(node) : undefined);

const marks = { start: '\\A', end: '\\z', wordEdge: '\\b' } as const;

function source(node: RegexNode): string | undefined {
  switch (node.kind) {
    case 'literal':
    case 'set':
      return setSource(rangesOf(node));
    case 'lineStart':
    case 'lineEnd':
    case 'noWordEdge':
      return undefined;
    case 'sequence':
    case 'choice': {
      const items = node.items.map(source);
      return items.includes(undefined) ? undefined : `(?:${items.join(node.kind === 'choice' ? '|' : '')})`;
    }
    case 'repeat': {
      const item = source(node.item);
      const max = node.max === Number.POSITIVE_INFINITY ? '' : node.max;
      return item === undefined ? undefined : `(?:${item}){${node.min},${max}}`;
    }
    default:
      return marks[node.kind];
  }
}

/** Halves of surrogate pairs are left out: no text has one. */
function setSource(ranges: Ranges): string {
  const parts = ranges.flatMap(([from, to]) => [[from, Math.min(to, 0xd7ff)] as const, [Math.max(from, 0xe000), to] as const]);
  const spelt = parts.filter(([from, to]) => from <= to).map(([from, to]) => `\\x{${from.toString(16)}}-\\x{${to.toString(16)}}`);
  return spelt.length === 0 ? '[^\\x{0}-\\x{10ffff}]' : `[${spelt.join('')}]`;
}

function weightOf(node: RegexNode): number {
  if (node.kind === 'sequence' || node.kind === 'choice') return node.items.reduce((sum, item) => sum + weightOf(item), 1);
  if (node.kind === 'repeat') return weightOf(node.item) * Math.max(1, node.min, node.max === Number.POSITIVE_INFINITY ? 0 : node.max);
  return node.kind === 'literal' || node.kind === 'set' ? rangesOf(node).length : 1;
}
