import { describe, expect, it } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { parseRule, readRuleText } from './parse-rule.ts';

const example = '{:name "high-error-rate" :condition [:> [:rate :level "error" :window "5m"] 10] :action [:console]}';

const refusal = (json: unknown): string => {
  try {
    parseRule(json);
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'INVALID_RULE') return thrown.detail;
    throw thrown;
  }
  return 'accepted';
};
const withCondition = (condition: unknown) => refusal({ name: 'r', condition });

describe('a rule', () => {
  it('is read from EDN as it stands in the design', () => {
    const rule = parseRule(readRuleText(example, true));
    expect(rule).toMatchObject({ name: 'high-error-rate', action: ['console'], by: [], forUs: 0, staging: false });
    expect(rule.condition).toEqual({
      kind: 'compare',
      op: '>',
      left: {
        ...{ fn: 'rate', from: 'logs', by: [], windowUs: 300e6, where: { kind: 'compare', op: '=', field: 'level', value: 'error' } },
        ...{ field: undefined, percent: undefined, part: undefined, historyUs: undefined },
      },
      right: 10,
    });
  });

  it('is the same rule in JSON', () => {
    const json = {
      name: 'high-error-rate',
      condition: ['>', ['rate', { where: ['=', 'level', 'error'], window: '5m' }], 10],
      action: 'console',
    };
    expect(parseRule(json)).toEqual(parseRule(readRuleText(example, true)));
  });

  it('takes the keys of its alerts from its values, and times and labels from itself', () => {
    const rule = parseRule({
      ...{ name: 'r', for: '2m', keep_firing_for: '5m', labels: { severity: 'page', tier: 1 }, annotations: { summary: '{{ value }}' } },
      condition: ['and', ['>', ['rate', { by: ['service'] }], 1], ['<', 3, ['avg', { field: 'latency_ms' }]]],
    });
    expect(rule).toMatchObject({ by: ['service'], forUs: 120e6, keepFiringForUs: 300e6, labels: { severity: 'page', tier: '1' } });
    expect(rule.condition).toMatchObject({ items: [{}, { op: '>', right: 3 }] });
  });

  it.each([
    [{ name: 'r' }, /^condition: it is missing/],
    [{ name: 'a b', condition: [] }, /^name: /],
    [{ name: 'r', condition: [], lables: {} }, /^rule: "lables" is not known; did you mean "labels"\?/],
    [{ name: 'r', for: '5 minutes', condition: ['absent', {}] }, /^for: "5 minutes" is no length of time/],
    [{ name: 'r', condition: ['absent', {}], by: ['a', 'a'] }, /^by: a key stands there twice/],
    [{ name: 'r', from: 'log', condition: ['absent', {}] }, /^from: "log" is nothing to watch; did you mean "logs"/],
    [{ name: 'r', condition: ['absent', {}], tests: [{}] }, /^tests\[0\]\.expect: say what must be so/],
  ])('%j is refused with its place', (json, said) => {
    expect(refusal(json)).toMatch(said);
  });

  it.each([
    [['>', ['rat', {}], 1], /^condition\[1\]\[0\]: "rat" is no function; did you mean "rate"\?/],
    [['=>', ['rate', {}], 1], /^condition\[0\]: "=>" is no operator/],
    [['>', ['rate', { wher: [] }], 1], /^condition\[1\]: "wher" is neither an option nor a field; did you mean "where"\?/],
    [['>', ['rate', { where: ['=', 'level'] }], 1], /^condition\[1\]\.where: write/],
    [['>', ['rate', { window: '90s' }], 1], /^condition\[1\]\.window: a window is whole minutes/],
    [['>', ['avg', {}], 1], /^condition\[1\]: "avg" needs a field/],
    [['>', ['rate', { field: 'x' }], 1], /^condition\[1\]\.field: "rate" counts records/],
    [['>', ['percentile', { field: 'x' }], 1], /^condition\[1\]\.percent: /],
    [['>', ['ratio', {}], 1], /^condition\[1\]: "ratio" needs "part"/],
    [['>', ['rate', {}], 'ten'], /^condition\[2\]: a value is compared with a number/],
    [['and', ['>', ['rate', {}], 1], ['nothing']], /^condition\[2\]\[0\]: "nothing" is no operator/],
    [['and', ['>', ['rate', { by: 'a' }], 1], ['>', ['rate', { by: 'b' }], 1]], /^condition: its values group by \["a"\] and by \["b"\]/],
    [['rate', 'level'], /^condition\[0\]: "rate" is no operator/],
    [['>', ['rate', 'level'], 1], /^condition\[1\]: options are pairs/],
    [['>', ['absent', {}], 1], /^condition\[1\]: "absent" is a condition by itself/],
  ])('the condition %j is refused with its place', (condition, said) => {
    expect(withCondition(condition)).toMatch(said);
  });

  it('tells where EDN stops making sense', () => {
    expect(() => readRuleText('{:name "x"', true)).toThrow(/INVALID_RULE: at character 1: this "\{" is not closed/);
    expect(() => readRuleText('{', false)).toThrow(/INVALID_RULE: rule: it is no JSON/);
  });
});
