import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bucketsOf, commonStepUs, isZone, stretchesOf } from '../../src/query/zone.ts';

const hourUs = 3_600e6;
const zones = [
  'Europe/Berlin',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Africa/Casablanca',
  'Asia/Kolkata',
  '+02:00',
  'UTC',
];
const steps = [15 * 60e6, hourUs, 6 * hourUs, 24 * hourUs, 7 * 24 * hourUs];
const us = (text: string) => Date.parse(text) * 1_000;
const text = (at: number) => new Date(at / 1_000).toISOString();

describe('buckets of a time zone', () => {
  test('begin where the wall clock shows their start, also on the days that have 23 and 25 hours', () => {
    const days = bucketsOf(24 * hourUs, 'Europe/Berlin');
    expect(text(days.startOf(us('2026-10-25T12:00:00Z')))).toBe('2026-10-24T22:00:00.000Z');
    expect(text(days.endOf(us('2026-10-25T12:00:00Z')))).toBe('2026-10-25T23:00:00.000Z');
    expect(text(days.startOf(us('2026-03-29T12:00:00Z')))).toBe('2026-03-28T23:00:00.000Z');
    expect(text(days.endOf(us('2026-03-29T12:00:00Z')))).toBe('2026-03-29T22:00:00.000Z');
  });

  test('leave no time out, overlap nowhere, and stand in order', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.constantFrom(...steps),
        fc.integer({ min: us('1995-01-01T00:00:00Z'), max: us('2035-01-01T00:00:00Z') }),
        (zone, stepUs, at) => {
          const { startOf, endOf } = bucketsOf(stepUs, zone);
          const [start, end] = [startOf(at), endOf(at)];
          expect(start).toBeLessThanOrEqual(at);
          expect(end).toBeGreaterThan(at);
          for (const inside of [start, Math.floor((start + end) / 2), end - 1]) expect(startOf(inside)).toBe(start);
          expect(startOf(end)).toBe(end);
          expect(endOf(start - 1)).toBe(start);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('are made of whole common steps', () => {
    for (const zone of zones)
      for (const stepUs of steps) {
        const time = { fromUs: us('2026-01-01T00:00:00Z'), toUs: us('2027-01-01T00:00:00Z') };
        const common = commonStepUs(stepUs, zone, time);
        expect(common).toBeGreaterThanOrEqual(15 * 60e6);
        const { startOf, endOf } = bucketsOf(stepUs, zone);
        for (let at = startOf(time.fromUs); at < time.toUs; at = endOf(at)) expect(at % common).toBe(0);
      }
  });

  test('know a name from none', () => {
    expect(['Europe/Berlin', 'UTC', '-03:30'].every(isZone)).toBe(true);
    expect(['Europe/Berln', '', '25:00', 'x'].some(isZone)).toBe(false);
    expect(stretchesOf('UTC')).toHaveLength(1);
  });
});
