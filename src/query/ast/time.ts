const timePattern = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|z|[+-]\d\d:?\d\d)?)?$/;

/**
 * Reads RFC 3339 as epoch microseconds, finer digits cut; a date alone is its midnight, a missing zone is UTC. `undefined` where the text is no
 * such time.
 */
export function timeLiteral(text: string): number | undefined {
  const parts = timePattern.exec(text);
  if (!parts) return undefined;
  const [, date, minutes = '00:00', seconds = '00', fraction = '', zone = 'Z'] = parts;
  const [hours, minutesOfHour] = minutes.split(':').map(Number);
  if (hours! > 23 || minutesOfHour! > 59) return undefined;
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase();
  const ms = Date.parse(`${date}T${minutes}:${seconds}${offset}`);
  if (Number.isNaN(ms) || !isCalendarDay(date!)) return undefined;
  return ms * 1000 + Number(fraction.slice(0, 6).padEnd(6, '0'));
}

const isCalendarDay = (date: string): boolean => new Date(`${date}T00:00:00Z`).toISOString().startsWith(date);

/** Spells epoch microseconds as RFC 3339 UTC with as many digits as they need. */
export function timeText(us: number): string {
  const ms = Math.floor(us / 1000);
  const below = us - ms * 1000;
  const text = new Date(ms).toISOString();
  return below === 0 ? text.replace('.000Z', 'Z') : text.replace('Z', `${String(below).padStart(3, '0')}Z`);
}

const unitUs = { ms: 1e3, s: 1e6, m: 60e6, h: 3600e6, d: 86_400e6, w: 7 * 86_400e6 } as const;

/** Reads a length of time (`500ms`, `15m`, `24h`, `7d`) as microseconds; `undefined` where the text is none. */
export function durationLiteral(text: string): number | undefined {
  const parts = /^(\d{1,9})(ms|s|m|h|d|w)$/.exec(text);
  const us = parts ? Number(parts[1]) * unitUs[parts[2] as keyof typeof unitUs] : 0;
  return us > 0 ? us : undefined;
}

/** Spells microseconds (a multiple of 1,000) as a length of time in the largest unit that divides it. */
export function durationText(us: number): string {
  const units = Object.entries(unitUs).reverse();
  const [unit, size] = units.find(([, size]) => us % size === 0) ?? ['ms', 1e3];
  return `${us / size}${unit}`;
}
