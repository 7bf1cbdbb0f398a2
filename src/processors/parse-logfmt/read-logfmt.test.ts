import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printLogfmt, readLogfmt } from './read-logfmt.ts';

const name = fc.stringMatching(/^[A-Za-z_@][\w.@/-]{0,20}$/);
const value = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.boolean(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
);

test('reads back what was printed', () => {
  fc.assert(
    fc.property(fc.dictionary(name, value, { minKeys: 2, maxKeys: 8 }), (pairs) => {
      // -0 prints as 0
      const expected = Object.fromEntries(Object.entries(pairs).map(([key, item]) => [key, Object.is(item, -0) ? 0 : item]));
      expect({ ...readLogfmt(printLogfmt(pairs)) }).toEqual(expected);
    }),
  );
});

test.each([
  ['a=1 b=2 c', 'a bare word'],
  ['a=1 a=2', 'a key that comes twice'],
  ['a=1', 'a single pair'],
  ['a=1, b=2', 'commas between pairs'],
  ['a="x b=2', 'a quote that does not end'],
  ['a=x"y b=2', 'a quote within a value'],
  ['a=b=c d=e', 'a second equals sign'],
  [' a=1 b=2', 'space before it'],
  ['a=1\nb=2', 'a line end between pairs'],
])('%j is not logfmt: %s', (text) => {
  expect(readLogfmt(text)).toBeUndefined();
});

test('takes a quoted value of a megabyte', () => {
  const long = 'x"\\'.repeat(300_000);
  expect(readLogfmt(printLogfmt({ long, b: 1 }))).toEqual({ long, b: 1 });
});
