const dayUs = 86_400e6;
/** Offsets are looked for in these years; before and after them the first and the last hold. */
const firstUs = Date.UTC(1970, 0, 1) * 1_000;
const lastUs = Date.UTC(2050, 0, 1) * 1_000;
/** Clocks of no zone were changed twice within so short a time since 1970. */
const probeUs = 14 * dayUs;

/** From `fromUs` on the wall clock shows UTC and `offsetUs`. */
export type Stretch = { fromUs: number; offsetUs: number };

/** Cuts time into buckets. A bucket is named by its first instant, epoch microseconds; buckets are disjoint, without gaps, and in order. */
export type Buckets = {
  /** The start of the bucket a time is in. */
  startOf(us: number): number;
  /** The start of the next one. */
  endOf(us: number): number;
};

/** Tells whether a name is a time zone of the IANA database (`Europe/Berlin`), `UTC` or an offset (`+02:00`). */
export function isZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

const known = new Map<string, Stretch[]>();

/** The stretches of one offset that a zone has, oldest first. @throws RangeError for a name that is no zone */
export function stretchesOf(zone: string): Stretch[] {
  const found = known.get(zone) ?? findStretches(zone);
  known.set(zone, found);
  return found;
}

/**
 * Cuts by wall clock: buckets begin where the clock of the zone first shows a multiple of the step, counted from 1970-01-01T00:00 there. Where clocks
 * go back, the bucket that they go back into is longer by that; where they go forward, one is shorter, or left out.
 */
export function bucketsOf(stepUs: number, zone: string | undefined): Buckets {
  if (zone === undefined) {
    const startOf = (us: number) => Math.floor(us / stepUs) * stepUs;
    return { startOf, endOf: (us) => startOf(us) + stepUs };
  }
  const stretches = stretchesOf(zone);
  const labelOf = (us: number) => Math.floor(shownUntil(stretches, us) / stepUs) * stepUs;
  return { startOf: (us) => instantOf(stretches, labelOf(us)), endOf: (us) => instantOf(stretches, labelOf(us) + stepUs) };
}

/** The latest time that the wall clock has shown up to an instant. */
function shownUntil(stretches: readonly Stretch[], us: number): number {
  const at = indexAt(stretches, us);
  const { fromUs, offsetUs } = stretches[at]!;
  return at === 0 ? us + offsetUs : Math.max(us + offsetUs, fromUs + stretches[at - 1]!.offsetUs - 1);
}

/** The first instant at which the wall clock shows a time, or has passed it. */
export function instantOf(stretches: readonly Stretch[], shownUs: number): number {
  let at = indexAt(stretches, shownUs);
  while (at < stretches.length - 1 && stretches[at + 1]!.fromUs + stretches[at]!.offsetUs <= shownUs) at++;
  while (at > 0 && stretches[at]!.fromUs + stretches[at - 1]!.offsetUs > shownUs) at--;
  const { fromUs, offsetUs } = stretches[at]!;
  return at === 0 ? shownUs - offsetUs : Math.max(fromUs, shownUs - offsetUs);
}

/**
 * The widest step, in microseconds, whose multiples hold every start of a bucket and every change of clocks in a range: what is counted by it adds up to
 * the buckets of the zone.
 */
export function commonStepUs(stepUs: number, zone: string, { fromUs, toUs }: { fromUs: number; toUs: number }): number {
  const stretches = stretchesOf(zone);
  const from = Math.max(0, indexAt(stretches, fromUs) - 1);
  const within = stretches.slice(from, indexAt(stretches, toUs) + 1);
  return within.reduce((step, stretch, i) => divisor(divisor(step, stretch.offsetUs), i + from === 0 ? 0 : stretch.fromUs), stepUs);
}

const divisor = (a: number, b: number): number => (b === 0 ? Math.abs(a) : divisor(b, a % b));

function indexAt(stretches: readonly Stretch[], us: number): number {
  let low = 0;
  let high = stretches.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (stretches[middle]!.fromUs <= us) low = middle;
    else high = middle - 1;
  }
  return low;
}

function findStretches(zone: string): Stretch[] {
  const format = formatOf(zone);
  const offsetAt = (us: number) => offsetOf(format, us);
  const stretches: Stretch[] = [{ fromUs: Number.NEGATIVE_INFINITY, offsetUs: offsetAt(firstUs) }];
  for (let from = firstUs; from < lastUs; from += probeUs) {
    const before = stretches.at(-1)!.offsetUs;
    const after = offsetAt(from + probeUs);
    if (after === before) continue;
    let [low, high] = [from, from + probeUs];
    while (high - low > 1e6) {
      const middle = Math.floor((low + high) / 2e6) * 1e6;
      if (offsetAt(middle) === before) low = middle;
      else high = middle;
    }
    stretches.push({ fromUs: high, offsetUs: after });
  }
  return stretches;
}

const formatOf = (timeZone: string): Intl.DateTimeFormat => new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });

/** How far the wall clock is before UTC at an instant. */
function offsetOf(format: Intl.DateTimeFormat, us: number): number {
  const name = format.formatToParts(us / 1_000).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign = '+', hours = '0', minutes = '0', seconds = '0'] = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1e6;
}
