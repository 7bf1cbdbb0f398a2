import { AppError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { predicateOf } from '../compile/scan/predicate.ts';
import type { Comparison, Expression, Scalar } from './expression.ts';
import { type Leaf, type Visitor, visit } from './visit.ts';

/** JSON as it was parsed. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const comparisons = ['=', '!=', '>', '>=', '<', '<='] as const satisfies Comparison[];
const textKinds = ['match', 'phrase', 'contains', 'prefix', 'wildcard', 'regex'] as const;
const operators = [...comparisons, ...textKinds, 'in', 'exists', 'and', 'or', 'not'] as const;
const maxDepth = 100;

/** Refuses a query: names the place and says what to do. */
export function refuse(path: string, problem: string): never {
  throw new AppError('INVALID_QUERY', `${path}: ${problem}`, { errors: [{ path, code: 'INVALID_QUERY', detail: problem }] });
}

/** What to add where a name is not known. */
export function didYouMean(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near ? `did you mean ${JSON.stringify(near)}?` : `known are ${known.join(' ')}`;
}

/**
 * Reads a condition in its JSON spelling: `["and", ["=", "level", "error"], ["match", "message", "timed out"]]`.
 * @throws AppError INVALID_QUERY that names the place by `path`
 */
export function parseWhere(json: unknown, path = 'where', depth = 0): Expression {
  if (depth > maxDepth) refuse(path, `conditions nest ${maxDepth} deep at most`);
  if (!Array.isArray(json)) refuse(path, 'a condition is an array that begins with an operator, like ["=", "level", "error"]');
  const [operator, ...operands] = json as unknown[];
  if (!isOneOf(operators, operator)) {
    refuse(`${path}[0]`, `${JSON.stringify(operator)} is no operator; ${didYouMean(String(operator), operators)}`);
  }
  const item = (i: number): Expression => parseWhere(operands[i], `${path}[${i + 1}]`, depth + 1);
  if (operator === 'and' || operator === 'or') return { kind: operator, items: operands.map((_, i) => item(i)) };
  if (operator === 'not') {
    expectOperands(operands, 1, path, '["not", condition]');
    return { kind: 'not', item: item(0) };
  }
  return checked(parseLeaf(operator, operands, path), path);
}

function parseLeaf(operator: Exclude<(typeof operators)[number], 'and' | 'or' | 'not'>, operands: unknown[], path: string): Leaf {
  const field = parseField(operands[0], `${path}[1]`);
  if (operator === 'exists') {
    expectOperands(operands, 1, path, '["exists", field]');
    return { kind: 'exists', field };
  }
  if (operator === 'in') {
    expectOperands(operands, 2, path, '["in", field, [values]]');
    const values = operands[1];
    if (!Array.isArray(values)) refuse(`${path}[2]`, '"in" takes a list of values');
    return { kind: 'in', field, values: values.map((value, i) => parseScalar(value, `${path}[2][${i}]`)) };
  }
  expectOperands(operands, 2, path, `["${operator}", field, ${isOneOf(comparisons, operator) ? 'value' : 'text'}]`);
  if (isOneOf(comparisons, operator)) return { kind: 'compare', op: operator, field, value: parseScalar(operands[1], `${path}[2]`) };
  const text = operands[1];
  return typeof text === 'string' ? { kind: operator, field, text } : refuse(`${path}[2]`, `"${operator}" takes a text`);
}

/** Finds now what would fail when the condition is compiled: texts that are no times or patterns. */
function checked(leaf: Leaf, path: string): Leaf {
  try {
    predicateOf(leaf);
    return leaf;
  } catch (thrown) {
    if (thrown instanceof AppError) refuse(path, thrown.detail);
    throw thrown;
  }
}

/** Reads the name of a field. */
export function parseField(json: unknown, path: string): string {
  return typeof json === 'string' && json !== ''
    ? json
    : refuse(path, 'the name of a field is missing; give one like "service" or "attributes.status"');
}

function parseScalar(json: unknown, path: string): Scalar {
  if (typeof json === 'string' || typeof json === 'boolean' || Number.isFinite(json)) return json as Scalar;
  return refuse(
    path,
    json === null ? 'nothing equals null; use ["not", ["exists", field]]' : 'a value is a text, a number or true or false',
  );
}

function expectOperands(operands: unknown[], count: number, path: string, form: string): void {
  if (operands.length !== count) refuse(path, `write ${form}`);
}

export const isOneOf = <T extends string>(list: readonly T[], value: unknown): value is T => list.includes(value as T);

const textLeaf = ({ kind, field, text }: { kind: string; field: string; text: string }): Json => [kind, field, text];

const printers: Visitor<Json> = {
  and: ({ items }) => ['and', ...items.map(printWhere)],
  or: ({ items }) => ['or', ...items.map(printWhere)],
  not: ({ item }) => ['not', printWhere(item)],
  compare: ({ op, field, value }) => [op, field, value],
  in: ({ field, values }) => ['in', field, values],
  exists: ({ field }) => ['exists', field],
  match: textLeaf,
  phrase: textLeaf,
  contains: textLeaf,
  prefix: textLeaf,
  wildcard: textLeaf,
  regex: textLeaf,
};

/** Writes a condition in its JSON spelling, which `parseWhere` reads back as it was. */
export function printWhere(where: Expression): Json {
  return visit(where, printers);
}
