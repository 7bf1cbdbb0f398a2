import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fold } from '../text.ts';
import { requiredLiterals } from './literals.ts';
import { parseRegex } from './parse.ts';
import { toRegExp } from './to-js.ts';

const compile = (pattern: string): RegExp => toRegExp(parseRegex(pattern));

describe('regular expressions in the syntax of RE2', () => {
  test.each([
    ['time: [1-9]\\.\\d+', 'time: 3.25 s', 'time: 0.25'],
    ['^GET /(a|b)+$', 'GET /abba', 'GET /abc'],
    ['(?i)timeout', 'TimeOut', 'time out'],
    ['a(?i:B)c', 'abc', 'aBC'],
    ['(?P<name>x)y', 'xy', 'yx'],
    ['(?<name>x)y', 'xy', 'yx'],
    ['\\Qa.b\\E+', 'a.bb', 'axb'],
    ['[[:alpha:]]{2,3}$', '1abc', '1a'],
    ['[^[:^digit:]x]', '5', 'x'],
    ['^.$', '😀', '😀😀'],
    ['^[^a]$', '😀', 'a'],
    ['[😀-😃]', '😂', '🐀'],
    ['\\x{1F600}\\x41', '😀A', '😀B'],
    ['a\\sb', 'a\tb', 'a\vb'],
    ['^a.c', 'a\rc', 'a\nc'],
    ['(?s)^a.c', 'a\nc', 'ac'],
    ['(?m)^b$', 'a\nb\nc', 'abc'],
    ['\\bcat\\B', 'cats', 'cat'],
    ['x{2}', 'xx', 'x'],
    ['x{,2}', 'x{,2}', 'xx'],
    ['[]a]', ']', 'b'],
    ['[a\\-z]', '-', 'm'],
    ['a-', 'a-', 'a'],
    ['(?i)straße', 'STRAßE', 'strase'],
    ['a**b|\\/'.replace('**', '*'), 'x/', 'x'],
  ])('%s finds %j and not %j', (pattern, yes, no) => {
    expect(compile(pattern).test(yes)).toBe(true);
    expect(compile(pattern).test(no)).toBe(false);
  });

  test.each([
    ['(a)\\1', 'back-references'],
    ['(?=a)', 'look-around'],
    ['(?<!a)b', 'look-around'],
    ['(?>a)', 'look-around'],
    ['a(b', 'not closed'],
    ['a)b', 'closes no group'],
    ['[a', 'not closed'],
    ['*a', 'nothing stands before'],
    ['a++', 'cannot be repeated'],
    ['a{2000}', '1000'],
    ['\\p{Greek}', 'unicode classes'],
    ['[z-a]', 'backwards'],
    ['((((((a{999}){999}){999}){999}){999}){999})', 'too large'],
  ])('%s is refused', (pattern, why) => {
    expect(() => compile(pattern)).toThrow(expect.objectContaining({ code: 'INVALID_QUERY', detail: expect.stringContaining(why) }));
  });

  test('what it requires stands in everything it matches', () => {
    expect(requiredLiterals(parseRegex('port 5[0-9]{3}1 ssh2'))).toEqual([
      { text: 'port 5', caseless: false },
      { text: '1 ssh2', caseless: false },
    ]);
    expect(requiredLiterals(parseRegex('(GET|POST) /Blog/.*\\.php'))).toEqual([
      { text: ' /Blog/', caseless: false },
      { text: '.php', caseless: false },
    ]);
    expect(requiredLiterals(parseRegex('a(?i)B+C'))[1]).toEqual({ text: 'b', caseless: true });
    const piece = fc.constantFrom('a', 'B', '(a|b)', 'c?', 'd+', '[xy]', '(?:ab)+', '(?i:K)', '.', 'é');
    const anyText = fc.string({ unit: fc.constantFrom('a', 'b', 'B', 'c', 'd', 'x', 'k', 'K', 'é') });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 5 }), anyText, (pieces, value) => {
        const node = parseRegex(pieces.join(''));
        if (!toRegExp(node).test(value)) return;
        for (const { text, caseless } of requiredLiterals(node)) expect(caseless ? fold(value) : value).toContain(text);
      }),
    );
  });

  test('a plain pattern finds what JavaScript finds', () => {
    const piece = fc.constantFrom('a', 'b', '(a|b)', 'a*', 'b+?', '[ab]', '[^a]', '(ab){1,2}', '^', '$', 'c{2}', '\\d', '\\W');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', ' ') }), (pieces, value) => {
        fc.pre(!/[*+?}^$][*+?{]/.test(pieces.join('').replaceAll('+?', '')));
        expect(compile(pieces.join('')).test(value)).toBe(new RegExp(pieces.join('')).test(value));
      }),
    );
  });
});
