import { expect, test } from 'vitest';
import { fold } from './fold.ts';
import { normalise } from './normalise.ts';
import type { LogRecord } from './record.ts';

const observedUs = Date.UTC(2026, 10, 21) * 1000;
const recordOf = (raw: unknown): LogRecord => normalise(raw, { tenant: 't', observedUs, defaults: {}, hash: (text) => text }) as LogRecord;

test('fills what the record lacks and keeps what it has', () => {
  const folded = fold(recordOf({ message: '{…}', service: 'edge', attributes: { a: 1 } }), {
    level: 'warn',
    service: 'orders',
    trace_id: 'ab'.repeat(16),
    a: 2,
    time: '2026-11-20T00:00:00Z',
    msg: 'inner',
  });
  expect(folded).toMatchObject({ message: 'inner', isWhole: false });
  expect(folded?.record).toMatchObject({
    message: '{…}',
    level: 'warn',
    service: 'edge',
    trace_id: 'ab'.repeat(16),
    timestamp: Date.UTC(2026, 10, 20) * 1000,
    attributes: { a: 1, service: 'orders' },
  });
});

test('sets a second time and level aside as attributes', () => {
  const given = recordOf({ message: '{…}', timestamp: '2026-11-20T00:00:00Z', level: 'info' });
  const folded = fold(given, { ts: '2026-11-20T00:00:01.5Z', level: 'error' });
  expect(folded).toMatchObject({ isWhole: true, record: { timestamp: given.timestamp, level: 'info', severity: 9 } });
  expect(folded?.record.attributes).toEqual({ timestamp: '2026-11-20T00:00:01.500Z', level: 'error' });
});

test('keeps an id and a time that is none as attributes: they are not the record’s', () => {
  const folded = fold(recordOf({ message: 'm' }), { id: 'x-1', time: '12ms', took: 3 });
  expect(folded?.record).toMatchObject({ client_id: undefined, timestamp: observedUs, attributes: { id: 'x-1', time: '12ms', took: 3 } });
  expect(fold(recordOf({ message: 'm' }), { id: 5 })?.record.attributes).toEqual({ id: 5 });
});

test('makes nothing of an empty object', () => {
  expect(fold(recordOf({ message: 'm' }), {})).toBeUndefined();
});

test('names like those of Object.prototype are names like any other', () => {
  const raw = JSON.parse('{"__proto__":"x","constructor":1}') as Record<string, unknown>;
  const attributes = fold(recordOf({ message: 'm' }), raw)?.record.attributes;
  expect(Object.keys(attributes ?? {}).sort()).toEqual(['__proto__', 'constructor']);
  expect(({} as Record<string, unknown>).x).toBeUndefined();
});
