import { maxAheadUs } from '../../core/normalise-context.ts';
import { readTime } from '../../core/time.ts';

const months = 'JanFebMarAprMayJunJulAugSepOctNovDec';
/** As rsyslog writes it to files (RSYSLOG_FileFormat): always a fraction and a numeric offset. */
const fileTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}[+-]\d\d:\d\d /;

/**
 * Reads the time at the head of a line: `Oct 11 22:14:15 ` (UTC, in the latest year that is not more than a day ahead of `observedUs`) or rsyslog's
 * `2026-11-20T10:00:00.123456+01:00 `. Epoch microseconds, and where the text goes on; `undefined` where there is none.
 */
export function headerTimeUs(line: string, at: number, observedUs: number): { us: number; end: number } | undefined {
  if (line.charCodeAt(at + 4) === 0x2d) {
    const length = fileTime.exec(line.slice(at, at + 34))?.[0].length;
    const instant = length === undefined ? undefined : readTime(line.slice(at, at + length - 1));
    return instant && { us: instant.us, end: at + length! };
  }
  const month = months.indexOf(line.slice(at, at + 3)) / 3;
  if (!Number.isInteger(month) || month < 0) return undefined;
  const day = pair(line, at + 4);
  const hour = pair(line, at + 7);
  const minute = pair(line, at + 10);
  const second = pair(line, at + 13);
  const isTime = day >= 1 && day <= 31 && hour < 24 && minute < 60 && second <= 60;
  if (
    !isTime ||
    line.charCodeAt(at + 3) !== 0x20 ||
    line.charCodeAt(at + 9) !== 0x3a ||
    line.charCodeAt(at + 12) !== 0x3a ||
    line.charCodeAt(at + 15) !== 0x20
  ) {
    return undefined;
  }
  const dayMs = latestDayMs(month, day, observedUs);
  return dayMs === undefined ? undefined : { us: (dayMs + ((hour * 60 + minute) * 60 + second) * 1000) * 1000, end: at + 16 };
}

/** Start of the latest day of that name that is not more than a day ahead; the 29th of February may be years back. */
function latestDayMs(month: number, day: number, observedUs: number): number | undefined {
  const latestMs = (observedUs + maxAheadUs) / 1000;
  const year = new Date(latestMs).getUTCFullYear();
  for (let back = 0; back <= 8; back++) {
    const ms = Date.UTC(year - back, month, day);
    if (ms <= latestMs && new Date(ms).getUTCDate() === day) return ms;
  }
  return undefined;
}

/** Two decimal digits or a space and one; NaN for anything else. */
function pair(text: string, at: number): number {
  const tens = text.charCodeAt(at) === 0x20 ? 0 : text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN;
}
