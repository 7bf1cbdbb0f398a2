import { expect, test } from 'vitest';
import type { StoredRecord } from '../../core/record.ts';
import { parseCursor, printCursor, Tails } from './tails.ts';

const record = (message: string, tenant = 'acme'): StoredRecord => ({
  timestamp: 1,
  timestamp_ns: 0,
  observed_timestamp: 1,
  level: 'info',
  severity: 9,
  service: 'a',
  env: undefined,
  host: undefined,
  message,
  trace_id: undefined,
  span_id: undefined,
  attributes: {},
  client_id: undefined,
  tenant,
  id: message,
  generation: 1,
  partition: 0,
  offset: 0,
});

const boom = { kind: 'match', field: 'message', text: 'boom' } as const;

test('a tail sees the matching records of its tenant alone', async () => {
  const tails = new Tails();
  tails.open('t', 'acme', boom, new Map(), 0);
  expect([tails.watches('acme'), tails.watches('other')]).toEqual([true, false]);
  for (const r of [record('boom 1'), record('calm'), record('boom 2', 'other'), record('boom 3')]) tails.offer(r);
  tails.advance(1, 0, 4, 0);
  const slice = await tails.next('t', 0, 0);
  expect(slice.records.map(({ message }) => message)).toEqual(['boom 1', 'boom 3']);
  expect(slice.cursor).toBe('1.0.4');
  tails.close('t');
  expect(tails.watches('acme')).toBe(false);
});

test('who waits is woken by the next record', async () => {
  const tails = new Tails();
  tails.open('t', 'acme', boom, new Map(), 0);
  const slice = tails.next('t', 60_000, 0);
  tails.offer(record('boom'));
  tails.advance(1, 0, 1, 0);
  expect((await slice).records).toHaveLength(1);
});

test('a slow reader loses the oldest and is told how many', async () => {
  const tails = new Tails();
  tails.open('t', 'acme', boom, new Map(), 0);
  for (let i = 0; i < 5_010; i++) tails.offer(record(`boom ${i}`));
  const slice = await tails.next('t', 0, 0);
  expect([slice.records.length, slice.missed, slice.records[0]?.message]).toEqual([5_000, 10, 'boom 10']);
});

test('a tail that nobody asks for is forgotten', () => {
  const tails = new Tails();
  tails.open('t', 'acme', boom, new Map(), 0);
  tails.advance(1, 0, 1, 120_000);
  expect(tails.has('t')).toBe(false);
});

test('a position vector reads back, and other text is refused', () => {
  const ends = new Map([
    ['1.0', 12],
    ['1.3', 7],
  ]);
  expect(parseCursor(printCursor(ends))).toEqual(ends);
  for (const text of ['', 'x', '1.0', '1.0.-1', '1.0.9999999999999999']) expect(parseCursor(text)).toBeUndefined();
});
