import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/query/ast/json.ts';
import { parseQuery, printQuery } from '../../src/query/ast/query-json.ts';
import { parseEdn } from '../../src/query/parse/edn.ts';
import { printEdn } from '../../src/query/parse/print-edn.ts';
import { readEdnQuery } from '../../src/query/parse/read-json.ts';
import { anyQuery } from './arbitrary.ts';

describe('the EDN spelling', () => {
  test('reads back every query it writes', () => {
    fc.assert(
      fc.property(anyQuery, (query) => {
        expect(parseQuery(parseEdn(printEdn(printQuery(query))))).toEqual(query);
      }),
      { numRuns: 1000 },
    );
  });

  test('reads back any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(parseEdn(printEdn(json as Json))).toEqual(JSON.parse(JSON.stringify(json)));
      }),
    );
  });

  test('reads the query of the documentation', () => {
    const edn = `{:from :logs ; everything
                  :time {:last "15m"}
                  :where [:and [:= :level "error"] [:in :service #{"api" "web"}] #_ [:nested #_ x [1]] [:> :latency-ms 500.0]]
                  :group-by [:service [:bucket :timestamp "5m"]], :aggregate {:n [:count]} :order-by ((:n :desc)) :cursor nil}`;
    expect(printQuery(parseQuery(parseEdn(edn)))).toEqual({
      from: 'logs',
      time: { last: '15m' },
      where: ['and', ['=', 'level', 'error'], ['in', 'service', ['api', 'web']], ['>', 'latency_ms', 500]],
      group_by: ['service', ['bucket', 'timestamp', '5m']],
      aggregate: { n: ['count'] },
      order_by: [['n', 'desc']],
    });
  });

  test.each<[string, Json]>([
    ['"a\\n\\u00e9\\"\\\\"', 'a\né"\\'],
    ['[1 -2 3.5 1e3 7N 2.5M +4]', [1, -2, 3.5, 1000, 7, 2.5, 4]],
    ['#inst "2026-11-21T08:00:00Z"', '2026-11-21T08:00:00Z'],
    ['{"a b" true, :c false}', { 'a b': true, c: false }],
    ['{:__proto__ 1}', JSON.parse('{"__proto__":1}')],
    ['; nothing before\n nil', null],
  ])('%s', (edn, expected) => {
    expect(parseEdn(edn)).toEqual(expected);
  });

  test.each([
    ['', 0, 'missing'],
    ['{:a 1} x', 7, 'one form'],
    ['[1 2', 0, 'not closed'],
    ['{:a}', 1, 'has no value'],
    ['{:a 1 :a 2}', 6, 'twice'],
    ['{1 2}', 1, 'a key is'],
    ['"abc', 0, 'not closed'],
    ['"\\q"', 0, 'no escape'],
    ['\\c', 0, 'a character has no meaning'],
    ['1/2', 0, 'no number'],
    ['#uuid "x"', 0, 'no tag'],
    [']', 0, 'closes nothing'],
    [':', 0, 'a keyword has a name'],
    ['#_', 2, 'missing'],
    ['['.repeat(300), 200, 'nest'],
  ])('%s is refused at %i', (edn, at, detail) => {
    expect(() => parseEdn(edn)).toThrow(
      expect.objectContaining({ code: 'INVALID_QUERY', detail: expect.stringContaining(detail), more: { at } }),
    );
  });

  test.each([
    ['{:where [:and #_ [:x] [:= :level "error"] ; first\n [:mach :message "x"]]}', ':mach'],
    ['{:time {:last "15 min"}}', '"15 min"'],
    ['{:group-by [[:bucket :timestamp "1d" "Mars/Base"]]}', '"Mars/Base"'],
    ['{:aggregate {:n [:count] :p95 [:percentile :x 200]}}', '200'],
  ])('%s is refused at the place', (edn, place) => {
    expect(() => readEdnQuery(edn)).toThrow(
      expect.objectContaining({
        code: 'INVALID_QUERY',
        more: expect.objectContaining({ at: edn.indexOf(place), errors: [expect.anything()] }),
      }),
    );
  });
});
