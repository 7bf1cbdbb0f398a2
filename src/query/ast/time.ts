import { formatTime, readTime } from '../../core/time.ts';

/** Reads a time as records may spell it (RFC 3339 and others) to epoch microseconds, finer digits cut; `undefined` where the text is none. */
export const timeLiteral = (text: string): number | undefined => readTime(text)?.us;

/** Spells epoch microseconds as RFC 3339 UTC. */
export const timeText = (us: number): string => formatTime(us);

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
