import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvText } from './csv.ts';

test('text that a spreadsheet would run gets an apostrophe; numbers do not', () => {
  const rows = [{ a: '=cmd()', n: -5 }, { a: '@x' }, { a: '+1' }, { a: '-1' }, { a: '\tx' }];
  expect(csvText(['a', 'n'], rows)).toBe("a,n\r\n'=cmd(),-5\r\n'@x,\r\n'+1,\r\n'-1,\r\n'\tx,\r\n");
});

test('quotes, commas and line ends are quoted, objects are JSON, absent values are empty', () => {
  const row = { a: 'say "hi", you', b: 'two\nlines', c: { x: 1 }, d: null, e: true };
  expect(csvText(['a', 'b', 'c', 'd', 'e', 'f'], [row])).toBe('a,b,c,d,e,f\r\n"say ""hi"", you","two\nlines","{""x"":1}",,true,\r\n');
});

test('any text can be read back, and no cell begins a formula', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 5 }), (cells) => {
      const columns = cells.map((_, i) => `c${i}`);
      const text = csvText(columns, [Object.fromEntries(cells.map((cell, i) => [`c${i}`, cell]))]);
      const read = readRow(text.slice(text.indexOf('\r\n') + 2));
      expect(read.map((cell, i) => (cell === `'${cells[i]}` ? cells[i] : cell))).toEqual(cells);
      for (const cell of read) expect(cell).not.toMatch(/^[=+\-@\t\r]/);
    }),
  );
});

/** Reads one row as RFC 4180 says. */
function readRow(text: string): string[] {
  const cells: string[] = [];
  let at = 0;
  while (at < text.length) {
    let cell = '';
    if (text[at] === '"') {
      for (at++; text[at] !== '"' || text[at + 1] === '"'; at++) {
        cell += text[at];
        if (text[at] === '"') at++;
      }
      at++;
    } else while (text[at] !== ',' && text[at] !== '\r') cell += text[at++];
    cells.push(cell);
    if (text[at] === '\r') break;
    at++;
  }
  return cells;
}
