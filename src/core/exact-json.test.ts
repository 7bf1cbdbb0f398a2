import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { needsExactParse, parseExactly } from './exact-json.ts';

const needs = (text: string): boolean => needsExactParse(Buffer.from(text));

describe('parsing exactly', () => {
  it('keeps the digits of integers that a double would lose, and numbers beyond its range, as text', () => {
    expect(parseExactly('[9007199254740992,9007199254740993,-9007199254740993,1e400,12345678901234567890,0.12345678901234567890]')).toEqual(
      [...[9007199254740992, '9007199254740993', '-9007199254740993', '1e400', '12345678901234567890'], 0.12345678901234568],
    );
  });

  it('makes lone surrogates U+FFFD, in keys and values, and leaves pairs and escaped backslashes alone', () => {
    expect(parseExactly('{"\\ud800k":"a\\uDfFFb","pair":"\\ud83d\\ude00","twice":"\\ud83d\\ud83d\\ude00","not":"\\\\ud800"}')).toEqual({
      '\ufffdk': 'a\ufffdb',
      pair: '😀',
      twice: '\ufffd😀',
      not: '\\ud800',
    });
  });

  it('is asked for wherever JSON.parse would lose an integer or make half a character', () => {
    const integers = fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n });
    const halves = fc.constantFrom('\\ud800', '\\uDBFF', '\\udc00', '\\u0041', '\\\\');
    const texts = fc.array(halves, { maxLength: 3 }).map((parts) => `"${parts.join('')}"`);
    fc.assert(
      fc.property(
        fc.array(fc.oneof(integers.map(String), texts, fc.json()), { maxLength: 5 }),
        fc.constantFrom('', ' ', '\n'),
        (parts, blank) => {
          const text = `[${parts.map((part) => blank + part + blank).join(',')}]`;
          const exact = parseExactly(text);
          expect(JSON.stringify(exact).includes('\\ud')).toBe(false);
          if (!needs(text)) expect(JSON.parse(text)).toEqual(exact);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('is not asked for by what most records hold', () => {
    expect(
      needs('{"ts":1795132801825123,"trace":"7ca854e98f4c1ab71a9785ed7877b4af","b":"blk_-1608999687919862906 ok","u":"\\u00e9"}'),
    ).toBe(true);
    expect(needs('{"ts":1795132801825,"trace":"7ca854e98f4c1ab71a9785ed7877b4af","b":"blk_-1608999687919862906 ok","u":"\\u00e9"}')).toBe(
      false,
    );
  });
});
