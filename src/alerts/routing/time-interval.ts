import { AppError } from '../../core/errors.ts';

/**
 * When something holds, as Alertmanager's `time_intervals` have it: of the fields all must hold, of the entries of a field one. Ranges are `a:b`, both ends
 * included; times are `HH:MM`, the end left out. https://prometheus.io/docs/alerting/latest/configuration/#time_interval
 */
export type TimeIntervalSpec = {
  times?: { start_time: string; end_time: string }[] | undefined;
  weekdays?: string[] | undefined;
  days_of_month?: string[] | undefined;
  months?: string[] | undefined;
  years?: string[] | undefined;
  /** An IANA time zone. @default 'UTC' */
  location?: string | undefined;
};

type Civil = { year: number; month: number; day: number; weekday: number; minute: number; daysInMonth: number };
type CivilTest = (at: Civil) => boolean;

const weekdayNames = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const monthNames = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];

/**
 * Compiles intervals of which one must hold at an epoch time in milliseconds.
 * @throws AppError INVALID_CONFIG that quotes the entry
 */
export function compileTimeIntervals(specs: readonly TimeIntervalSpec[]): (atMs: number) => boolean {
  const compiled = specs.map(compileOne);
  return (atMs) => compiled.some((holds) => holds(atMs));
}

function compileOne({ times, weekdays, days_of_month, months, years, location = 'UTC' }: TimeIntervalSpec): (atMs: number) => boolean {
  const civilOf = civilClock(location);
  const tests: CivilTest[] = [];
  const add = (made: CivilTest[] | undefined) => made && tests.push((at) => made.some((test) => test(at)));
  add(times?.map(timeTest));
  add(weekdays?.map((text) => rangeTest(text, 'weekday', named(weekdayNames, 0), ({ weekday }) => weekday, [0, 6])));
  add(days_of_month?.map(dayTest));
  add(
    months?.map((text) =>
      rangeTest(
        text,
        'month',
        (part) => named(monthNames, 1)(part) ?? whole(part),
        ({ month }) => month,
        [1, 12],
      ),
    ),
  );
  add(years?.map((text) => rangeTest(text, 'year', whole, ({ year }) => year, [1970, 9999])));
  return (atMs) => {
    const at = civilOf(atMs);
    return tests.every((test) => test(at));
  };
}

const refuse = (text: string, why: string): never => {
  throw new AppError('INVALID_CONFIG', `the time interval ${JSON.stringify(text.slice(0, 100))} ${why}`);
};

const whole = (text: string): number | undefined => (/^-?\d{1,4}$/.test(text) ? Number(text) : undefined);
const named =
  (names: string[], first: number) =>
  (text: string): number | undefined => {
    const at = names.indexOf(text.toLowerCase());
    return at < 0 ? undefined : at + first;
  };

function timeTest({ start_time, end_time }: { start_time: string; end_time: string }): CivilTest {
  const read = (text: string): number => {
    const [, hour, minute] =
      /^([01]\d|2[0-4]):([0-5]\d)$/.exec(text) ?? refuse(text, 'is no time of day: write HH:MM, from 00:00 to 24:00');
    const minutes = Number(hour) * 60 + Number(minute);
    return minutes <= 1_440 ? minutes : refuse(text, 'is after 24:00');
  };
  const from = read(start_time);
  const to = read(end_time);
  if (from >= to) refuse(`${start_time} to ${end_time}`, 'ends before it begins: make two of it, one up to 24:00 and one from 00:00');
  return ({ minute }) => minute >= from && minute < to;
}

function rangeTest(
  text: string,
  what: string,
  read: (part: string) => number | undefined,
  pick: (at: Civil) => number,
  [least, most]: [number, number],
): CivilTest {
  const [from, to = from] = text.split(':').map((part) => read(part.trim()));
  if (from === undefined || to === undefined || from < least || to > most) return refuse(text, `is no ${what}, nor a range of them`);
  if (from > to) refuse(text, 'ends before it begins');
  return (at) => pick(at) >= from && pick(at) <= to;
}

/** Days from the end of the month count from -1 back. A range that ends after the month's last day ends with it. */
function dayTest(text: string): CivilTest {
  const [from, to = from] = text.split(':').map((part) => whole(part.trim()));
  const isDay = (day: number | undefined): day is number => day !== undefined && day !== 0 && Math.abs(day) <= 31;
  if (!isDay(from) || !isDay(to)) return refuse(text, 'is no day of a month: 1 to 31, or -1 to -31 from its end');
  if (from < 0 && to > 0) refuse(text, 'begins from the end of the month and ends from its start');
  if (from < 0 === to < 0 && from > to) refuse(text, 'ends before it begins');
  return ({ day, daysInMonth }) => {
    const begin = from < 0 ? daysInMonth + from + 1 : from;
    const end = to < 0 ? daysInMonth + to + 1 : Math.min(to, daysInMonth);
    return begin <= daysInMonth && day >= begin && day <= end;
  };
}

function civilClock(timeZone: string): (atMs: number) => Civil {
  const format = openFormat(timeZone);
  return (atMs) => {
    const parts = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0 } = parts;
    const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
    return { year, month, day, weekday, minute: hour * 60 + minute, daysInMonth: new Date(Date.UTC(year, month, 0)).getUTCDate() };
  };
}

function openFormat(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      ...{ timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric' },
      ...{ day: 'numeric', hour: 'numeric', minute: 'numeric' },
    });
  } catch {
    return refuse(timeZone, 'names no time zone: write one as IANA does, such as Europe/Berlin');
  }
}
