import * as z from 'zod';
import { byteCount, durationMs } from './units.ts';

/** A size in the file: bytes as a number, or `512 KiB`, `10MiB`, `8 GB`; bytes in the program. */
export const bytes = (description: string, min = 1) => quantity(description, 'bytes', 'a size such as 10MiB', byteCount, min);

/** A time span in the file: `20s`, `500ms`, `5m`, `24h`, `7d`; milliseconds in the program. */
export const duration = (description: string, min = 1) => quantity(description, 'ms', 'a time span such as 20s', durationMs, min);

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
