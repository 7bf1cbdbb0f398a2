import { describe, expect, it } from 'vitest';
import { parseRule } from './rule/parse-rule.ts';
import { refuseFailing, runTests } from './run-tests.ts';

const error = { level: 'error', service: 'api', message: 'no' };
const tested = (rule: Record<string, unknown>, ...tests: unknown[]) => {
  const parsed = parseRule({ name: 'r', ...rule, tests });
  return runTests(parsed, parsed.tests);
};
const rate = { condition: ['>', ['rate', { level: 'error', window: '1m', by: ['service'] }], 10] };

describe('an inline test', () => {
  it('holds where the rule does what is expected', async () => {
    const failures = await tested(
      { ...rate, for: '1m' },
      {
        given: [{ count: 90, every: '2s', record: error }],
        expect: [
          { at: '0s', state: 'inactive' },
          { at: '1m', state: 'pending', labels: { service: 'api' } },
          { at: '2m', state: 'firing' },
          { at: '5m', state: 'inactive' },
        ],
      },
    );
    expect(failures).toEqual([]);
  });

  it('shows what was expected and what came', async () => {
    const failures = await tested(rate, { name: 'ten', given: [{ count: 10, record: error }], expect: { at: '1m', state: 'firing' } });
    expect(failures).toEqual([{ test: 'ten', at: '1m', expected: 'firing', got: 'inactive' }]);
    const wrong = await tested(rate, {
      given: [{ count: 11, record: error }],
      expect: { at: '1m', state: 'firing', labels: { service: 'web' } },
    });
    expect(wrong).toMatchObject([{ expected: 'firing {"service":"web"}', got: 'firing {"service":"api"}' }]);
  });

  it('refuses the rule that fails it', async () => {
    const rule = parseRule({ name: 'r', ...rate, tests: [{ given: [], expect: { at: '1m', state: 'firing' } }] });
    await expect(refuseFailing(rule, [])).rejects.toThrow('tests: "test 1" fails at 1m: expected firing, got inactive');
  });

  it('sees a silent source, and only one that was there', async () => {
    const test = {
      given: [
        { count: 60, every: '1s', record: error },
        { count: 300, every: '1s', record: { service: 'web' } },
      ],
      expect: [
        { at: '1m', state: 'inactive' },
        { at: '4m', state: 'firing', labels: { service: 'api' } },
      ],
    };
    expect(await tested({ condition: ['absent', { by: ['service'], window: '2m' }] }, test)).toEqual([]);
  });

  it.each([
    ['count', { fn: 'count' }, 4],
    ['sum', { fn: 'sum', field: 'ms' }, 100],
    ['avg', { fn: 'avg', field: 'ms' }, 25],
    ['min', { fn: 'min', field: 'ms' }, 10],
    ['max', { fn: 'max', field: 'ms' }, 40],
    ['percentile', { fn: 'percentile', field: 'ms', percent: 50 }, 25],
    ['distinct', { fn: 'distinct', field: 'user' }, 3],
    ['ratio', { fn: 'ratio', part: ['=', 'level', 'error'] }, 0.5],
  ])('computes %s', async (_, { fn, ...options }, value) => {
    const given = [
      { record: { level: 'error', ms: 10, user: 'a' } },
      { record: { level: 'error', ms: 20, user: 'a' } },
      { record: { level: 'info', ms: 30, user: 'b' } },
      { record: { level: 'info', ms: 40, user: 'c' } },
    ];
    const test = { given, expect: { at: '1m', state: 'firing' } };
    expect(await tested({ condition: ['=', [fn, options], value] }, test)).toEqual([]);
    expect(await tested({ condition: ['!=', [fn, options], value] }, test)).toHaveLength(1);
  });

  it('finds what lies far from its history', async () => {
    const given = [
      { count: 1200, every: '1s', record: { service: 'api' } },
      { at: '19m', count: 600, record: { service: 'api' } },
    ];
    const condition = ['>', ['zscore', { window: '1m', history: '15m' }], 6];
    const expected = [
      { at: '18m', state: 'inactive' },
      { at: '20m', state: 'firing' },
      { at: '21m', state: 'inactive' },
    ];
    expect(await tested({ condition }, { given, expect: expected })).toEqual([]);
  });

  it('joins conditions and other rules', async () => {
    const errors = parseRule({ name: 'errors', condition: ['>', ['count', { level: 'error', window: '1m' }], 0] });
    const both = parseRule({
      name: 'both',
      condition: ['and', ['rule', 'errors'], ['not', ['>', ['count', { level: 'info', window: '1m' }], 0]]],
      tests: [
        {
          given: [{ record: error }, { at: '1m', record: error }, { at: '1m', record: { level: 'info' } }],
          expect: [
            { at: '1m', state: 'firing' },
            { at: '2m', state: 'inactive' },
          ],
        },
      ],
    });
    expect(await runTests(both, both.tests, [errors])).toEqual([]);
  });
});
