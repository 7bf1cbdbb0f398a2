import { expect, test } from 'vitest';
import { negotiate } from './negotiate.ts';

const offered = ['application/json', 'application/x-ndjson', 'text/csv'];

test.each([
  [undefined, 'application/json'],
  ['', 'application/json'],
  ['*/*', 'application/json'],
  ['text/csv', 'text/csv'],
  ['TEXT/CSV;charset=utf-8', 'text/csv'],
  ['text/*, application/json;q=0.5', 'text/csv'],
  ['application/json;q=0.1, application/x-ndjson;q=0.9', 'application/x-ndjson'],
  ['application/*;q=0.2, application/json;q=0', 'application/x-ndjson'],
  ['text/html, */*;q=0.1', 'application/json'],
  ['application/json;q=oops', 'application/json'],
])('accept %j is answered as %s', (accept, type) => {
  expect(negotiate(accept, offered)).toBe(type);
});

test.each(['text/html', 'application/json;q=0', 'nonsense'])('accept %j cannot be served', (accept) => {
  expect(() => negotiate(accept, ['application/json'])).toThrow('NOT_ACCEPTABLE');
});
