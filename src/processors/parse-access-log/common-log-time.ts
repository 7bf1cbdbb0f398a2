const months = 'JanFebMarAprMayJunJulAugSepOctNovDec';

let cachedDay = '';
let cachedDayMs = NaN;

/** Reads `20/Nov/2026:00:00:01 +0000` from an offset of the line on, to epoch microseconds; NaN where there is none. Lines of one day are cheap. */
export function commonLogTimeUs(line: string, at: number): number {
  const day = line.slice(at, at + 11);
  if (day !== cachedDay) {
    cachedDay = day;
    cachedDayMs = dayMs(day);
  }
  const separators = line.charCodeAt(at + 11) === 0x3a && line.charCodeAt(at + 14) === 0x3a && line.charCodeAt(at + 17) === 0x3a;
  const sign = line.charCodeAt(at + 21) === 0x2b ? 1 : line.charCodeAt(at + 21) === 0x2d ? -1 : NaN;
  const hour = pair(line, at + 12);
  const minute = pair(line, at + 15);
  const second = pair(line, at + 18);
  const offsetHours = pair(line, at + 22);
  const offsetMinutes = pair(line, at + 24);
  const isTime =
    separators && line.charCodeAt(at + 20) === 0x20 && hour < 24 && minute < 60 && second <= 60 && offsetHours < 24 && offsetMinutes < 60;
  if (!isTime) return NaN;
  return (cachedDayMs + ((hour * 60 + minute - sign * (offsetHours * 60 + offsetMinutes)) * 60 + second) * 1000) * 1000;
}

function dayMs(text: string): number {
  const month = months.indexOf(text.slice(3, 6)) / 3;
  const day = pair(text, 0);
  const year = pair(text, 7) * 100 + pair(text, 9);
  if (text[2] !== '/' || text[6] !== '/' || !Number.isInteger(month) || month < 0 || !(year >= 1970)) return NaN;
  const ms = Date.UTC(year, month, day);
  return new Date(ms).getUTCDate() === day ? ms : NaN;
}

/** Two decimal digits, NaN for anything else. */
function pair(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN;
}
