import type { Signal } from '../../core/signal.ts';
import type { Comparison, Expression, Scalar } from '../../query/ast/expression.ts';

/** What a rule can compute over the records of a window. */
export const valueFunctions = ['count', 'rate', 'sum', 'avg', 'min', 'max', 'percentile', 'distinct', 'ratio', 'zscore'] as const;
export type ValueFunction = (typeof valueFunctions)[number];

/** Signals that a rule can be about. */
export const ruleSignals = ['logs', 'metrics', 'events'] as const satisfies Signal[];
export type RuleSignal = (typeof ruleSignals)[number];

/**
 * A number for each group of a window. `rate` is per minute; `ratio` is the share, 0 to 1, of records that satisfy `part` too; `zscore` is how far the
 * window's count (or the average of `field`) lies from those of the `historyUs` before it. Lengths are microseconds.
 */
export type RuleValue = {
  fn: ValueFunction;
  from: RuleSignal;
  where: Expression;
  by: string[];
  windowUs: number;
  field: string | undefined;
  percent: number | undefined;
  part: Expression | undefined;
  historyUs: number | undefined;
};

/** A group that was seen within `seenUs` and has no record in the window; without keys, simply that there is none. */
export type Absence = { from: RuleSignal; where: Expression; by: string[]; windowUs: number; seenUs: number };

export type Condition =
  | { kind: 'compare'; op: Comparison; left: RuleValue; right: number }
  | { kind: 'absent'; of: Absence }
  | { kind: 'and' | 'or'; items: Condition[] }
  | { kind: 'not'; item: Condition }
  | { kind: 'rule'; name: string };

/** What is expected of one moment of an inline test. */
export type TestExpectation = { atUs: number; state: 'inactive' | 'pending' | 'firing'; labels: Record<string, string> | undefined };

/** An inline test: records as a sender would send them, by when they happen after the test's start, and what must be so then. */
export type RuleTest = {
  name: string;
  given: { atUs: number; count: number; everyUs: number; record: Record<string, unknown> }[];
  expect: TestExpectation[];
};

/** A rule as it was read, whichever spelling it came in. */
export type Rule = {
  name: string;
  description: string | undefined;
  condition: Condition;
  /** The keys that tell its alerts from each other; those of its values. */
  by: string[];
  forUs: number;
  keepFiringForUs: number;
  labels: Record<string, string>;
  /** Texts with `{{ value }}` and `{{ labels.service }}` in them. */
  annotations: Record<string, string>;
  action: string[];
  staging: boolean;
  tests: RuleTest[];
};

export type GroupValue = Scalar | null;

/** The values of a condition, from left to right. */
export function valuesOf(condition: Condition): RuleValue[] {
  if (condition.kind === 'compare') return [condition.left];
  if (condition.kind === 'not') return valuesOf(condition.item);
  return condition.kind === 'and' || condition.kind === 'or' ? condition.items.flatMap(valuesOf) : [];
}

export function absencesOf(condition: Condition): Absence[] {
  if (condition.kind === 'absent') return [condition.of];
  if (condition.kind === 'not') return absencesOf(condition.item);
  return condition.kind === 'and' || condition.kind === 'or' ? condition.items.flatMap(absencesOf) : [];
}

/** The names of other rules that a condition asks for. */
export function referencesOf(condition: Condition): string[] {
  if (condition.kind === 'rule') return [condition.name];
  if (condition.kind === 'not') return referencesOf(condition.item);
  return condition.kind === 'and' || condition.kind === 'or' ? condition.items.flatMap(referencesOf) : [];
}
