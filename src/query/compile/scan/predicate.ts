import { AppError } from '../../../core/errors.ts';
import type { AttributeValue } from '../../../core/record.ts';
import type { Comparison, Scalar } from '../../ast/expression.ts';
import { fieldOf, recordFields } from '../../ast/fields.ts';
import { timeLiteral } from '../../ast/time.ts';
import type { ExpressionOf, Leaf } from '../../ast/visit.ts';
import { parseRegex } from '../../regex/parse.ts';
import { toRegExp } from '../../regex/to-js.ts';
import { fold, hasToken, tokensOf } from '../../text.ts';
import { wildcardTest } from './wildcard.ts';

/** Decides on a field's value; `undefined` is a field the record lacks. */
export type Predicate = (value: AttributeValue | undefined) => boolean;

/**
 * Compiles a condition on one field to a test of the field's value, the same for every engine. Strings order by code point.
 * @throws AppError INVALID_QUERY for a time or a regular expression that cannot be read, and for what cannot be asked of `id`
 */
export function predicateOf(leaf: Leaf): Predicate {
  if (leaf.field === 'id' && !isLookup(leaf)) {
    const operator = leaf.kind === 'compare' ? leaf.op : leaf.kind;
    throw new AppError('INVALID_QUERY', `"${operator}" does not work on id, whose letters mean nothing; use =, !=, in or exists`);
  }
  return (predicates[leaf.kind] as (leaf: Leaf) => Predicate)(leaf);
}

const isLookup = (leaf: Leaf): boolean =>
  leaf.kind === 'in' || leaf.kind === 'exists' || (leaf.kind === 'compare' && (leaf.op === '=' || leaf.op === '!='));

const predicates: { [K in Leaf['kind']]: (leaf: ExpressionOf<K>) => Predicate } = {
  compare: ({ op, field, value }) => comparisons[op](literalOf(field, value)),
  in: ({ field, values }) => {
    const set = new Set<AttributeValue | undefined>(values.map((value) => literalOf(field, value)));
    return (value) => set.has(value);
  },
  exists: () => (value) => value !== undefined,
  match: ({ text }) => {
    const tokens = [...new Set(tokensOf(text))];
    return onText((value) => {
      const folded = fold(value);
      return tokens.every((token) => hasToken(folded, token));
    });
  },
  phrase: ({ text }) => {
    const tokens = tokensOf(text);
    return onText((value) => hasPhrase(value, tokens));
  },
  contains: ({ text }) => {
    const part = fold(text);
    return onText((value) => fold(value).includes(part));
  },
  prefix: ({ text }) => onText((value) => value.startsWith(text)),
  wildcard: ({ text }) => onText(wildcardTest(text)),
  regex: ({ text }) => {
    const pattern = toRegExp(parseRegex(text));
    return onText((value) => pattern.test(value));
  },
};

const comparisons: Record<Comparison, (literal: Scalar) => Predicate> = {
  '=': (literal) => (value) => value === literal,
  '!=': (literal) => (value) => value !== literal,
  '>': (literal) => ordered(literal, (order) => order > 0),
  '>=': (literal) => ordered(literal, (order) => order >= 0),
  '<': (literal) => ordered(literal, (order) => order < 0),
  '<=': (literal) => ordered(literal, (order) => order <= 0),
};

function ordered(literal: Scalar, accepts: (order: number) => boolean): Predicate {
  if (typeof literal === 'number') return (value) => typeof value === 'number' && accepts(value - literal);
  if (typeof literal === 'string') return (value) => typeof value === 'string' && accepts(compareText(value, literal));
  return () => false;
}

/** Orders texts by code point, which is the order of their UTF-8 bytes. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return (x >= 0xd800 ? surrogatesLast(x) : x) - (y >= 0xd800 ? surrogatesLast(y) : y);
  }
  return a.length - b.length;
}

const surrogatesLast = (unit: number): number => (unit >= 0xe000 ? unit - 0x800 : unit + 0x2000);

/**
 * A literal as its field compares: RFC 3339 text on a time as epoch microseconds, everything else as it is.
 * @throws AppError INVALID_QUERY for a text on a time field that is no time
 */
export function literalOf(name: string, literal: Scalar): Scalar {
  const field = fieldOf(name);
  if (field.kind === 'attribute' || recordFields[field.name] !== 'time' || typeof literal !== 'string') return literal;
  const us = timeLiteral(literal);
  if (us !== undefined) return us;
  throw new AppError('INVALID_QUERY', `"${literal}" is not a time, and ${name} compares with one; give RFC 3339 or epoch microseconds`);
}

const onText =
  (test: (value: string) => boolean): Predicate =>
  (value) =>
    typeof value === 'string' && test(value);

function hasPhrase(value: string, tokens: string[]): boolean {
  const folded = fold(value);
  if (!tokens.every((token) => hasToken(folded, token))) return false;
  if (tokens.length < 2) return true;
  const all = tokensOf(value);
  return all.some((_, start) => tokens.every((token, i) => all[start + i] === token));
}
