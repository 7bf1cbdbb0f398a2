import type { Comparison } from '../../query/ast/expression.ts';
import { didYouMean, isOneOf } from '../../query/ast/json.ts';
import { type Defaults, parseAbsence, parseValue } from './parse-value.ts';
import { refuseRule } from './refuse.ts';
import type { Condition } from './rule.ts';

const comparisons = ['>', '>=', '<', '<=', '=', '!='] as const satisfies Comparison[];
const mirrored: Record<Comparison, Comparison> = { '>': '<', '>=': '<=', '<': '>', '<=': '>=', '=': '=', '!=': '!=' };
const operators = [...comparisons, 'and', 'or', 'not', 'absent', 'rule'] as const;
const maxDepth = 20;
const maxItems = 50;

/**
 * Reads a condition: `[">", value, 10]`, `["and", …]`, `["not", …]`, `["absent", …]`, `["rule", "name"]`.
 * @throws AppError INVALID_RULE that names the place by `path`
 */
export function parseCondition(json: unknown, path: string, defaults: Defaults, depth = 0): Condition {
  if (depth > maxDepth) refuseRule(path, `conditions nest ${maxDepth} deep at most`);
  if (!Array.isArray(json))
    refuseRule(path, 'a condition is an array that begins with an operator, like [">", ["rate", { "window": "5m" }], 10]');
  const [operator, ...operands] = json as unknown[];
  if (!isOneOf(operators, operator))
    refuseRule(`${path}[0]`, `${JSON.stringify(operator)} is no operator; ${didYouMean(String(operator), operators)}`);
  if (operator === 'absent') return { kind: 'absent', of: parseAbsence(json, path, defaults) };
  if (operator === 'rule') return parseReference(operands, path);
  const item = (i: number) => parseCondition(operands[i], `${path}[${i + 1}]`, defaults, depth + 1);
  if (operator === 'not') {
    if (operands.length !== 1) refuseRule(path, 'write ["not", condition]');
    return { kind: 'not', item: item(0) };
  }
  if (operator === 'and' || operator === 'or') {
    if (operands.length < 1 || operands.length > maxItems) refuseRule(path, `"${operator}" joins 1 to ${maxItems} conditions`);
    return { kind: operator, items: operands.map((_, i) => item(i)) };
  }
  if (operands.length !== 2) refuseRule(path, `write ["${operator}", value, number]`);
  const [left, right] = operands;
  if (Number.isFinite(right))
    return { kind: 'compare', op: operator, left: parseValue(left, `${path}[1]`, defaults), right: right as number };
  if (Number.isFinite(left))
    return { kind: 'compare', op: mirrored[operator], left: parseValue(right, `${path}[2]`, defaults), right: left as number };
  return refuseRule(Array.isArray(left) ? `${path}[2]` : `${path}[1]`, 'a value is compared with a number');
}

function parseReference(operands: unknown[], path: string): Condition {
  const [name] = operands;
  if (operands.length !== 1 || typeof name !== 'string' || name === '') refuseRule(path, 'write ["rule", "name of a rule"]');
  return { kind: 'rule', name };
}
