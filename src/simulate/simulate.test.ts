import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { type SimulatedRecord, simulate } from './simulate.ts';

const startMs = Date.UTC(2026, 10, 20);
const hour = [...simulate({ seed: 7, ratePerS: 20, startMs, durationMs: 3_600_000 })];
const digest = (timed: Iterable<{ record: SimulatedRecord }>) =>
  createHash('sha256')
    .update(JSON.stringify([...timed].map(({ record }) => record)))
    .digest('hex');

test('the same seed gives the same records, another seed others', () => {
  const options = { ratePerS: 50, startMs, durationMs: 20_000 };
  expect(digest(simulate({ seed: 1, ...options }))).toBe(digest(simulate({ seed: 1, ...options })));
  expect(digest(simulate({ seed: 1, ...options }))).not.toBe(digest(simulate({ seed: 2, ...options })));
});

test('records come in the order of time, within the time, at about the rate', () => {
  for (let i = 1; i < hour.length; i++) expect(hour[i]!.atMs).toBeGreaterThanOrEqual(hour[i - 1]!.atMs);
  expect(hour[0]!.atMs).toBeGreaterThanOrEqual(startMs);
  expect(hour.at(-1)!.atMs).toBeLessThan(startMs + 3_600_000);
  expect(hour.length / 3600).toBeGreaterThan(19);
  expect(hour.length / 3600).toBeLessThan(21);
});

test('there are bursts of more than twice the rate', () => {
  const bySecond = new Map<number, number>();
  for (const { atMs } of hour) bySecond.set(Math.floor(atMs / 10_000), (bySecond.get(Math.floor(atMs / 10_000)) ?? 0) + 1);
  expect(Math.max(...bySecond.values())).toBeGreaterThan(400);
});

test('a trace runs through several services', () => {
  const services = new Map<string, Set<string>>();
  for (const { record } of hour) {
    if (record.trace_id === undefined) continue;
    expect(record.trace_id).toMatch(/^[0-9a-f]{32}$/);
    services.set(record.trace_id, (services.get(record.trace_id) ?? new Set()).add(record.service));
  }
  expect([...services.values()].filter((set) => set.size >= 2).length).toBeGreaterThan(services.size * 0.7);
  expect([...services.values()].some((set) => ['web', 'api', 'db', 'payments'].every((name) => set.has(name)))).toBe(true);
});

test('incidents have errors with stack traces of Java, Python and Node.js; quiet times few', () => {
  const errors = (fromMin: number, toMin: number) =>
    hour.filter(({ atMs, record }) => record.level === 'error' && atMs % 600_000 >= fromMin * 60_000 && atMs % 600_000 < toMin * 60_000)
      .length;
  expect(errors(6, 7)).toBeGreaterThan(3 * errors(0, 1));
  const messages = hour.map(({ record }) => record.message);
  for (const sign of ['\tat com.acme', 'Caused by: ', 'Traceback (most recent call last):', '    at async file:///app']) {
    expect(messages.some((message) => message.includes(sign))).toBe(true);
  }
});

test('every level and service occurs', () => {
  expect([...new Set(hour.map(({ record }) => record.level))].sort()).toEqual(['debug', 'error', 'fatal', 'info', 'warn']);
  expect([...new Set(hour.map(({ record }) => record.service))].sort()).toEqual(['api', 'cache', 'db', 'payments', 'web', 'worker']);
});
