import { expect, test } from 'vitest';
import { type Condition, compileCondition, conditionSchema } from './condition.ts';
import type { LogRecord } from './record.ts';
import { maxPatternText } from './safe-pattern.ts';

const record: LogRecord = {
  timestamp: 1,
  timestamp_ns: 0,
  observed_timestamp: 1,
  level: 'error',
  severity: 17,
  service: 'checkout',
  env: undefined,
  host: 'pod-1',
  message: 'Payment FAILED after 3 tries',
  trace_id: undefined,
  span_id: undefined,
  attributes: { status: 502, 'http.path': '/pay', ok: false },
  client_id: undefined,
};
const holds = (condition: Condition): boolean => compileCondition(conditionSchema.parse(condition))(record, 'acme');

test.each<[Condition, boolean]>([
  [{ field: 'level', equals: 'error' }, true],
  [{ field: 'status', equals: 502 }, true],
  [{ field: 'status', equals: '502' }, false],
  [{ field: 'attributes.status', equals: [500, 502] }, true],
  [{ field: 'ok', equals: false }, true],
  [{ field: 'tenant', equals: 'acme' }, true],
  [{ field: 'message', contains: 'failed' }, true],
  [{ field: 'http.path', matches: '^/pay$' }, true],
  [{ field: 'env', exists: false }, true],
  [{ field: 'env', equals: 'prod', not: true }, true],
  [{ field: 'toString', exists: true }, false],
  [
    [
      { field: 'service', equals: 'checkout' },
      { field: 'host', contains: 'node' },
    ],
    false,
  ],
])('%j is %s', (condition, expected) => {
  expect(holds(condition)).toBe(expected);
});

test.each([
  {},
  { field: 'a' },
  { field: 'a', equals: 1, contains: 'x' },
  { field: 'a', matches: '(a+)+' },
  { field: 'a', equals: 1, fild: 2 },
  [],
])('%j is no condition', (condition) => {
  expect(conditionSchema.safeParse(condition).success).toBe(false);
});

test('a text too long for a pattern does not match', () => {
  const long = { ...record, message: 'x'.repeat(maxPatternText + 1) };
  expect(compileCondition({ field: 'message', matches: 'x' })(long, 'acme')).toBe(false);
});
