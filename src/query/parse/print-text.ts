import type { Comparison, Expression, Scalar } from '../ast/expression.ts';
import { type Leaf, normalise } from '../ast/visit.ts';
import { quote } from './lexer.ts';
import { parseFilter } from './text.ts';

const callNames: Record<Comparison, string> = { '=': 'eq', '!=': 'ne', '>': 'gt', '>=': 'ge', '<': 'lt', '<=': 'le' };

/** Writes a condition as the filter of a query line; `parseFilter` reads it back, normalised. */
export const printFilter = (where: Expression): string => print(normalise(where));

function print(node: Expression): string {
  switch (node.kind) {
    case 'and':
      return node.items.length === 0 ? '*' : node.items.map((item) => (item.kind === 'or' ? inParentheses(item) : print(item))).join(' ');
    case 'or':
      return shortest(node, shortOr(node)) ?? node.items.map(inParentheses).join(' OR ');
    case 'not':
      return `NOT ${inParentheses(node.item)}`;
    default:
      return shortest(node, shortLeaf(node)) ?? longLeaf(node);
  }
}

function inParentheses(node: Expression): string {
  const isJoint = (node.kind === 'and' || node.kind === 'or') && node.items.length > 0;
  return isJoint ? `(${print(node)})` : print(node);
}

/** The short form, where it means exactly this condition. */
function shortest(node: Expression, short: string | undefined): string | undefined {
  if (short === undefined) return undefined;
  try {
    const { where, time } = parseFilter(short);
    return time === undefined && JSON.stringify(where) === JSON.stringify(node) ? short : undefined;
  } catch {
    return undefined;
  }
}

/** `field:200` is the number or its text. */
function shortOr({ items }: { items: Expression[] }): string | undefined {
  const [first] = items;
  return items.length === 2 && first?.kind === 'compare' ? `${first.field}:${first.value}` : undefined;
}

function shortLeaf(leaf: Leaf): string | undefined {
  switch (leaf.kind) {
    case 'match':
      return leaf.field === 'message' ? leaf.text : undefined;
    case 'phrase':
      return leaf.field === 'message' ? quote(leaf.text) : undefined;
    case 'prefix':
      return `${leaf.field}:${leaf.text}*`;
    case 'wildcard':
      return `${leaf.field}:${leaf.text}`;
    case 'regex':
      return `${leaf.field}:/${leaf.text.replaceAll('/', '\\/')}/`;
    case 'exists':
      return `${leaf.field}:*`;
    case 'compare':
      return shortCompare(leaf.field, leaf.op, leaf.value);
    default:
      return undefined;
  }
}

function shortCompare(field: string, op: Comparison, value: Scalar): string {
  const isPlain = typeof value !== 'string' || /^[\w.-]+$/.test(value);
  const text = isPlain ? String(value) : quote(value);
  if (op === '=' && field !== 'message')
    return shortest({ kind: 'compare', op, field, value }, `${field}:${text}`) ?? `${field}:${quote(String(value))}`;
  return `${field}${op}${typeof value === 'string' ? quote(value) : text}`;
}

function longLeaf(leaf: Leaf): string {
  const operands: Scalar[] =
    leaf.kind === 'in' ? leaf.values : leaf.kind === 'exists' ? [] : [leaf.kind === 'compare' ? leaf.value : leaf.text];
  const name = leaf.kind === 'compare' ? callNames[leaf.op] : leaf.kind;
  return `${name}(${[leaf.field, ...operands].map((operand) => (typeof operand === 'string' ? quote(operand) : operand)).join(', ')})`;
}
