import { expect, test } from 'vitest';
import { safePattern } from './safe-pattern.ts';

test.each([
  ['(a+)+$', 'repeats a group'],
  ['(a*)*', 'repeats a group'],
  ['(?:a|a)*$', 'repeats a group'],
  ['(?:\\w+\\s?)*$', 'repeats a group'],
  ['((a{1,2})+)+', 'repeats a group'],
  ['(x+x+)+y', 'repeats a group'],
  ['(a{1,100}){10}', 'too many ways'],
  ['((a{1,3}){3}){3}', 'too many ways'],
  ['(a?){40}', 'too many ways'],
  ['(?<q>["\']).*\\k<q>', 'refers back'],
  ['(a)\\1', 'refers back'],
  ['(?=a)b', 'looks around'],
  ['(?<!a)b', 'looks around'],
  ['(a', 'leaves a group open'],
  ['a)', 'closes a group'],
  ['[z-a]', 'is no regular expression'],
  ['x'.repeat(5_000), 'is longer than'],
])('refuses %s', (source, why) => {
  expect(() => safePattern(source)).toThrow(why);
});

test.each([
  ['(\\d{1,3}\\.){3}\\d{1,3}', 'from 10.0.0.7'],
  ['^(?:GET|POST) /api/.*$', 'GET /api/x'],
  ['took \\d+(?:\\.\\d+)? ms', 'took 1.5 ms'],
  ['[(|*+]+\\(\\|', '(*(|'],
  ['(?:ab){2,3}', 'abab'],
  ['#\\{[a-z]+\\}', '#{x}'],
])('takes %s', (source, text) => {
  expect(safePattern(source).test(text)).toBe(true);
});
