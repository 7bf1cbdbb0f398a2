import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineSplitter } from './lines.ts';

const text = fc.array(fc.constantFrom('a', 'é', '😀', '\n', '\r\n', ' ', 'xyz'), { maxLength: 60 }).map((parts) => parts.join(''));

test('lines are the same whatever chunks the bytes come in, and their ends are offsets of the bytes', () => {
  fc.assert(
    fc.property(text, fc.array(fc.integer({ min: 1, max: 20 })), (given, sizes) => {
      const bytes = Buffer.from(given);
      const splitter = new LineSplitter(100);
      const lines = [];
      let at = 0;
      for (const size of [...sizes, bytes.length]) {
        lines.push(...splitter.push(bytes.subarray(at, at + size)));
        at = Math.min(bytes.length, at + size);
      }
      lines.push(...splitter.end());
      const expected = given.split(/\r?\n/);
      if (expected.at(-1) === '') expected.pop();
      expect(lines.map((line) => line.text)).toEqual(expected);
      expect(lines.at(-1)?.end ?? 100).toBe(100 + bytes.length);
      for (const { end } of lines.slice(0, -1)) expect(bytes[end - 101]).toBe(0x0a);
    }),
  );
});

test('a line of more than half a mebibyte is cut between characters', () => {
  const splitter = new LineSplitter();
  const long = `x${'é'.repeat(600_000)}`;
  const lines = [...splitter.push(Buffer.from(`${long}\n`)), ...splitter.end()];
  expect(lines.length).toBe(3);
  expect(lines.map((line) => line.text).join('')).toBe(long);
});
