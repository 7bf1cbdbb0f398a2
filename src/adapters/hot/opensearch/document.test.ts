import fc from 'fast-check';
import { expect, test } from 'vitest';
import { idOf } from '../../../core/ids.ts';
import type { AttributeValue, StoredRecord } from '../../../core/record.ts';
import { documentOf, recordOf, type Source } from './document.ts';

const position = { generation: 3, partition: 11, offset: 2 ** 44 };
const base: StoredRecord = {
  timestamp: 1_763_700_000_123_456,
  timestamp_ns: 789,
  observed_timestamp: 1_763_700_000_123_457,
  level: 'warn',
  severity: 13,
  service: 'api',
  env: undefined,
  host: undefined,
  message: 'hello',
  trace_id: undefined,
  span_id: undefined,
  attributes: {},
  client_id: undefined,
  tenant: 'acme',
  id: idOf(position),
  ...position,
};
const through = (record: StoredRecord, isColumn?: (key: string) => boolean): StoredRecord =>
  recordOf(JSON.parse(documentOf(record, isColumn)) as Source);

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', 'x'.repeat(9_000), '\u2028"\\'));
const value: fc.Arbitrary<AttributeValue> = fc.oneof(
  text,
  fc.boolean(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.maxSafeInteger(),
  fc.constant(-0),
);
const key = fc.oneof(text, fc.constantFrom('__proto__', 'a', 'a.b', 'http.method', 'a..b', '_id', 'constructor'));
const optional = fc.option(text, { nil: undefined });

test('a document reads back as the record it was made from, whatever becomes a column', () => {
  fc.assert(
    fc.property(
      fc.record({ service: text, env: optional, host: optional, message: optional }),
      fc.array(fc.tuple(key, value), { maxLength: 8 }),
      fc.boolean(),
      (fields, entries, areColumns) => {
        const record = { ...base, ...fields, attributes: Object.fromEntries(entries) };
        expect(through(record, () => areColumns)).toStrictEqual(record);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('values stand by their type, and what is no column is marked', () => {
  const attributes = { status: 200, path: '/a', ok: true, 'odd key*': 'x', zero: -0 };
  expect(JSON.parse(documentOf({ ...base, attributes }))).toMatchObject({
    attributes: { path: '/a' },
    numbers: { status: 200 },
    flags: { ok: true },
    rest: { 'a.odd key*': 'x', 'a.zero': -0 },
    marks: ['a.odd key*', 'a.odd key*=sx', 'a.zero', 'a.zero=n0'],
  });
  expect(JSON.parse(documentOf({ ...base, message: 'x'.repeat(5_000) }))).toMatchObject({ marks: ['message'] });
  expect(JSON.parse(documentOf({ ...base, message: 'x '.repeat(5_000) }))).not.toHaveProperty('marks');
});
