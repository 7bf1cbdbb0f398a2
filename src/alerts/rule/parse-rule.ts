import { everything } from '../../query/ast/expression.ts';
import { didYouMean, isOneOf, parseWhere } from '../../query/ast/json.ts';
import { parseEdn } from '../../query/parse/edn.ts';
import { parseCondition } from './parse-condition.ts';
import { parseTests } from './parse-tests.ts';
import { checkWindow, parseBy } from './parse-value.ts';
import { asRule, lengthOf, objectOf, refuseRule, textMapOf, textsOf } from './refuse.ts';
import { absencesOf, type Condition, type Rule, referencesOf, ruleSignals, valuesOf } from './rule.ts';

const keys = [
  ...['name', 'description', 'from', 'where', 'by', 'window', 'condition', 'for', 'keep_firing_for', 'labels', 'annotations', 'action'],
  ...['staging', 'tests'],
];
const namePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;
const defaultWindowUs = 5 * 60e6;
const maxValues = 20;
const maxForUs = 24 * 3_600e6;

/**
 * Reads a rule in its JSON spelling (`{"name", "condition", …}`).
 * @throws AppError INVALID_RULE that names the place and what to do
 */
export function parseRule(json: unknown): Rule {
  const given = objectOf(json, 'rule', keys);
  const { name, description, from = 'logs' } = given;
  if (typeof name !== 'string' || !namePattern.test(name))
    return refuseRule('name', 'a rule has a name of letters, digits, "_", "." and "-", 100 at most, like "high-error-rate"');
  if (description !== undefined && (typeof description !== 'string' || description.length > 4_096))
    refuseRule('description', 'a text is needed here');
  if (!isOneOf(ruleSignals, from))
    refuseRule('from', `${JSON.stringify(from)} is nothing to watch; ${didYouMean(String(from), ruleSignals)}`);
  if (given.condition === undefined)
    refuseRule('condition', 'it is missing; give one like [">", ["rate", { "where": ["=", "level", "error"], "window": "5m" }], 10]');
  const windowUs = lengthOf(given.window, 'window') ?? defaultWindowUs;
  checkWindow(windowUs, 'window');
  const by = parseBy(given.by, 'by');
  const where = given.where === undefined ? everything : asRule(() => parseWhere(given.where));
  const condition = parseCondition(given.condition, 'condition', { from, by, windowUs, where });
  if (valuesOf(condition).length + absencesOf(condition).length > maxValues) refuseRule('condition', `it has ${maxValues} values at most`);
  if (given.staging !== undefined && typeof given.staging !== 'boolean') refuseRule('staging', 'true or false is needed here');
  return {
    name,
    description: description as string | undefined,
    condition,
    by: keysOf(condition, by),
    forUs: lengthBelow(given.for, 'for'),
    keepFiringForUs: lengthBelow(given.keep_firing_for, 'keep_firing_for'),
    labels: textMapOf(given.labels, 'labels'),
    annotations: textMapOf(given.annotations, 'annotations'),
    action: textsOf(given.action, 'action'),
    staging: given.staging === true,
    tests: parseTests(given.tests, 'tests'),
  };
}

/** Reads a rule's text, JSON or EDN, as the JSON it stands for. @throws AppError INVALID_RULE, with `at` where EDN ends to make sense */
export function readRuleText(text: string, isEdn: boolean): unknown {
  if (isEdn) return asRule(() => parseEdn(text));
  try {
    return JSON.parse(text);
  } catch (error) {
    return refuseRule('rule', `it is no JSON: ${(error as Error).message}`);
  }
}

function lengthBelow(json: unknown, path: string): number {
  const us = lengthOf(json, path) ?? 0;
  return us <= maxForUs ? us : refuseRule(path, '24h at most');
}

/** The keys of a rule's alerts: all values that group do so by the same ones. */
function keysOf(condition: Condition, by: string[]): string[] {
  const grouped = [...valuesOf(condition), ...absencesOf(condition)].map((value) => value.by).filter((list) => list.length > 0);
  const [first] = grouped;
  if (!first) return referencesOf(condition).length > 0 ? by : [];
  const stranger = grouped.find((list) => list.join('\n') !== first.join('\n'));
  if (stranger)
    refuseRule(
      'condition',
      `its values group by ${JSON.stringify(first)} and by ${JSON.stringify(stranger)}; group all by the same keys, or by none`,
    );
  return first;
}
