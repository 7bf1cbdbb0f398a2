import { describe, expect, test } from 'vitest';
import type { StoredRecord } from '../../../core/record.ts';
import { parseWhere } from '../../ast/json.ts';
import { matcherOf } from './matcher.ts';

const record: StoredRecord = {
  timestamp: Date.UTC(2026, 10, 20, 10) * 1000,
  timestamp_ns: 5,
  observed_timestamp: Date.UTC(2026, 10, 20, 11) * 1000,
  level: 'error',
  severity: 17,
  service: 'api',
  env: undefined,
  host: 'Web-1',
  message: 'Upstream timed out (110: Connection) at user_42.Größe',
  trace_id: undefined,
  span_id: undefined,
  attributes: { status: 200, path: '/api/v1', ok: true, text: '200' },
  client_id: undefined,
  tenant: 'acme',
  id: '0001000000007',
  generation: 0,
  partition: 1,
  offset: 7,
};
const matches = (where: unknown): boolean => matcherOf(parseWhere(where))(record);

describe('a record satisfies', () => {
  test.each([
    [['and']],
    [['=', 'status', 200]],
    [['=', 'attributes.status', 200]],
    [['!=', 'status', '200']],
    [['!=', 'env', 'prod']],
    [['not', ['=', 'env', 'prod']]],
    [['in', 'status', ['200', 200]]],
    [['=', 'timestamp', '2026-11-20T10:00:00Z']],
    [['>=', 'timestamp', '2026-11-20T12:00:00+02:00']],
    [['<', 'observed_timestamp', Date.UTC(2026, 10, 20, 12) * 1000]],
    [['>', 'severity', 16]],
    [['>', 'path', '/api']],
    [['exists', 'ok']],
    [['match', 'message', 'OUT upstream']],
    [['match', 'message', 'GRÖSSE'.replace('SS', 'ß')]],
    [['match', 'message', 'user_42']],
    [['match', 'message', '...']],
    [['phrase', 'message', 'timed-out 110']],
    [['contains', 'message', 'Stream TIMED']],
    [['prefix', 'path', '/api']],
    [['wildcard', 'host', 'Web-?']],
    [['wildcard', 'message', '*110: *user*']],
    [['regex', 'message', '\\(\\d+: C']],
    [['=', 'id', '0001000000007']],
    [['or', ['=', 'level', 'info'], ['=', 'level', 'error']]],
  ])('%j', (where) => {
    expect(matches(where)).toBe(true);
  });
});

describe('a record does not satisfy', () => {
  test.each([
    [['or']],
    [['=', 'status', '200']],
    [['=', 'text', 200]],
    [['>', 'text', 100]],
    [['>', 'ok', false]],
    [['=', 'env', '']],
    [['<', 'env', 'z']],
    [['in', 'nothing', ['x']]],
    [['not', ['exists', 'host']]],
    [['exists', 'toString']],
    [['<', 'timestamp', '2026-11-20T10:00:00Z']],
    [['match', 'message', 'time']],
    [['match', 'message', 'user']],
    [['match', 'message', '42']],
    [['match', 'status', '200']],
    [['phrase', 'message', 'out timed']],
    [['prefix', 'message', 'upstream']],
    [['wildcard', 'host', 'web-?']],
    [['wildcard', 'host', 'Web']],
    [['regex', 'message', '^timed']],
    [['match', 'env', '']],
  ])('%j', (where) => {
    expect(matches(where)).toBe(false);
  });

  test('and says what cannot be asked', () => {
    expect(() => matches(['prefix', 'id', '0'])).toThrow(/does not work on id/);
  });
});
