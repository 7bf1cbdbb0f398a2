import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printQuery } from '../../src/query/ast/query-json.ts';
import { normalise } from '../../src/query/ast/visit.ts';
import { parseLine } from '../../src/query/parse/line.ts';
import { printLine } from '../../src/query/parse/print-line.ts';
import { anyQuery } from './arbitrary.ts';

const json = (line: string) => printQuery(parseLine(line));

describe('a query line', () => {
  test('reads back every query it writes', () => {
    // What a line has no way to say: a cursor, times before 1970 with an offset, an empty list of fields, fields of groups.
    const sayable = anyQuery.map((query) => {
      const isGroups = query.groupBy.length + query.aggregates.length > 0;
      const select = isGroups || query.select?.length === 0 ? undefined : query.select;
      const isOpen = query.time && !('lastUs' in query.time) && query.time.fromUs === undefined && query.time.toUs === undefined;
      return { ...query, cursor: undefined, select, time: isOpen ? undefined : query.time };
    });
    fc.assert(
      fc.property(sayable, (query) => {
        const having = query.having && normalise(query.having);
        expect(parseLine(printLine(query))).toEqual({ ...query, where: normalise(query.where), having });
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['', { from: 'logs', where: ['and'] }],
    ['| count()', { from: 'logs', where: ['and'], aggregate: { count: ['count'] } }],
    [
      'level:error "timed out" -service:canary latency_ms>500 | count() as n, p95(latency_ms) by service, bucket(5m) | sort n desc | limit 100',
      {
        from: 'logs',
        where: [
          'and',
          ['=', 'level', 'error'],
          ['phrase', 'message', 'timed out'],
          ['not', ['=', 'service', 'canary']],
          ['>', 'latency_ms', 500],
        ],
        group_by: ['service', ['bucket', 'timestamp', '5m']],
        aggregate: { n: ['count'], p95_latency_ms: ['percentile', 'latency_ms', 95] },
        order_by: [['n', 'desc']],
        limit: 100,
      },
    ],
    [
      'a OR b last:15m|rate() by service|having rate>=2 service:api*|limit 5',
      {
        from: 'logs',
        time: { last: '15m' },
        where: ['or', ['match', 'message', 'a'], ['match', 'message', 'b']],
        group_by: ['service'],
        aggregate: { rate: ['rate'] },
        having: ['and', ['>=', 'rate', 2], ['prefix', 'service', 'api']],
        limit: 5,
      },
    ],
    [
      '* | percentile(attributes.took, 99.9), distinct(user.id) as users, max("odd name")',
      {
        from: 'logs',
        where: ['and'],
        aggregate: {
          'p99.9_took': ['percentile', 'attributes.took', 99.9],
          users: ['distinct', 'user.id'],
          'max_odd name': ['max', 'odd name'],
        },
      },
    ],
    [
      'timeout | sort timestamp | fields timestamp, message',
      { from: 'logs', where: ['match', 'message', 'timeout'], select: ['timestamp', 'message'], order_by: [['timestamp', 'asc']] },
    ],
    ['"a | b" a\\|b', { from: 'logs', where: ['and', ['phrase', 'message', 'a | b'], ['match', 'message', 'a|b']] }],
    [
      'from:metrics last:1d | sum(value) as v by service, host, bucket(1d, "Europe/Berlin") | sort v desc, service | top 3 by service, bucket',
      {
        from: 'metrics',
        time: { last: '1d' },
        where: ['and'],
        group_by: ['service', 'host', ['bucket', 'timestamp', '1d', 'Europe/Berlin']],
        aggregate: { v: ['sum', 'value'] },
        order_by: [
          ['v', 'desc'],
          ['service', 'asc'],
        ],
        top: { n: 3, by: ['service', 'bucket'] },
      },
    ],
    ['| by service', { from: 'logs', where: ['and'], group_by: ['service'] }],
  ])('%s', (line, expected) => {
    expect(json(line)).toEqual(expected);
  });

  test.each([
    ['level:error |', 13, 'a stage is missing'],
    ['a | cuont()', 4, 'did you mean "count"?'],
    ['a | count', 4, 'functions take parentheses'],
    ['a | count() by', 14, 'a field to group by is missing'],
    ['a | count(x)', 4, 'takes nothing'],
    ['a | p95()', 4, 'write p95(field)'],
    ['a | percentile(x)', 4, 'write percentile(field, 95)'],
    ['a | percentile(x, 101)', 4, 'from 0 to 100'],
    ['a | count() by bucket(soon)', 22, 'no length of time'],
    ['a | count( | limit 5', 11, 'a field is missing'],
    ['a | count() | count()', 14, 'functions come once'],
    ['a | limit 5 | limit 6', 14, '"limit" comes once'],
    ['a | limit none', 10, 'from 1 to 10000'],
    ['a | sort service', 4, 'not in the answer'],
    ['a | count() | sort n', 14, 'is not in the answer; known are count'],
    ['a | having n>5', 4, 'there are none'],
    ['a | count() | having n>5', 14, '"n" is not in the answer'],
    ['a | count() | having count>5 last:5m', 14, 'before the first'],
    ['a | count() | fields x', 14, 'groups have the columns'],
    ['a | count() as n, avg(x) as n', 4, 'names two results'],
    ['a | count() by bucket(1d, Europe/Berln)', 26, 'did you mean "Europe/Berlin"?'],
    ['a | count() by service | top 3', 30, 'say of what'],
    ['a | count() by service | top 3 by servce', 25, 'did you mean "service"?'],
    ['a | top 3 by service', 4, 'there are none'],
    ['a from:metrcs', 7, 'did you mean "metrics"?'],
    ['a (b from:metrics)', 10, 'outside of parentheses'],
    ['a | limit 5 6', 12, 'is due here'],
  ])('%s is refused at %i', (line, at, detail) => {
    expect(() => parseLine(line)).toThrow(
      expect.objectContaining({ code: 'INVALID_QUERY', detail: expect.stringContaining(detail), more: { at } }),
    );
  });

  test('any line is read or refused, never an accident', () => {
    const soup = fc.string({
      unit: fc.constantFrom(
        'a',
        '1',
        ' ',
        '(',
        ')',
        '"',
        ':',
        '|',
        ',',
        ' by ',
        ' as ',
        'count()',
        'p95(',
        'sort ',
        'limit ',
        'having ',
        'fields ',
        '>',
      ),
    });
    fc.assert(
      fc.property(soup, (line) => {
        try {
          parseLine(line);
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'INVALID_QUERY', more: { at: expect.any(Number) } });
        }
      }),
      { numRuns: 2000 },
    );
  });
});
