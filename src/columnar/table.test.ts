import { describe, expect, it } from 'vitest';
import type { LogRecord } from '../core/record.ts';
import { Table } from './table.ts';

const recordOf = (i: number, attributes: LogRecord['attributes'] = {}): LogRecord => ({
  timestamp: 1_795_000_000_000_000 - i,
  timestamp_ns: i % 1000,
  observed_timestamp: 1_795_000_000_000_000 + i,
  level: i % 2 ? 'info' : 'error',
  severity: 1 + (i % 24),
  service: `service-${i % 5}`,
  env: i % 3 ? `env-${i % 7}` : undefined,
  host: undefined,
  message: i % 4 ? `message ${i} – ünï` : undefined,
  trace_id: i > 1500 && i % 2 ? i.toString(16).padStart(32, '0') : undefined,
  span_id: undefined,
  attributes,
  client_id: i % 10 ? undefined : i.toString(16).padStart(32, '0'),
});
const at = (offset: number) => ({ generation: 3, partition: 2, offset });

describe('a table', () => {
  it('gives back its records while it grows', () => {
    const table = new Table();
    const records = Array.from({ length: 5000 }, (_, i) =>
      recordOf(i, { n: i / 3, ...(i > 1024 && { late: i % 2 === 0, word: `w${i % 11}` }), ...(i % 700 === 0 && { n: 'text' }) }),
    );
    records.forEach((record, i) => {
      expect(table.add('acme', at(i), record)).toBe(true);
      if (i % 1000 === 0) expect(table.record(i >> 1)).toMatchObject(records[i >> 1]!);
    });
    expect(table.rows).toBe(5000);
    records.forEach((record, i) => {
      expect(table.record(i)).toEqual({ ...record, ...at(i), tenant: 'acme', id: record.client_id ?? expect.stringMatching(/^\w{13}$/) });
    });
    expect([table.minTimestamp, table.maxTimestamp]).toEqual([1_795_000_000_000_000 - 4999, 1_795_000_000_000_000]);
  });

  it('has no room beyond its rows or bytes, and takes any one record', () => {
    const few = new Table({ maxRows: 3 });
    expect([0, 1, 2, 3].map((i) => few.add('acme', at(i), recordOf(i)))).toEqual([true, true, true, false]);
    const small = new Table({ maxBytes: 1000 });
    expect(small.add('acme', at(0), { ...recordOf(1), message: 'x'.repeat(1_000_000) })).toBe(true);
    expect(small.add('acme', at(1), recordOf(1))).toBe(false);
    expect(small.rows).toBe(1);
    expect(small.bytes).toBeGreaterThan(1_000_000);
    const full = new Table();
    let rows = 0;
    while (full.add('acme', at(rows), recordOf(1))) rows++;
    expect(rows).toBe(65_535);
  });

  it('gives columns to 64 attributes by order of arrival and keeps the rest as text', () => {
    const table = new Table();
    const attributes = Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`key${i}`, i]));
    table.add('acme', at(0), recordOf(0, { ...attributes, '\ud800': 'no column', ['__proto__']: true }));
    table.add('acme', at(1), recordOf(1, { key0: 'another type', key1: 1 }));
    expect(table.attributes.map(({ name }) => name)).toEqual(Array.from({ length: 64 }, (_, i) => `num.key${i}`));
    expect(table.record(0).attributes).toEqual({ ...attributes, '\ud800': 'no column', ['__proto__']: true });
    expect(table.record(1).attributes).toEqual({ key0: 'another type', key1: 1 });
    expect(table.column('attributes')?.kind).toBe('text');
    expect([table.column('message')?.kind, table.column('num.key3')?.kind, table.column('str.key3')]).toEqual([
      'heap',
      'number',
      undefined,
    ]);
  });

  it('gives one column to keys that differ only in case', () => {
    const table = new Table();
    table.add('acme', at(0), recordOf(0, { userId: 'a', USERID: 'b', userid: 3 }));
    expect(table.attributes.map(({ name }) => name)).toEqual(['str.userId', 'num.userid']);
    expect(table.record(0).attributes).toEqual({ userId: 'a', USERID: 'b', userid: 3 });
  });
});
