import { describe, expect, test } from 'vitest';
import { compileTimeIntervals, type TimeIntervalSpec } from './time-interval.ts';

const holds = (spec: TimeIntervalSpec, at: string) => compileTimeIntervals([spec])(Date.parse(at));

/** After Alertmanager's timeinterval: https://prometheus.io/docs/alerting/latest/configuration/#time_interval */
describe('time intervals mean what they mean in Alertmanager', () => {
  test.each<[TimeIntervalSpec, string, boolean]>([
    [{}, '2026-11-21T08:00:00Z', true],
    [{ times: [{ start_time: '09:00', end_time: '17:00' }], weekdays: ['monday:friday'] }, '2020-07-08T09:00:00Z', true],
    [{ times: [{ start_time: '09:00', end_time: '17:00' }], weekdays: ['monday:friday'] }, '2020-07-08T08:59:59Z', false],
    [{ times: [{ start_time: '09:00', end_time: '17:00' }], weekdays: ['monday:friday'] }, '2020-07-08T17:00:00Z', false],
    [{ times: [{ start_time: '09:00', end_time: '17:00' }], weekdays: ['monday:friday'] }, '2020-07-11T12:00:00Z', false],
    [{ times: [{ start_time: '17:00', end_time: '24:00' }] }, '2020-07-08T23:59:59Z', true],
    [{ weekdays: ['saturday', 'sunday'] }, '2026-11-22T12:00:00Z', true],
    [{ days_of_month: ['1:7'] }, '2020-04-07T00:00:00Z', true],
    [{ days_of_month: ['1:7'] }, '2020-04-08T00:00:00Z', false],
    [{ days_of_month: ['-1'] }, '2024-02-29T12:00:00Z', true],
    [{ days_of_month: ['-3:-1'] }, '2023-02-26T00:00:00Z', true],
    [{ days_of_month: ['-3:-1'] }, '2023-02-25T23:59:59Z', false],
    [{ days_of_month: ['31'] }, '2023-02-28T00:00:00Z', false],
    [{ days_of_month: ['30:31'] }, '2023-02-28T00:00:00Z', false],
    [{ days_of_month: ['28:31'] }, '2023-02-28T00:00:00Z', true],
    [{ days_of_month: ['1:-1'] }, '2023-02-14T00:00:00Z', true],
    [{ months: ['january:march'], years: ['2020:2022'] }, '2021-03-31T23:59:59Z', true],
    [{ months: ['1:3'] }, '2021-04-01T00:00:00Z', false],
    [{ years: ['2030'] }, '2030-06-01T00:00:00Z', true],
    [{ times: [{ start_time: '09:00', end_time: '10:00' }], location: 'Australia/Sydney' }, '2026-01-10T22:30:00Z', true],
    [{ times: [{ start_time: '02:00', end_time: '03:00' }], location: 'Europe/Berlin' }, '2026-03-29T01:30:00Z', false],
    [{ times: [{ start_time: '02:00', end_time: '03:00' }], location: 'Europe/Berlin' }, '2026-10-25T00:30:00Z', true],
    [{ times: [{ start_time: '02:00', end_time: '03:00' }], location: 'Europe/Berlin' }, '2026-10-25T01:30:00Z', true],
    [{ times: [{ start_time: '00:00', end_time: '00:30' }], weekdays: ['sunday'], location: 'Asia/Kolkata' }, '2026-11-21T18:45:00Z', true],
  ])('%j at %s: %s', (spec, at, wanted) => {
    expect(holds(spec, at)).toBe(wanted);
  });

  test('of several intervals one is enough', () => {
    const either = compileTimeIntervals([{ weekdays: ['monday'] }, { weekdays: ['tuesday'] }]);
    expect(['2026-11-23', '2026-11-24', '2026-11-25'].map((day) => either(Date.parse(day)))).toEqual([true, true, false]);
  });

  test.each<[TimeIntervalSpec, string]>([
    [{ times: [{ start_time: '22:00', end_time: '06:00' }] }, 'make two of it'],
    [{ times: [{ start_time: '9:00', end_time: '10:00' }] }, 'HH:MM'],
    [{ times: [{ start_time: '09:00', end_time: '24:01' }] }, '24:00'],
    [{ weekdays: ['friday:monday'] }, 'ends before it begins'],
    [{ weekdays: ['freitag'] }, 'is no weekday'],
    [{ days_of_month: ['0'] }, 'no day of a month'],
    [{ days_of_month: ['-1:5'] }, 'begins from the end'],
    [{ months: ['13'] }, 'is no month'],
    [{ years: ['2022:2020'] }, 'ends before'],
    [{ location: 'Mars/Olympus' }, 'no time zone'],
  ])('refuses %j', (spec, why) => {
    expect(() => compileTimeIntervals([spec])).toThrow(why);
  });
});
