import { AppError } from '../../core/errors.ts';
import type { Comparison, Expression, Scalar } from '../ast/expression.ts';
import { fieldOf, recordFields } from '../ast/fields.ts';
import type { Leaf } from '../ast/visit.ts';
import { predicateOf } from '../compile/scan/predicate.ts';
import { refuseAt, type Token } from './lexer.ts';

const textKinds = ['match', 'phrase', 'contains', 'prefix', 'wildcard', 'regex'] as const;
const comparisons: Record<string, Comparison> = { eq: '=', ne: '!=', gt: '>', ge: '>=', lt: '<', le: '<=' };
/** The functions that spell a condition which has no short form. */
export const calls = [...textKinds, ...Object.keys(comparisons), 'in', 'exists'];
export const everything = (): Expression => ({ kind: 'and', items: [] });

/** What a word alone means: a word of the message, or a part of it. */
export function bareWord({ text, plain, at }: Extract<Token, { kind: 'word' }>): Expression {
  if (text === '*') return everything();
  if (['AND', 'OR'].includes(text)) refuseAt(at, `a condition is missing here; quote "${text}" to look for the word`);
  if (!hasWildcard(text)) return { kind: 'match', field: 'message', text: plain };
  const inner = text.replace(/^\*+|\*+$/g, '');
  return hasWildcard(inner) || inner.endsWith('\\')
    ? { kind: 'wildcard', field: 'message', text: `*${text}*`.replace(/\*{2,}/g, '*') }
    : { kind: 'contains', field: 'message', text: inner.replace(/\\([\s\S])/g, '$1') };
}

const hasWildcard = (text: string): boolean => /[*?]/.test(text.replace(/\\[\s\S]/g, ''));

/** A field, its operator, and the value behind it. @throws AppError INVALID_QUERY */
export function fieldCondition({ name, operator, at }: Extract<Token, { kind: 'field' }>, value: Token): Expression {
  if (value.kind === 'regex' && operator === ':') return checked({ kind: 'regex', field: name, text: value.text }, at);
  if (value.kind !== 'word' && value.kind !== 'quoted') return refuseAt(value.at, `a value is missing behind "${name}${operator}"`);
  if (operator === ':') return withColon(name, value);
  const values = value.kind === 'quoted' ? [value.text] : scalarsOf(name, value.plain);
  if (operator === '=') return anyOf(values.map((one) => compare(name, '=', one, at)));
  if (operator === '!=') return { kind: 'and', items: values.map((one) => compare(name, '!=', one, at)) };
  return compare(name, operator, values[0]!, at);
}

const compare = (field: string, op: Comparison, value: Scalar, at: number): Leaf => checked({ kind: 'compare', op, field, value }, at);
const anyOf = (items: Expression[]): Expression => (items.length === 1 ? items[0]! : { kind: 'or', items });

function withColon(field: string, value: Extract<Token, { kind: 'word' | 'quoted' }>): Expression {
  if (value.kind === 'quoted')
    return field === 'message' ? { kind: 'phrase', field, text: value.text } : compare(field, '=', value.text, value.at);
  const { text, plain, at } = value;
  if (text === '*') return { kind: 'exists', field };
  if (hasWildcard(text)) {
    const start = text.slice(0, -1);
    const isPrefix = text.endsWith('*') && !hasWildcard(start) && !start.endsWith('\\');
    return isPrefix ? { kind: 'prefix', field, text: start.replace(/\\([\s\S])/g, '$1') } : { kind: 'wildcard', field, text };
  }
  if (field === 'message') return { kind: 'match', field, text: plain };
  return anyOf(scalarsOf(field, plain).map((one) => compare(field, '=', one, at)));
}

/** What an unquoted value means: an attribute's may be a number or the text of it. */
function scalarsOf(name: string, plain: string): Scalar[] {
  const field = fieldOf(name);
  const isNumber = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(plain) && Number.isFinite(Number(plain));
  if (field.kind === 'record') return [isNumber && recordFields[field.name] !== 'string' ? Number(plain) : plain];
  if (isNumber) return [Number(plain), plain];
  return plain === 'true' || plain === 'false' ? [plain === 'true', plain] : [plain];
}

/** Puts the conditions of `field:(a OR b)` on the field: they were read as if on `message`. */
export function onField(field: string, node: Expression): Expression {
  if (node.kind === 'and' || node.kind === 'or') return { kind: node.kind, items: node.items.map((item) => onField(field, item)) };
  if (node.kind === 'not') return { kind: 'not', item: onField(field, node.item) };
  if (node.field !== 'message' || field === 'message') return node;
  if (node.kind === 'match') return anyOf(scalarsOf(field, node.text).map((value) => compare(field, '=', value, 0)));
  return node.kind === 'phrase' ? compare(field, '=', node.text, 0) : { ...node, field };
}

/** The condition of a call such as `contains(path, "/a b")`. @throws AppError INVALID_QUERY */
export function callNode(name: string, operands: Extract<Token, { kind: 'word' | 'quoted' }>[], at: number): Leaf {
  const [fieldToken, ...rest] = operands;
  if (!fieldToken) return refuseAt(at, `"${name}" takes a field`);
  const field = fieldToken.kind === 'word' ? fieldToken.plain : fieldToken.text;
  const values = rest.map(operandValue);
  if (name === 'in') return { kind: 'in', field, values };
  if (values.length !== (name === 'exists' ? 0 : 1)) refuseAt(at, `"${name}" takes a field${name === 'exists' ? '' : ' and a value'}`);
  if (name === 'exists') return { kind: 'exists', field };
  const [value] = values;
  const op = comparisons[name];
  if (op) return { kind: 'compare', op, field, value: value! };
  return { kind: name as (typeof textKinds)[number], field, text: typeof value === 'string' ? value : String(value) };
}

/** A value between parentheses has the one type it is written in. */
function operandValue(token: Extract<Token, { kind: 'word' | 'quoted' }>): Scalar {
  return token.kind === 'quoted' ? token.text : scalarsOf('attributes.any', token.plain)[0]!;
}

/** Finds now what would fail when the condition is compiled. */
export function checked<T extends Leaf>(leaf: T, at: number): T {
  try {
    predicateOf(leaf);
    return leaf;
  } catch (thrown) {
    if (thrown instanceof AppError) refuseAt(at, thrown.detail);
    throw thrown;
  }
}
