import type { Expression, Scalar } from '../../ast/expression.ts';
import { type ExpressionOf, type Leaf, type Visitor, visit } from '../../ast/visit.ts';
import { parseRegex } from '../../regex/parse.ts';
import { fold, tokensOf } from '../../text.ts';
import { literalOf, predicateOf } from '../scan/predicate.ts';
import { runsOf } from '../scan/wildcard.ts';
import { type Context, type FieldSql, fieldSql } from './fields.ts';
import { allOf, anyOf, bound, never, number, type Sql, sql, text, Unsayable } from './fragment.ts';

/**
 * Compiles an expression to a condition that holds where the scan's matcher does. It may be NULL, which counts as false: only `not` has to care.
 * @throws AppError INVALID_QUERY as `matcherOf` does, Unsayable for what SQL sees differently
 */
export function whereSql(where: Expression, context: Context): Sql {
  const within = (item: Expression): Sql => whereSql(item, context);
  const onField = (leaf: Leaf): Sql => {
    predicateOf(leaf);
    return (leaves[leaf.kind] as (leaf: Leaf, field: FieldSql, context: Context) => Sql)(leaf, fieldSql(leaf.field, context), context);
  };
  const visitor: Visitor<Sql> = {
    and: ({ items }) => allOf(items.map(within)),
    or: ({ items }) => anyOf(items.map(within)),
    not: ({ item }) => not(within(item)),
    compare: onField,
    in: onField,
    exists: onField,
    match: onField,
    phrase: onField,
    contains: onField,
    prefix: onField,
    wildcard: onField,
    regex: onField,
  };
  return visit(where, visitor);
}

const not = (condition: Sql): Sql => sql`NOT coalesce(${condition}, FALSE)`;

type LeafCompilers = { [K in Leaf['kind']]: (leaf: ExpressionOf<K>, field: FieldSql, context: Context) => Sql };

const leaves: LeafCompilers = {
  compare: ({ op, field: named, value }, field) => {
    const literal = literalOf(named, value);
    if (op === '!=') return not(compared(field, literal, '='));
    return typeof literal === 'boolean' && op !== '=' ? never : compared(field, literal, op);
  },
  in: ({ field: named, values }, field) => anyOf(values.map((value) => compared(field, literalOf(named, value), '='))),
  exists: (_, { text, number, boolean }) => anyOf([text, number, boolean].flatMap((value) => (value ? [sql`${value} IS NOT NULL`] : []))),
  match: ({ text: words }, field, context) =>
    onText(field, (value) => {
      const tokens = [...new Set(tokensOf(words))];
      return tokens.length === 0 ? isThere(value) : allOf(tokens.map((token) => holdsTokens(value, [token], context)));
    }),
  phrase: ({ text: words }, field, context) =>
    onText(field, (value) => {
      const tokens = tokensOf(words);
      return tokens.length === 0 ? isThere(value) : holdsTokens(value, tokens, context);
    }),
  contains: ({ text: part }, field, { dialect }) =>
    onText(field, (value) => dialect.contains(dialect.fold(value, fold(part)), text(fold(part)))),
  prefix: ({ text: start }, field, { dialect }) => onText(field, (value) => dialect.startsWith(value, text(start))),
  wildcard: ({ text: pattern }, field, { dialect }) => onText(field, (value) => dialect.like(value, text(likePattern(pattern)))),
  regex: ({ text: pattern }, field, { dialect }) => {
    const spelt = dialect.pattern(parseRegex(pattern));
    if (spelt === undefined) throw new Unsayable('a regular expression');
    return onText(field, (value) => dialect.matches(value, spelt));
  },
};

function compared(field: FieldSql, literal: Scalar, op: '=' | '>' | '>=' | '<' | '<='): Sql {
  const value = field[typed(literal)];
  return value ? sql`${value} ${operators[op]} ${literalSql(literal)}` : never;
}

const operators = { '=': sql`=`, '>': sql`>`, '>=': sql`>=`, '<': sql`<`, '<=': sql`<=` };

const typed = (literal: Scalar): keyof FieldSql =>
  typeof literal === 'string' ? 'text' : typeof literal === 'number' ? 'number' : 'boolean';

function literalSql(literal: Scalar): Sql {
  if (typeof literal === 'string') return text(literal);
  return typeof literal === 'number' ? number(literal) : bound({ type: 'boolean', value: literal });
}

const onText = ({ text: value }: FieldSql, condition: (value: Sql) => Sql): Sql => (value ? condition(value) : never);
const isThere = (value: Sql): Sql => sql`${value} IS NOT NULL`;

/** What stands between tokens, in a folded text: `tokenPattern` of `query/text.ts`, negated. */
const between = '[\\x00-/:-@\\[-^`{-\\x7f]';

/** Whether a text holds these tokens, side by side and in this order. Tokens are letters, digits and `_`: nothing in them means something else in a pattern. */
function holdsTokens(value: Sql, tokens: string[], { dialect }: Context): Sql {
  const folded = dialect.fold(value, tokens.join(' '));
  const bounded = dialect.matches(folded, `(?:\\A|${between})${tokens.join(`${between}+`)}(?:\\z|${between})`);
  return allOf([...tokens.map((token) => dialect.contains(folded, text(token))), bounded]);
}

const likePattern = (pattern: string): string =>
  runsOf(pattern)
    .map((run) => run.map((char) => (char === undefined ? '_' : char.replace(/[%_\\]/, '\\$&'))).join(''))
    .join('%');
