import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileMatchers, type Matcher, matcherOperators, matcherText, parseMatchers } from './matcher.ts';

const holds = (text: string, labels: Record<string, string>) => compileMatchers(parseMatchers(text))(labels);

describe('matchers mean what they mean in Alertmanager', () => {
  test.each([
    ['severity="page"', { severity: 'page' }, true],
    ['severity=page', { severity: 'page' }, true],
    ['severity="page"', {}, false],
    ['severity!="page"', {}, true],
    ['severity=""', {}, true],
    ['severity!=""', {}, false],
    ['service=~"api|web"', { service: 'web' }, true],
    ['service=~"api"', { service: 'my-api-2' }, false],
    ['service=~".*api.*"', { service: 'my-api-2' }, true],
    ['service!~"api|web"', { service: 'db' }, true],
    ['service!~"api|web"', {}, true],
    ['service=~".*"', {}, true],
    ['service=~".+"', {}, false],
    ['{a="b", c!="d"}', { a: 'b' }, true],
    ['{a="b", c!="d"}', { a: 'b', c: 'd' }, false],
    ['a="x,y=\\"z\\""', { a: 'x,y="z"' }, true],
    ['"attributes.http.route"="/a"', { 'attributes.http.route': '/a' }, true],
    ['attributes.team = ops', { 'attributes.team': 'ops' }, true],
    ['constructor=""', {}, true],
  ])('%s on %j: %s', (text, labels, wanted) => {
    expect(holds(text, labels)).toBe(wanted);
  });

  test.each(['', '   ', 'severity', '="x"', 'a="b" c="d"', '{a="b"', 'a=~"("', 'a=~"(?=x)"', 'a=~"(a+)+"', `a="${'x'.repeat(5_000)}"`])(
    'refuses %j',
    (text) => {
      expect(() => parseMatchers(text)).toThrow('INVALID_CONFIG');
    },
  );

  test('what is spelt is read back', () => {
    const matcher = fc.record({
      name: fc.string({ minLength: 1 }),
      op: fc.constantFrom(...matcherOperators.slice(0, 2)),
      value: fc.string(),
    });
    fc.assert(
      fc.property(fc.array(matcher, { minLength: 1, maxLength: 4 }), (matchers: Matcher[]) => {
        expect(parseMatchers(matchers.map(matcherText).join(', '))).toEqual(matchers);
      }),
    );
  });
});
