import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fold, hasToken, tokensOf } from './text.ts';

const text = fc.string({ unit: fc.constantFrom('a', 'Z', '_', '4', ' ', '.', '-', 'Σ', 'ς', 'σ', 'İ', '\u212a', 'ß', '😀') });

test('tokens are runs of letters, digits, underscores and everything outside ASCII', () => {
  expect(tokensOf('GET /api/v2?user_id=7 -> "Größe" 10.0.0.7')).toEqual(['get', 'api', 'v2', 'user_id', '7', 'größe', '10', '0', '0', '7']);
});

test('folding a text is folding its parts', () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(fold(a + b)).toBe(fold(a) + fold(b));
    }),
  );
  expect(fold('ΟΔΟΣ')).toBe(fold('οδος'));
});

test('a text has exactly its tokens', () => {
  fc.assert(
    fc.property(text, text, (value, other) => {
      const tokens = tokensOf(value);
      for (const token of tokens) expect(hasToken(fold(value), token)).toBe(true);
      for (const token of tokensOf(other)) expect(hasToken(fold(value), token)).toBe(tokens.includes(token));
    }),
  );
});
