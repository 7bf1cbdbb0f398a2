import { describe, expect, it } from 'vitest';
import { levelWords, readLevel, readPythonLevel, readSeverity, readSyslogLevel } from './level.ts';
import { levels } from './record.ts';

describe('reading a level', () => {
  it.each([
    ['INFO', 'info', 9],
    ['Information', 'info', 9],
    ['warning', 'warn', 13],
    [' [WARN] ', 'warn', 13],
    ['SEVERE', 'error', 17],
    ['FINE', 'debug', 5],
    ['FINEST', 'trace', 1],
    ['notice', 'info', 10],
    ['CRITICAL', 'fatal', 21],
    ['emerg', 'fatal', 23],
    ['eRRoR', 'error', 17],
    ['E', 'error', 17],
    [3, 'error', 17],
    ['6', 'info', 9],
    [0, 'fatal', 23],
    [10, 'trace', 1],
    [30, 'info', 9],
    [35, 'info', 9],
    ['50', 'error', 17],
    [60, 'fatal', 21],
    [1000, 'error', 17],
    [30_000, 'warn', 13],
  ] as const)('takes %j for %s', (given, level, severity) => {
    expect(readLevel(given)).toEqual({ level, severity });
  });

  it.each(['loud', '', 8, 9, 70, 1.5, -1, '99999', true, null, 'constructor', '__proto__'])('does not know %j', (given) => {
    expect(readLevel(given)).toBeUndefined();
  });

  it("knows Python's numbers, syslog's and OpenTelemetry's under their own names", () => {
    expect([10, 20, '30', 40, 50, 25].map((n) => readPythonLevel(n)?.level)).toEqual(['debug', 'info', 'warn', 'error', 'fatal', 'info']);
    expect(['0', 3, 7, 8].map((n) => readSyslogLevel(n)?.level)).toEqual(['fatal', 'error', 'debug', undefined]);
    expect([1, 4, 5, '9', 17, 24, 0, 25].map((n) => readSeverity(n)?.level)).toEqual([
      ...['trace', 'trace', 'debug', 'info', 'error', 'fatal'],
      ...[undefined, undefined],
    ]);
  });

  it('gives every word a severity within the band of its level', () => {
    for (const { level, severity } of Object.values(levelWords)) expect(levels[(severity - 1) >> 2]).toBe(level);
  });
});
