const unitUs = { ms: 1e3, s: 1e6, m: 60e6, h: 3_600e6, d: 86_400e6, w: 7 * 86_400e6, y: 365 * 86_400e6 } as const;
const whole = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;

/** Reads a length of time as Prometheus spells it (`30s`, `1h30m`, `0`) into microseconds; `undefined` where the text is none, or is longer than ten years. */
export function readDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const parts = text === '' || text.length > 60 ? null : whole.exec(text);
  if (!parts) return undefined;
  const units = ['y', 'w', 'd', 'h', 'm', 's', 'ms'] as const;
  const us = units.reduce((sum, unit, i) => sum + Number(parts[i + 1] ?? 0) * unitUs[unit], 0);
  return us <= 10 * unitUs.y ? us : undefined;
}

/** Spells microseconds in the two largest units that have a part in it: `2 h 5 min`. For people. */
export function spokenDuration(us: number): string {
  const units: [string, number][] = [
    ['d', unitUs.d],
    ['h', unitUs.h],
    ['min', unitUs.m],
    ['s', unitUs.s],
  ];
  let rest = Math.max(0, us);
  const parts: string[] = [];
  for (const [name, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 || (name === 's' && parts.length === 0)) parts.push(`${count} ${name}`);
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}
