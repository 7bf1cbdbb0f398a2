import { expect, test } from 'vitest';
import { nearest } from './nearest.ts';

test.each([
  ['servce', 'service'],
  ['Level', 'level'],
  ['form', 'from'],
  ['limits', 'limit'],
])('%s is taken for %s', (name, meant) => {
  expect(nearest(name, ['service', 'level', 'from', 'to', 'limit'])).toBe(meant);
});

test('what resembles nothing has no nearest name', () => {
  expect(nearest('colour', ['service', 'limit'])).toBeUndefined();
  expect(nearest('x'.repeat(100_000), ['service'])).toBeUndefined();
});
