import { expect, test } from 'vitest';
import { deriveGroups } from '../../src/query/derive.ts';
import { parseLine } from '../../src/query/parse/line.ts';
import type { GroupRow } from '../../src/query/plan.ts';

const minuteUs = 60e6;
const stats = { files: 0, filesPruned: 0, pages: 0, pagesPruned: 0, bytes: 0, rows: 0 };
const derived = (line: string, time = { fromUs: 10 * minuteUs, toUs: 20 * minuteUs }, nowUs = 30 * minuteUs) =>
  deriveGroups(parseLine(line), 't', time, 100, nowUs);
const finish = (line: string, rows: GroupRow[]) => derived(line).finish({ rows, truncated: false, stats }).rows;

test('a rate is the count over the minutes asked for', () => {
  const { plan } = derived('| rate() by service');
  expect(plan.aggregates).toEqual([{ fn: 'count', as: 'rate' }]);
  expect(finish('| rate() by service', [{ service: 'a', rate: 50 }])).toEqual([{ service: 'a', rate: 5 }]);
});

test('a rate by bucket is over what the query asks for of the bucket', () => {
  const rows = [
    { bucket: 10 * minuteUs, rate: 10 },
    { bucket: 15 * minuteUs, rate: 10 },
  ];
  expect(finish('| rate() by bucket(5m)', rows).map(({ rate }) => rate)).toEqual([2, 2]);
  const late = derived('| rate() by bucket(5m)', { fromUs: 10 * minuteUs, toUs: Number.MAX_SAFE_INTEGER }, 16 * minuteUs);
  expect(late.finish({ rows, truncated: false, stats }).rows.map(({ rate }) => rate)).toEqual([2, 10]);
});

test('a rate without a start and without buckets is refused', () => {
  expect(() => derived('| rate()', { fromUs: Number.MIN_SAFE_INTEGER, toUs: Number.MAX_SAFE_INTEGER })).toThrow('since when');
});

test('having keeps groups by their finished values, then come order and limit', () => {
  const rows = [
    { service: 'a', count: 1, rate: 90 },
    { service: 'b', count: 7, rate: 10 },
    { service: null, count: 9, rate: 200 },
  ];
  expect(finish('| count(), rate() by service | having rate>5 | sort rate desc | limit 1', rows).map(({ rate }) => rate)).toEqual([20, 9]);
  expect(finish('| count(), rate() by service | having NOT service:*', rows)).toHaveLength(1);
  const query = parseLine('| count() by service | having count>1 | limit 1');
  const { plan, finish: end } = deriveGroups(query, 't', { fromUs: 0, toUs: 1 }, 1, 1);
  expect(plan).toMatchObject({ orderBy: [], limit: 100_000 });
  expect(end({ rows: rows.map((row) => ({ ...row })), truncated: false, stats })).toMatchObject({
    truncated: true,
    rows: [{ service: null }],
  });
});

test('a query without either goes to the engine as it is', () => {
  expect(derived('| count() by service | sort count desc').plan).toMatchObject({ orderBy: [['count', 'desc']], limit: 100 });
});
