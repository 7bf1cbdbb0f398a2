import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printWhere } from '../../src/query/ast/json.ts';
import { normalise } from '../../src/query/ast/visit.ts';
import { printFilter } from '../../src/query/parse/print-text.ts';
import { parseFilter } from '../../src/query/parse/text.ts';
import { anyExpression } from './arbitrary.ts';

const where = (line: string) => printWhere(parseFilter(line).where);

describe('the filter of a query line', () => {
  test('reads back every condition it writes', () => {
    fc.assert(
      fc.property(anyExpression, (expression) => {
        expect(parseFilter(printFilter(expression))).toEqual({ where: normalise(expression), time: undefined });
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['', ['and']],
    ['*', ['and']],
    ['timeout', ['match', 'message', 'timeout']],
    ['"timed out"', ['phrase', 'message', 'timed out']],
    ['level:error -service:canary', ['and', ['=', 'level', 'error'], ['not', ['=', 'service', 'canary']]]],
    ['latency_ms>500', ['>', 'latency_ms', 500]],
    ['status:200', ['or', ['=', 'status', 200], ['=', 'status', '200']]],
    ['status:"200"', ['=', 'status', '200']],
    ['status!=200', ['and', ['!=', 'status', 200], ['!=', 'status', '200']]],
    ['ok:true', ['or', ['=', 'ok', true], ['=', 'ok', 'true']]],
    ['severity>=17', ['>=', 'severity', 17]],
    ['severity >= 17 NOT status != 200', ['and', ['>=', 'severity', 17], ['not', ['and', ['!=', 'status', 200], ['!=', 'status', '200']]]]],
    ['a b OR c', ['or', ['and', ['match', 'message', 'a'], ['match', 'message', 'b']], ['match', 'message', 'c']]],
    ['NOT a AND b', ['and', ['not', ['match', 'message', 'a']], ['match', 'message', 'b']]],
    ['(a OR b) c', ['and', ['or', ['match', 'message', 'a'], ['match', 'message', 'b']], ['match', 'message', 'c']]],
    ['path:/api/*', ['prefix', 'path', '/api/']],
    ['path:*.php', ['wildcard', 'path', '*.php']],
    ['host:/^web-\\d+$/', ['regex', 'host', '^web-\\d+$']],
    ['trace_id:*', ['exists', 'trace_id']],
    ['host:(x OR "y z" OR a*)', ['or', ['=', 'host', 'x'], ['=', 'host', 'y z'], ['contains', 'host', 'a']]],
    ['tim*', ['contains', 'message', 'tim']],
    ['a*b', ['wildcard', 'message', '*a*b*']],
    ['message=done', ['=', 'message', 'done']],
    ['"C:\\temp"', ['phrase', 'message', 'C:\\temp']],
    ['a\\*b', ['match', 'message', 'a*b']],
    ['contains(path, "/a b")', ['contains', 'path', '/a b']],
    ['in(level, error, fatal)', ['in', 'level', ['error', 'fatal']]],
    ['10.0.0.7:80', ['match', 'message', '10.0.0.7:80']],
    ['well-known', ['match', 'message', 'well-known']],
  ])('%s', (line, expected) => {
    expect(where(line)).toEqual(expected);
  });

  test('says when as well as what', () => {
    expect(parseFilter('level:error last:15m')).toEqual({
      where: { kind: 'compare', op: '=', field: 'level', value: 'error' },
      time: { lastUs: 900e6 },
    });
    const { time } = parseFilter('from:2026-11-20T00:00:00Z to:2026-11-21');
    expect(time).toEqual({ fromUs: Date.UTC(2026, 10, 20) * 1000, toUs: Date.UTC(2026, 10, 21) * 1000 });
  });

  test.each([
    ['level:error (a OR b', 12, 'not closed'],
    ['a)', 1, 'closes nothing'],
    ['"abc', 0, 'not closed'],
    ['a OR', 4, 'missing'],
    ['OR a', 0, 'missing'],
    ['level:', 6, 'missing'],
    ['host:/a(/', 0, 'regular expression'],
    ['timestamp>yesterday', 0, 'not a time'],
    ['last:soon', 5, 'length of time'],
    ['(last:15m OR a)', 6, 'outside of parentheses'],
    ['last:15m from:2026-11-20', 14, 'either'],
    ['contians(path, "a")', 0, 'did you mean "contains"?'],
    ['contains(path)', 0, 'a field and a value'],
    ['in(level, "a" "b")', 14, 'comma'],
    [`${'('.repeat(101)}a`, 101, 'nest'],
  ])('%s is refused at %i', (line, at, detail) => {
    expect(() => parseFilter(line)).toThrow(
      expect.objectContaining({ code: 'INVALID_QUERY', detail: expect.stringContaining(detail), more: { at } }),
    );
  });

  test('any line is read or refused, never an accident', () => {
    const soup = fc.string({
      unit: fc.constantFrom('a', '1', ' ', '(', ')', '"', ':', '-', '*', '/', '\\', '>', '=', ',', 'OR ', 'NOT ', 'in(', 'level:'),
    });
    fc.assert(
      fc.property(soup, (line) => {
        try {
          parseFilter(line);
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'INVALID_QUERY', more: { at: expect.any(Number) } });
        }
      }),
      { numRuns: 1000 },
    );
  });
});
