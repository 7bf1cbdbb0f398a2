import * as z from 'zod';

const byteUnits: Record<string, number> = {
  ...{ b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 },
  ...{ kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40 },
};
const timeUnitsMs: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A size in the file: bytes as a number, or `512 KiB`, `10MiB`, `8 GB`; bytes in the program. */
export const bytes = (description: string, min = 1) =>
  quantity(description, 'bytes', 'a size such as 10MiB', (text) => amount(text, byteUnits, /^(\d+(?:\.\d+)?)\s*([kmgt]?i?b)$/i), min);

/** A time span in the file: `20s`, `500ms`, `5m`, `24h`, `7d`; milliseconds in the program. */
export const duration = (description: string, min = 1) =>
  quantity(description, 'ms', 'a time span such as 20s', (text) => amount(text, timeUnitsMs, /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/i), min);

/** Reads `20s` and the like into milliseconds, or `undefined`. */
export const durationMs = (text: string): number | undefined => amount(text, timeUnitsMs, /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/i);

function quantity(description: string, unit: 'bytes' | 'ms', expected: string, read: (text: string) => number | undefined, min: number) {
  return z
    .union([z.int().min(min), z.string()], `expected ${expected}`)
    .transform((given, context) => {
      const value = typeof given === 'number' ? given : read(given.trim());
      if (value !== undefined && value >= min) return value;
      context.addIssue(`expected ${expected}${value === undefined ? '' : `, of at least ${min}`}`);
      return z.NEVER;
    })
    .meta({ description, unit });
}

function amount(text: string, units: Record<string, number>, pattern: RegExp): number | undefined {
  const [, number, unit] = pattern.exec(text) ?? [];
  return number === undefined ? undefined : Math.round(Number(number) * units[unit!.toLowerCase()]!);
}
