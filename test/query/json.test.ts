import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseWhere, printWhere } from '../../src/query/ast/json.ts';
import { timeRangeOf } from '../../src/query/ast/query.ts';
import { parseQuery, printQuery } from '../../src/query/ast/query-json.ts';
import { jsonPlaces } from '../../src/query/parse/json-places.ts';
import { readJsonQuery } from '../../src/query/parse/read-json.ts';
import { anyExpression, anyQuery } from './arbitrary.ts';

const overTheWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('the JSON spelling', () => {
  test('reads back every condition it writes', () => {
    fc.assert(
      fc.property(anyExpression, (where) => {
        expect(parseWhere(overTheWire(printWhere(where)))).toEqual(where);
      }),
    );
  });

  test('reads back every query it writes', () => {
    fc.assert(
      fc.property(anyQuery, (query) => {
        expect(parseQuery(overTheWire(printQuery(query)))).toEqual(query);
      }),
    );
  });

  test('reads the query of the documentation', () => {
    const query = parseQuery({
      from: 'logs',
      time: { last: '15m' },
      where: ['and', ['=', 'level', 'error'], ['not', ['in', 'service', ['canary']]], ['>', 'attributes.latency_ms', 500]],
      group_by: ['service', ['bucket', 'timestamp', '5m']],
      aggregate: { n: ['count'], p95: ['percentile', 'attributes.latency_ms', 95] },
      order_by: [['n', 'desc']],
      limit: 100,
      cursor: null,
    });
    expect(query.time).toEqual({ lastUs: 900e6 });
    expect(query.groupBy).toEqual([
      { kind: 'field', field: 'service', as: 'service' },
      { kind: 'bucket', stepUs: 300e6, as: 'bucket' },
    ]);
    expect(query.aggregates[1]).toEqual({ fn: 'percentile', field: 'attributes.latency_ms', percent: 95, as: 'p95' });
  });

  test.each([
    [{ where: ['mach', 'message', 'x'] }, 'where[0]: "mach" is no operator; did you mean "match"?'],
    [{ where: ['and', ['=', 'level', 'error'], ['=', 'env', null]] }, 'where[2][2]: nothing equals null; use ["not", ["exists", field]]'],
    [{ where: 'level:error' }, 'where: a condition is an array'],
    [{ where: ['>', 'timestamp', 'yesterday'] }, 'where: "yesterday" is not a time'],
    [{ where: ['or', ['regex', 'message', 'a(']] }, 'where[1]: regular expression "a(", character 2'],
    [{ wehre: [] }, 'query: "wehre" is not known; did you mean "where"?'],
    [{ aggregate: { n: ['cuont'] } }, 'aggregate.n[0]: "cuont" is no function; did you mean "count"?'],
    [{ aggregate: { p: ['percentile', 'x', 101] } }, 'aggregate.p[2]: a percentile is a number from 0 to 100'],
    [{ time: { last: '15 min' } }, 'time.last: "15 min" is no length of time'],
    [{ from: 'metrcs' }, 'from: "metrcs" cannot be queried; did you mean "metrics"?'],
    [
      { group_by: [['bucket', 'timestamp', '1d', 'Europe/Berln']] },
      'group_by[0][3]: "Europe/Berln" is no time zone; did you mean "Europe/Berlin"?',
    ],
    [{ group_by: [['bucket', 'timestamp', 'soon']] }, 'group_by[0][2]: "soon" is no length of time'],
    [{ group_by: ['service'], top: { n: 0, by: ['service'] } }, 'top.n: 0 is not from 1 to 10000'],
    [{ group_by: ['service'], top: { n: 3, by: ['servce'] } }, 'top: "servce" is no key of the groups; did you mean "service"?'],
    [{ limit: 0 }, 'limit: 0 is not from 1 to 10000'],
    [{ aggregate: { n: ['count'] }, order_by: [['m', 'desc']] }, 'order_by[0]: "m" is not in the answer; did you mean "n"?'],
    [{ group_by: ['n'], aggregate: { n: ['count'] } }, 'aggregate: "n" names two results'],
  ])('refuses %j and says where', (json, detail) => {
    expect(() => parseQuery(json)).toThrow(expect.objectContaining({ code: 'INVALID_QUERY', detail: expect.stringContaining(detail) }));
  });

  test.each([
    ['{"where": ["and", ["=", "level", "error"], ["mach", "message", "x"]]}', '"mach"'],
    ['{ "time" : {"last":"15 min"}, "limit": 5 }', '"15 min"'],
    ['{"aggregate": {"a \\"b\\" [0]": ["count"], "n": ["cuont"]}}', '"cuont"'],
    ['{"limit": 0}', '0}'],
    ['{"group_by": ["service", ["bucket", "timestamp", "1d", "Mars/Base"]]}', '"Mars/Base"'],
    ['  {"wehre": []}', '{"wehre"'],
  ])('%s is refused at the place', (text, place) => {
    expect(() => readJsonQuery(JSON.parse(text), text)).toThrow(
      expect.objectContaining({
        code: 'INVALID_QUERY',
        more: expect.objectContaining({ at: text.indexOf(place), errors: [expect.anything()] }),
      }),
    );
  });

  test('finds every value of any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 2), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        for (const [, at] of jsonPlaces(text)) expect(text.slice(at)).toMatch(/^["\\[{tfn\d-]/);
        expect(jsonPlaces(text).get('')).toBe(0);
      }),
    );
  });

  test('a span of time ends now unless it says otherwise', () => {
    expect(timeRangeOf({ lastUs: 5 }, 100, 50)).toEqual({ fromUs: 95, toUs: 100 });
    expect(timeRangeOf(undefined, 100, 50)).toEqual({ fromUs: 50, toUs: 100 });
    expect(timeRangeOf({ fromUs: undefined, toUs: 80 }, 100, 50)).toEqual({ fromUs: 30, toUs: 80 });
  });
});
