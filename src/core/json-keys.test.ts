import { expect, test } from 'vitest';
import { hasKeyEndingInBackslash } from './json-keys.ts';

test.each([
  [{ '\\': 1 }, true],
  [{ a: { 'b\\': 1 } }, true],
  [{ 'b\\\\': [1] }, true],
  [{ a: 'b\\' }, false],
  [{ 'a\\b': 1, 'a"': 2, 'a\n': 3 }, false],
  [{ message: JSON.stringify({ inner: JSON.stringify({ k: 1 }) }) }, false],
  [{ message: 'C:\\dir\\', other: 1 }, false],
])('of %j it is %s that a key ends with a backslash', (value, expected) => {
  expect(hasKeyEndingInBackslash(JSON.stringify(value))).toBe(expected);
  expect(hasKeyEndingInBackslash(JSON.stringify(value, undefined, 2))).toBe(expected);
});
