import fc from 'fast-check';
import { expect, test } from 'vitest';
import { showPlace } from './place.ts';

test('the caret stands under the character', () => {
  expect(showPlace('level:error (timeout', 12)).toBe('\n  level:error (timeout\n              ^');
  expect(showPlace('{\n "wher": 1\n}', 3)).toBe('\n   "wher": 1\n   ^');
  expect(showPlace('a', 1)).toBe('\n  a\n   ^');
});

test('of a long line the part around the place is shown', () => {
  const shown = showPlace(`${'a '.repeat(200)}( ${'b '.repeat(200)}`, 400);
  const [, line = '', caret = ''] = shown.split('\n');
  expect(line.length).toBeLessThan(130);
  expect(line[caret.indexOf('^')]).toBe('(');
});

test('wherever the place is, the character above the caret is the one at it', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', '(', ' ', '\n', '\t', '"'), minLength: 1, maxLength: 300 }),
      fc.nat(299),
      (asked, any) => {
        const at = any % asked.length;
        if (asked[at] === '\n') return;
        const [, line = '', caret = ''] = showPlace(asked, at).split('\n');
        expect(line[caret.indexOf('^')]).toBe(asked[at] === '\t' ? ' ' : asked[at]);
      },
    ),
  );
});

test('without a place nothing is shown', () => {
  for (const at of [undefined, -1, 5]) expect(showPlace('abc', at)).toBe('');
});
