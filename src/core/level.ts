import type { Level } from './record.ts';

/** A level and the OpenTelemetry SeverityNumber (1 to 24) that goes with it. */
export type Grade = Readonly<{ level: Level; severity: number }>;

const grade = (level: Level, severity: number): Grade => Object.freeze({ level, severity });

const trace = grade('trace', 1);
const debug = grade('debug', 5);
const info = grade('info', 9);
const notice = grade('info', 10);
const warn = grade('warn', 13);
const error = grade('error', 17);
const fatal = grade('fatal', 21);
const alert = grade('fatal', 22);
const emergency = grade('fatal', 23);

/** What a record has whose level was never heard of. */
export const defaultGrade: Grade = info;

/** What a record has that names no level: `process` may find a better one in the message. */
export const unspecified: Grade = grade('info', 0);

/**
 * The words for levels, lower case: syslog, log4j and slf4j, java.util.logging, Python, pino, bunyan, winston, .NET, zap, glog, Windows events.
 * Where OpenTelemetry's appendix B has syslog's critical and alert among the errors, they are `fatal` here: with six levels, `min_level=fatal`
 * is how people ask for what is worse than an error.
 */
export const levelWords: Readonly<Record<string, Grade>> = {
  ...words(trace, 'trace', 'trc', 'verbose', 'silly', 'finest', 'finer', 't', 'v', 'vrb', 'all'),
  ...words(debug, 'debug', 'dbg', 'dbug', 'fine', 'config', 'd'),
  ...words(info, 'info', 'inf', 'information', 'informational', 'http', 'log', 'i', 'success', 'ok', 'default'),
  ...words(notice, 'notice', 'note', 'n'),
  ...words(warn, 'warn', 'warning', 'wrn', 'wrng', 'w', 'caution'),
  ...words(error, 'error', 'err', 'eror', 'severe', 'e', 'fail', 'failure', 'failed'),
  ...words(fatal, 'fatal', 'ftl', 'critical', 'crit', 'crt', 'c', 'f', 'panic', 'pnc', 'dpanic'),
  ...words(alert, 'alert'),
  ...words(emergency, 'emergency', 'emerg'),
};

/** syslog's severities, RFC 5424 section 6.2.1, by number. */
const syslog: readonly Grade[] = [emergency, alert, fatal, error, warn, notice, info, debug];
/** pino and bunyan, by tens. Python's `levelno` says one more: its 20 is INFO. */
const pino: readonly Grade[] = [trace, debug, info, warn, error, fatal];
const python: readonly Grade[] = [debug, info, warn, error, fatal];
/** java.util.logging's and logback's numbers. */
const java: ReadonlyMap<number, Grade> = new Map([
  [300, trace],
  [400, trace],
  [500, debug],
  [700, debug],
  [800, info],
  [900, warn],
  [1000, error],
  [5000, trace],
  [10_000, debug],
  [20_000, info],
  [30_000, warn],
  [40_000, error],
]);

/** Words as they mostly come, so that the hot path neither allocates nor folds case. */
const asWritten = new Map<unknown, Grade>();
for (const [word, value] of Object.entries(levelWords)) {
  for (const spelling of [word, word.toUpperCase(), word[0]!.toUpperCase() + word.slice(1)]) asWritten.set(spelling, value);
}

/**
 * Reads a level in any common spelling: a word, or a number of syslog (0 to 7), pino and bunyan (10 to 69), java.util.logging or logback.
 * `undefined` for one never heard of.
 */
export function readLevel(value: unknown): Grade | undefined {
  const known = asWritten.get(value);
  if (known) return known;
  if (typeof value === 'number') return numberedLevel(value);
  if (typeof value !== 'string' || value.length > 20) return undefined;
  const word = value
    .trim()
    .replace(/^[[<(]|[\])>:]+$/g, '')
    .toLowerCase();
  if (Object.hasOwn(levelWords, word)) return levelWords[word];
  return /^\d{1,5}$/.test(word) ? numberedLevel(Number(word)) : undefined;
}

/** Python's `levelno`: 10 DEBUG to 50 CRITICAL. */
export function readPythonLevel(value: unknown): Grade | undefined {
  const number = wholeNumber(value);
  return number !== undefined && number >= 10 && number < 60 ? python[Math.floor(number / 10) - 1] : undefined;
}

/** syslog's severity as a number, as journald's `PRIORITY` has it. */
export function readSyslogLevel(value: unknown): Grade | undefined {
  const number = wholeNumber(value);
  return number === undefined ? undefined : syslog[number];
}

/** OpenTelemetry's SeverityNumber, 1 to 24, as a number or in digits. */
export function readSeverity(value: unknown): Grade | undefined {
  const number = wholeNumber(value);
  return number === undefined ? undefined : severities[number - 1];
}

const bands: readonly Level[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
const severities: readonly Grade[] = Array.from({ length: 24 }, (_, i) => grade(bands[i >> 2]!, i + 1));

function numberedLevel(value: number): Grade | undefined {
  if (!Number.isInteger(value)) return undefined;
  if (value < 8) return syslog[value];
  if (value < 70) return pino[Math.floor(value / 10) - 1];
  return java.get(value);
}

function wholeNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^\d{1,2}$/.test(value) ? Number(value) : undefined;
}

function words(value: Grade, ...spellings: string[]): Record<string, Grade> {
  return Object.fromEntries(spellings.map((word) => [word, value]));
}
