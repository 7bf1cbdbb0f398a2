import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Scanned, scanJson, skipBlank } from './json-scan.ts';

const parses = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** Whether the scanner takes the whole text for one JSON value, and how deep it is. */
function scans(text: string, around = ''): { whole: boolean; depth: number } {
  const bytes = Buffer.from(text + around);
  const to = Buffer.byteLength(text);
  const scanned: Scanned = { depth: 0, watched: false };
  const end = scanJson(bytes, 0, to, scanned);
  return { whole: end >= 0 && skipBlank(bytes, end, to) === to, depth: scanned.depth };
}

const pieces = fc.constantFrom(
  ...['{', '}', '[', ']', ',', ':', '"', '\\', ' ', '\n', '\t', '\u0001', '0', '1', '-', '+', '.', 'e', 'E', 'u', 'd8', '00'],
  ...['true', 'false', 'null', 'nul', '"a"', '"\\u00e9"', '"\\x"', '"é"', '1.5e3', '01', '{"a":1}', '[1,2]', '"a":'],
);

describe('scanning JSON', () => {
  it('takes what JSON.parse takes and nothing else', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        expect(scans(text).whole).toBe(parses(text));
        expect(scans(text, '"}]').whole).toBe(parses(text));
      }),
      { numRuns: 4000 },
    );
  });

  it('takes every JSON text, and none with a byte left out or changed that JSON.parse does not take', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.nat(), fc.constantFrom('', '"', ',', '}', ']', '0', '\\', ' ', 'x'), (text, seed, other) => {
        expect(scans(text).whole).toBe(true);
        const at = seed % (text.length + 1);
        const changed = text.slice(0, at) + other + text.slice(at + 1);
        fc.pre(changed.isWellFormed());
        expect(scans(changed).whole).toBe(parses(changed));
      }),
      { numRuns: 2000 },
    );
  });

  it('counts levels of nesting, far beyond 32 and through arrays and objects alike', () => {
    for (const depth of [1, 31, 32, 33, 64, 65, 100_000]) {
      const kinds = Array.from({ length: depth }, (_, i) => i % 3 === 0);
      const text = `${kinds.map((array) => (array ? '[' : '{"a":')).join('')}1${kinds
        .toReversed()
        .map((array) => (array ? ']' : '}'))
        .join('')}`;
      expect(scans(text)).toEqual({ whole: true, depth });
      const wrong = text.slice(0, -1) + (kinds[0] ? '}' : ']');
      expect(scans(wrong).whole).toBe(false);
    }
  });

  it.each([
    ['{"a" 1}', 5],
    ['{"a":1,}', 7],
    ['[1 2]', 3],
    ['"a\nb"', 2],
    ['{"a":tru}', 8],
    ['01', 1],
    ['"\\u12g4"', 5],
    ['{"a":1', 6],
    ['', 0],
  ])('names the first byte that cannot be in %j', (text, at) => {
    const scanned: Scanned = { depth: 0, watched: false };
    const bytes = Buffer.from(text);
    const end = scanJson(bytes, 0, bytes.length, scanned);
    expect(end < 0 ? -1 - end : end).toBe(at);
  });
});
