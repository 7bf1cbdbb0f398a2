import { AppError } from '../../core/errors.ts';
import { maxPatternText, safePattern } from '../../core/safe-pattern.ts';

/** Labels of an alert as routing sees them: what the rule and its groups gave, and `alertname`. */
export type Labels = Record<string, string>;

export const matcherOperators = ['=', '!=', '=~', '!~'] as const;
export type MatcherOperator = (typeof matcherOperators)[number];

/** One condition on one label, as Alertmanager has it: a missing label is an empty one, and a pattern has to match the whole value. */
export type Matcher = { name: string; op: MatcherOperator; value: string };

export type LabelTest = (labels: Labels) => boolean;

const maxMatcherText = 4_000;
const bareName = /^[^\s=!~"{},]+$/;
const one = /^\s*("(?:[^"\\]|\\.)*"|[^\s=!~"{},]+)\s*(=~|!=|!~|=)\s*("(?:[^"\\]|\\.)*"|[^",{}]*)\s*/s;

/**
 * Reads matchers as Alertmanager spells them: `severity="page"`, `service=~api|web`, `{a="b", c!="d"}`; quotes around names and values may be left out.
 * https://prometheus.io/docs/alerting/latest/configuration/#matcher
 * @throws AppError INVALID_CONFIG that quotes the place
 */
export function parseMatchers(text: string): Matcher[] {
  const refuse = (why: string): never => {
    throw new AppError('INVALID_CONFIG', `the matcher ${JSON.stringify(text.slice(0, 200))} ${why}`);
  };
  if (text.length > maxMatcherText) refuse(`is longer than ${maxMatcherText} characters`);
  let rest = text.trim();
  if (rest.startsWith('{')) {
    if (!rest.endsWith('}')) refuse('opens a brace and does not close it');
    rest = rest.slice(1, -1).trim();
  }
  const found: Matcher[] = [];
  while (rest !== '') {
    const [whole, name = '', op, value = ''] =
      one.exec(rest) ?? refuse(`is none at ${JSON.stringify(rest.slice(0, 40))}: write name="value", with =, !=, =~ or !~`);
    found.push(checked({ name: unquoted(name), op: op as MatcherOperator, value: unquoted(value.trim()) }, refuse));
    rest = rest.slice(whole.length);
    if (rest === '') break;
    if (!rest.startsWith(',')) refuse(`goes on with ${JSON.stringify(rest.slice(0, 40))}: part matchers with a comma`);
    rest = rest.slice(1).trim();
  }
  return found.length > 0 ? found : refuse('is empty');
}

function checked(matcher: Matcher, refuse: (why: string) => never): Matcher {
  if (matcher.name === '') refuse('names no label');
  if (matcher.op.endsWith('~')) compilePattern(matcher.value);
  return matcher;
}

const unquoted = (text: string): string =>
  text.startsWith('"')
    ? text
        .slice(1, -1)
        .replaceAll(/\\(.)/gs, (_, char: string) => (char === 'n' ? '\n' : char === '"' || char === '\\' ? char : `\\${char}`))
    : text;

/** Spells a matcher so that `parseMatchers` reads the same back. */
export function matcherText({ name, op, value }: Matcher): string {
  const quoted = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
  return `${bareName.test(name) ? name : quoted(name)}${op}${quoted(value)}`;
}

/** Compiles matchers that must all hold. @throws AppError INVALID_CONFIG for a pattern that cannot run in linear time */
export function compileMatchers(matchers: readonly Matcher[]): LabelTest {
  const tests = matchers.map(compileMatcher);
  return (labels) => tests.every((test) => test(labels));
}

function compileMatcher({ name, op, value }: Matcher): LabelTest {
  const textOf = (labels: Labels): string => labelOf(labels, name);
  if (op === '=') return (labels) => textOf(labels) === value;
  if (op === '!=') return (labels) => textOf(labels) !== value;
  const pattern = compilePattern(value);
  const matches = (text: string) => text.length <= maxPatternText && pattern.test(text);
  return op === '=~' ? (labels) => matches(textOf(labels)) : (labels) => !matches(textOf(labels));
}

const compilePattern = (source: string): RegExp => {
  safePattern(source);
  return new RegExp(`^(?:${source})$`);
};

/** A label's value; empty where there is none. */
export const labelOf = (labels: Labels, name: string): string => (Object.hasOwn(labels, name) ? labels[name]! : '');
