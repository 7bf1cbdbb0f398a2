const byteUnits: Record<string, number> = {
  ...{ b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 },
  ...{ kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40 },
};
const timeUnitsMs: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads `512 KiB`, `10MiB`, `8 GB` and the like into bytes, or `undefined`. */
export const byteCount = (text: string): number | undefined => amount(text, byteUnits, /^(\d+(?:\.\d+)?)\s*([kmgt]?i?b)$/i);

/** Reads `20s`, `500ms`, `5m`, `24h`, `7d` and the like into milliseconds, or `undefined`. */
export const durationMs = (text: string): number | undefined => amount(text, timeUnitsMs, /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/i);

function amount(text: string, units: Record<string, number>, pattern: RegExp): number | undefined {
  const [, number, unit] = pattern.exec(text.trim()) ?? [];
  return number === undefined ? undefined : Math.round(Number(number) * units[unit!.toLowerCase()]!);
}
