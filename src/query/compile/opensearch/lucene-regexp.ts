import type { RegexNode } from '../../regex/parse.ts';
import type { Ranges } from '../../regex/ranges.ts';
import { rangesOf } from '../../regex/to-js.ts';
import { sourcesOf } from './letters.ts';

/** Bounds of what is asked of a node: the size of a pattern in its syntax, in UTF-16 units, and how often its parts are repeated. */
const maxUnits = 5_000;
const maxWeight = 1_000;

const any = '.*';
/** What bounds a token: ASCII but letters, digits and `_`. */
const bound: Ranges = [
  [0, 0x2f],
  [0x3a, 0x40],
  [0x5b, 0x5e],
  [0x60, 0x60],
  [0x7b, 0x7f],
];

/**
 * Spells a parsed pattern in Lucene's syntax (org.apache.lucene.util.automaton.RegExp without optional operators), which takes the whole term.
 * Undefined for what it cannot say: anchors inside, bounds of words and lines; and for patterns that are too large.
 */
export function toLuceneRegexp(node: RegexNode): string | undefined {
  if (weightOf(node) > maxWeight) return undefined;
  return bounded(searched(node));
}

function searched(node: RegexNode): string | undefined {
  if (node.kind === 'choice') return joined(node.items.map(searched), '|');
  const items = node.kind === 'sequence' ? node.items.flatMap(flat) : [node];
  if (items.length === 1 && items[0]!.kind === 'choice') return searched(items[0]!);
  const isStart = items[0]?.kind === 'start';
  const isEnd = items.length > (isStart ? 1 : 0) && items.at(-1)?.kind === 'end';
  const inner = joined(items.slice(isStart ? 1 : 0, isEnd ? -1 : undefined).map(source), '');
  return inner === undefined ? undefined : `${isStart ? '' : any}${inner}${isEnd ? '' : any}`;
}

const flat = (node: RegexNode): RegexNode[] => (node.kind === 'sequence' ? node.items.flatMap(flat) : [node]);

function source(node: RegexNode): string | undefined {
  switch (node.kind) {
    case 'literal':
    case 'set':
      return set(rangesOf(node));
    case 'sequence':
      return joined(node.items.map(source), '');
    case 'choice':
      return joined(node.items.map(source), '|');
    case 'repeat': {
      const item = source(node.item);
      return item === undefined ? undefined : `(${item}){${node.min},${node.max === Number.POSITIVE_INFINITY ? '' : node.max}}`;
    }
    default:
      return undefined;
  }
}

const joined = (parts: (string | undefined)[], by: string): string | undefined =>
  parts.includes(undefined) ? undefined : parts.length === 0 ? '()' : `(${parts.join(by)})`;

/** Texts that hold a folded text when they are folded. */
export const containing = (folded: string): string | undefined => bounded(`${any}${folds(folded, true)}${any}`);

/** Texts in which folded tokens stand next to each other in this order. */
export function withTokens(tokens: readonly string[]): string | undefined {
  const between = set(bound);
  return bounded(`(${any}${between})?${tokens.map((token) => folds(token, false)).join(`(${between})+`)}(${between}${any})?`);
}

/** Texts whose fold is this one. `isOpen` at its ends: the dotted I is two letters when folded, and may give only one of them. */
function folds(folded: string, isOpen: boolean): string {
  const chars = [...folded];
  const out: string[] = [];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i]!;
    const sources = letters(sourcesOf(char));
    if (char === 'i' && chars[i + 1] === dot) {
      out.push(`(${sources}${dot}|${dottedI})`);
      i++;
    } else if (isOpen && ((char === 'i' && i === chars.length - 1) || (char === dot && i === 0))) out.push(`(${sources}|${dottedI})`);
    else out.push(sources);
  }
  return out.join('');
}

const dottedI = '\u0130';
const dot = '\u0307';

function letters(list: readonly string[]): string {
  return set(list.map((letter) => [letter.codePointAt(0)!, letter.codePointAt(0)!] as const));
}

/** Halves of surrogate pairs are left out: no text has one. */
function set(ranges: Ranges): string {
  const parts = ranges.flatMap(([from, to]) => [[from, Math.min(to, 0xd7ff)] as const, [Math.max(from, 0xe000), to] as const]);
  const left = parts.filter(([from, to]) => from <= to);
  if (left.length === 0) return `[^${char(0)}-${char(0x10ffff)}]`;
  const [[from, to]] = left as [readonly [number, number]];
  return left.length === 1 && from === to ? char(from) : `[${left.map(spelt).join('')}]`;
}

/** A range within brackets. Lucene takes an escaped letter for one by itself, so no range begins or ends with one. */
function spelt([first, last]: readonly [number, number]): string {
  let [from, to] = [first, last];
  let [head, tail] = ['', ''];
  while (from <= to && isEscaped(from)) head += char(from++);
  while (from <= to && isEscaped(to)) tail = char(to--) + tail;
  const middle = from > to ? '' : from === to ? char(from) : `${char(from)}-${char(to)}`;
  return head + middle + tail;
}

const isEscaped = (code: number): boolean => code >= 0x20 && code < 0x7f && !/[0-9A-Za-z]/.test(String.fromCodePoint(code));
const char = (code: number): string => (isEscaped(code) ? '\\' : '') + String.fromCodePoint(code);

const bounded = (pattern: string | undefined): string | undefined =>
  pattern !== undefined && pattern.length <= maxUnits ? pattern : undefined;

function weightOf(node: RegexNode): number {
  if (node.kind === 'sequence' || node.kind === 'choice') return node.items.reduce((sum, item) => sum + weightOf(item), 1);
  if (node.kind === 'repeat') return weightOf(node.item) * Math.max(1, node.min, node.max === Number.POSITIVE_INFINITY ? 0 : node.max);
  return 1;
}
