import { expect, test } from 'vitest';
import type { QueueBatch } from '../../core/ports/queue.ts';
import { rawRecord } from './raw-record.ts';

const batch = (format: QueueBatch['format'], text: string, accepted?: number): QueueBatch => ({
  tenant: 'acme',
  observedUs: 0,
  format,
  payload: new TextEncoder().encode(text),
  total: 3,
  accepted: accepted === undefined ? undefined : Uint8Array.of(accepted),
  count: 3,
  defaults: {},
  requestId: 'r',
  rulesVersion: 1,
  idempotency: undefined,
  generation: 1,
  partition: 0,
  baseOffset: 10,
});

test('the text of a record is found by its offset, blank lines and rejected records left out', () => {
  const lines = batch('ndjson', '{"a":1}\n\n{"a":2}\r\n{"a":3}', 0b101);
  expect([10, 11, 12].map((offset) => rawRecord(lines, offset).trim())).toEqual(['{"a":1}', '{"a":3}', '']);
  expect(rawRecord(batch('json', '[{"a":1},{"a":2}]'), 11)).toBe('{"a":2}');
  expect(rawRecord(batch('json', '{"a":1}'), 10)).toBe('{"a":1}');
});
