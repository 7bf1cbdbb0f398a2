import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filterWords, HashSet, mayHold } from './bloom.ts';
import { finalise } from './hash.ts';
import { type TextTerm, textTerms } from './tokens.ts';
import { WordIndex } from './word-index.ts';

function finish<T>(steps: Generator<unknown, T, unknown>): T {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

function indexOf(messages: string[], pageOf = (i: number) => i % 32) {
  const tokens = new HashSet();
  const words = new WordIndex(tokens);
  messages.forEach((message, i) => {
    const bytes = Buffer.from(message);
    words.add(bytes, 0, bytes.length, pageOf(i));
  });
  const encoded = words.encode();
  const pages = new Map<string, number>();
  if (encoded) {
    const { bytes, textSize, count } = encoded;
    const spelled = bytes.toString('latin1', 0, textSize).split('\n').slice(0, -1);
    expect(spelled.length).toBe(count);
    spelled.forEach((word, i) => {
      pages.set(word, bytes.readUInt32LE(((textSize + 3) & ~3) + i * 4));
    });
  }
  return { pages, filter: filterWords(finish(tokens.toFilter())), prunable: words.prunable, isComplete: encoded !== undefined };
}

/** Whether the index lets a message on a page hold what a term asks for. */
function admits({ pages, filter }: ReturnType<typeof indexOf>, term: TextTerm, page: number): boolean {
  if (term.kind === 'token') return mayHold(filter, term.hash);
  const text = term.bytes.toString('latin1');
  for (const [word, bitmap] of pages) {
    const stands = term.left
      ? term.right
        ? word === text
        : word.startsWith(text)
      : term.right
        ? word.endsWith(text)
        : word.includes(text);
    if (stands && (bitmap >>> page) & 1) return true;
  }
  return false;
}

const letters = fc.constantFrom('a', 'B', 'é', 'ſ', 'K', '_', ' ', '-', '7', '0', 'Z', '東', '🚀');
const text = fc.oneof(
  fc.string({ unit: letters, maxLength: 24 }),
  fc.constantFrom('ProducerStateManager failed', 'x'.repeat(14), 'X'.repeat(13), 'blk_123 at 10.0.0.1'),
);

describe('the index of messages', () => {
  it('never leaves out a page that holds a text, whatever its case', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 8 }), fc.nat(), fc.nat(), fc.nat(), (messages, pick, a, b) => {
        const index = indexOf(messages);
        const page = pick % messages.length;
        const characters = [...messages[page]!];
        const [from, to] = [a % (characters.length + 1), b % (characters.length + 1)].sort((x, y) => x - y) as [number, number];
        const found = characters.slice(from, to).join('');
        if (!index.prunable) return;
        for (const query of [found, found.toLowerCase(), found.toUpperCase()]) {
          if (query.length !== found.length) continue;
          for (const term of textTerms(query, false, false)) expect(admits(index, term, page)).toBe(true);
        }
        const isEdge = (character: string | undefined) => character === undefined || !/[\p{L}\p{N}_]/u.test(character);
        const edges = [isEdge(characters[from - 1]), isEdge(characters[to])] as const;
        for (const term of textTerms(found, ...edges)) expect(admits(index, term, page)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('leaves out pages without the word', () => {
    const index = indexOf(['connection refused', 'Connection reset by peer', 'all fine'], (i) => i);
    const pagesWith = (query: string, left: boolean, right: boolean) =>
      [0, 1, 2].filter((page) => textTerms(query, left, right).every((term) => admits(index, term, page)));
    expect(pagesWith('CONNECTION', true, true)).toEqual([0, 1]);
    expect(pagesWith('nnecti', false, false)).toEqual([0, 1]);
    expect(pagesWith('fuse', true, true)).toEqual([]);
    expect(pagesWith('connection reset', true, true)).toEqual([1]);
  });

  it('keeps every word apart, short, long, and more than fit its first size', () => {
    const spell = (i: number) => i.toString(26).replace(/./g, (digit) => String.fromCharCode(97 + Number.parseInt(digit, 26)));
    const words = Array.from({ length: 20_000 }, (_, i) => spell(i) + (i % 3 === 0 ? 'x'.repeat(i % 20) : ''));
    const { pages } = indexOf(words);
    const expected = new Map<string, number>();
    words.forEach((word, i) => {
      expected.set(word, ((expected.get(word) ?? 0) | (1 << (i % 32))) >>> 0);
    });
    expect(pages).toEqual(expected);
  });

  it('gives up on words where there are too many, and on everything where a letter folds into ASCII', () => {
    const spell = (i: number) => [...i.toString().padStart(6, '0')].map((digit) => String.fromCharCode(97 + Number(digit))).join('');
    expect(indexOf(Array.from({ length: 60_000 }, (_, i) => spell(i))).isComplete).toBe(true);
    expect(indexOf(Array.from({ length: 60_001 }, (_, i) => spell(i))).isComplete).toBe(false);
    expect(['plain', 'é', 'ſ', '\u212a', '\u0130', 'Å'].map((message) => indexOf([message]).prunable)).toEqual([
      true,
      true,
      false,
      false,
      false,
      true,
    ]);
    expect(textTerms('5\u212a', true, true)).toEqual([]);
  });
});

describe('a filter', () => {
  it('holds what was put in, and hardly anything else', () => {
    const keys = Array.from({ length: 50_000 }, (_, i) => finalise(i));
    const set = new HashSet();
    for (const key of [...keys, ...keys, 0]) set.add(key);
    expect(set.size).toBe(new Set([...keys, 0]).size);
    const filter = filterWords(finish(set.toFilter()));
    expect(keys.every((key) => mayHold(filter, key)) && mayHold(filter, 0)).toBe(true);
    const wrong = Array.from({ length: 20_000 }, (_, i) => finalise(i + 1_000_000)).filter((key) => mayHold(filter, key)).length;
    expect(wrong / 20_000).toBeLessThan(0.04);
  });
});
