import type { Scalar } from '../../ast/expression.ts';
import type { ExpressionOf, Leaf } from '../../ast/visit.ts';
import { parseRegex } from '../../regex/parse.ts';
import { fold, tokensOf } from '../../text.ts';
import { literalOf } from '../scan/predicate.ts';
import { runsOf } from '../scan/wildcard.ts';
import { all, anyOf, atMost, type Bounds, type Dsl, exactly, exists, none, not, range, term } from './dsl.ts';
import { columnsOf } from './layout.ts';
import { containing, toLuceneRegexp, withTokens } from './lucene-regexp.ts';
import { isLong, wholeComparison } from './whole-numbers.ts';

export type LeafCompilers = { [K in Leaf['kind']]: (leaf: ExpressionOf<K>) => Bounds };

const maxTerms = 10_000;
const maxPatternUnits = 1_000;

/** Conditions on fields that are columns: the index decides every one, but for patterns that it would not take. */
export const columnLeaves: LeafCompilers = {
  compare: ({ op, field, value }) => {
    const literal = literalOf(field, value);
    if (op === '=') return exactly(equal(field, literal));
    if (op === '!=') return exactly(not(equal(field, literal)));
    const { text, number, isWhole } = columnsOf(field);
    if (typeof literal === 'number' && number)
      return exactly(isWhole ? wholeComparison(number, op, literal) : ordered(number, op, literal));
    return exactly(typeof literal === 'string' && text ? ordered(text, op, literal) : none);
  },
  in: ({ field, values }) => {
    if (values.length > maxTerms) return atMost(present(field));
    const { text, number, boolean, isWhole } = columnsOf(field);
    const literals = values.map((value) => literalOf(field, value));
    const numbers = literals.filter((literal) => typeof literal === 'number' && (!isWhole || isLong(literal)));
    return exactly(anyOf([terms(text, literals.filter(isText)), terms(number, numbers), terms(boolean, literals.filter(isFlag))]));
  },
  exists: ({ field }) => exactly(present(field)),
  match: ({ field, text }) =>
    onText(field, (column) =>
      allTokens(
        column,
        [...new Set(tokensOf(text))].map((token) => withTokens([token])),
      ),
    ),
  phrase: ({ field, text }) =>
    onText(field, (column) => {
      const tokens = tokensOf(text);
      return tokens.length === 0 ? exactly(exists(column)) : pattern(column, withTokens(tokens));
    }),
  contains: ({ field, text }) => onText(field, (column) => pattern(column, containing(fold(text)))),
  prefix: ({ field, text }) => onText(field, (column) => exactly(text === '' ? exists(column) : { prefix: { [column]: { value: text } } })),
  wildcard: ({ field, text }) =>
    onText(field, (column) => {
      const value = runsOf(text)
        .map((run) => run.map((char) => (char === undefined ? '?' : escaped(char))).join(''))
        .join('*');
      return value.length > maxPatternUnits ? atMost(exists(column)) : exactly({ wildcard: { [column]: { value } } });
    }),
  regex: ({ field, text }) => onText(field, (column) => pattern(column, toLuceneRegexp(parseRegex(text)))),
};

/** The same where the node found a pattern too complex: it lists who has the field, and the records are looked at. */
export const plainLeaves: LeafCompilers = {
  ...columnLeaves,
  match: ({ field }) => onText(field, (column) => atMost(exists(column))),
  phrase: ({ field }) => onText(field, (column) => atMost(exists(column))),
  contains: ({ field }) => onText(field, (column) => atMost(exists(column))),
  wildcard: ({ field }) => onText(field, (column) => atMost(exists(column))),
  regex: ({ field }) => onText(field, (column) => atMost(exists(column))),
};

function onText(field: string, compile: (column: string) => Bounds): Bounds {
  const { text } = columnsOf(field);
  return text ? compile(text) : exactly(none);
}

const isText = (literal: Scalar): boolean => typeof literal === 'string';
const isFlag = (literal: Scalar): boolean => typeof literal === 'boolean';
const terms = (column: string | undefined, values: Scalar[]): Dsl => (column && values.length > 0 ? { terms: { [column]: values } } : none);

/** A pattern over the whole term; undefined is one that is not asked. */
const pattern = (column: string, value: string | undefined): Bounds =>
  value === undefined ? atMost(exists(column)) : exactly(regexp(column, value));

function allTokens(column: string, patterns: (string | undefined)[]): Bounds {
  const spelt = patterns.filter((value) => value !== undefined);
  if (spelt.length < patterns.length) return atMost(exists(column));
  return exactly({ bool: { filter: [exists(column), ...spelt.map((value) => regexp(column, value))] } });
}

const regexp = (column: string, value: string): Dsl => ({ regexp: { [column]: { value, flags: 'NONE' } } });

const escaped = (char: string): string => (/[*?\\]/.test(char) ? `\\${char}` : char);

function equal(field: string, literal: Scalar): Dsl {
  const { text, number, boolean, isWhole } = columnsOf(field);
  if (typeof literal === 'string') return text ? term(text, literal) : none;
  if (typeof literal === 'boolean') return boolean ? term(boolean, literal) : none;
  if (!number) return none;
  return isWhole ? wholeComparison(number, '=', literal) : term(number, literal + 0);
}

function present(field: string): Dsl {
  const { text, number, boolean } = columnsOf(field);
  const isAlways = field === 'timestamp' || field === 'observed_timestamp';
  return isAlways ? all : anyOf([text, number, boolean].flatMap((column) => (column ? [exists(column)] : [])));
}

const bounds = { '>': 'gt', '>=': 'gte', '<': 'lt', '<=': 'lte' } as const;
const ordered = (column: string, op: keyof typeof bounds, literal: string | number): Dsl =>
  range(column, { [bounds[op]]: typeof literal === 'number' ? literal + 0 : literal });
