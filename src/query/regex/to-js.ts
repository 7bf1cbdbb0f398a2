import { AppError } from '../../core/errors.ts';
import type { RegexNode } from './parse.ts';
import { complement, type Ranges } from './ranges.ts';

/** Bound of the translated pattern, in characters: counted repetitions are written out. */
const maxSourceLength = 100_000;

/**
 * Translates a parsed RE2 pattern to a JavaScript RegExp without flags, groups that capture or counted repetitions: the form that V8's linear engine
 * takes over when backtracking runs away (start node with `--enable-experimental-regexp-engine-on-excessive-backtracks`; without it a
 * pattern like `(a+)+$` can take exponential time). `(?m)` also sees U+000D, U+2028 and U+2029 as ends of lines.
 * @throws AppError INVALID_QUERY when the pattern becomes too large
 */
export function toRegExp(node: RegexNode): RegExp {
  return new RegExp(source(node));
}

function source(node: RegexNode): string {
  const text = (writers[node.kind] as (node: RegexNode) => string)(node);
  if (text.length > maxSourceLength) throw new AppError('INVALID_QUERY', 'the regular expression is too large; use smaller repetitions');
  return text;
}

const writers: { [K in RegexNode['kind']]: (node: Extract<RegexNode, { kind: K }> & RegexNode) => string } = {
  literal: (node) => setSource(rangesOf(node as Chars)),
  set: (node) => setSource(rangesOf(node as Chars)),
  start: () => '^',
  end: () => '$',
  lineStart: () => '(?m:^)',
  lineEnd: () => '(?m:$)',
  wordEdge: () => '\\b',
  noWordEdge: () => '\\B',
  sequence: (node) => (node as Joint).items.map((item) => (item.kind === 'choice' ? `(?:${source(item)})` : source(item))).join(''),
  choice: (node) => (node as Joint).items.map(source).join('|'),
  repeat: ({ item, min, max, lazy }) => {
    const one = `(?:${source(item)})`;
    const mark = lazy ? '?' : '';
    const head = one.repeat(min);
    if (max === Number.POSITIVE_INFINITY) return `${head}${one}*${mark}`;
    return head + `(?:${one}`.repeat(max - min) + `)?${mark}`.repeat(max - min);
  },
};
type Joint = { items: RegexNode[] };
type Chars = Extract<RegexNode, { kind: 'literal' } | { kind: 'set' }>;

/** The code points that a character or a set of characters matches, in order. */
export function rangesOf(node: Chars): Ranges {
  if (node.kind === 'literal') return merged(node.folded ? withBothCases([[node.code, node.code]]) : [[node.code, node.code]]);
  const set = merged(node.folded ? withBothCases(node.ranges) : node.ranges);
  return node.negated ? complement(set) : set;
}

function withBothCases(ranges: Ranges): Ranges {
  const out: (readonly [number, number])[] = [...ranges];
  for (const [from, to] of ranges) {
    for (let code = from; code <= Math.min(to, 0x1ffff); code++) {
      const char = String.fromCodePoint(code);
      for (const other of [char.toLowerCase(), char.toUpperCase()]) {
        const otherCode = other.codePointAt(0)!;
        if (otherCode !== code && other.length === String.fromCodePoint(otherCode).length) out.push([otherCode, otherCode]);
      }
    }
  }
  return out;
}

function merged(ranges: Ranges): Ranges {
  const out: [number, number][] = [];
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = out.at(-1);
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else out.push([from, to]);
  }
  return out;
}

/** Writes a set of code points without the `u` flag: the ones beyond U+FFFF as pairs of surrogates. */
function setSource(ranges: Ranges): string {
  const single: string[] = [];
  const pairs: string[] = [];
  for (const [from, to] of ranges) {
    for (const [a, b] of [
      [from, Math.min(to, 0xd7ff)],
      [Math.max(from, 0xe000), Math.min(to, 0xffff)],
    ] as const) {
      if (a <= b) single.push(a === b ? unit(a) : `${unit(a)}-${unit(b)}`);
    }
    if (to > 0xffff) pairs.push(...pairSources(Math.max(from, 0x10000), to));
  }
  const all = [...(single.length > 0 ? [`[${single.join('')}]`] : []), ...pairs];
  return all.length === 1 ? all[0]! : all.length === 0 ? '[]' : `(?:${all.join('|')})`;
}

function pairSources(from: number, to: number): string[] {
  const high = (code: number): number => 0xd7c0 + (code >> 10);
  const low = (code: number): number => 0xdc00 + (code & 0x3ff);
  const pair = (highFrom: number, highTo: number, lowFrom: number, lowTo: number): string =>
    `[${unit(highFrom)}-${unit(highTo)}][${unit(lowFrom)}-${unit(lowTo)}]`;
  if (high(from) === high(to)) return [pair(high(from), high(from), low(from), low(to))];
  const out = [pair(high(from), high(from), low(from), 0xdfff), pair(high(to), high(to), 0xdc00, low(to))];
  if (high(to) - high(from) > 1) out.push(pair(high(from) + 1, high(to) - 1, 0xdc00, 0xdfff));
  return out;
}

const unit = (code: number): string => `\\u${code.toString(16).padStart(4, '0')}`;
