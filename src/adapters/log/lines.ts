import type { LogFields, LogLevel } from '../../core/ports/log.ts';

export type Line = { timeMs: number; level: LogLevel; message: string; fields: LogFields };

/** Spells one line as a JSON object with the vocabulary's names, so that Logdrive reads its own log. Errors become `error.*` fields with their stack. */
export function jsonLine({ timeMs, level, message, fields }: Line): string {
  const head = { timestamp: new Date(timeMs).toISOString(), level, service: 'logdrive', message };
  const plain = plainFields(fields);
  try {
    return JSON.stringify({ ...head, ...plain }, bigintAsText);
  } catch (error) {
    return JSON.stringify({ ...head, unprintable: String(error), fields: Object.keys(plain) });
  }
}

const colours: Record<LogLevel, string> = { debug: '\x1b[90m', info: '\x1b[36m', warn: '\x1b[33m', error: '\x1b[31m' };
const dim = '\x1b[2m';
const reset = '\x1b[0m';

/** Spells one line for a person: time of day, level, phrase, `key=value`; a stack on lines of its own. */
export function prettyLine({ timeMs, level, message, fields }: Line): string {
  const { 'error.stack': stack, ...rest } = plainFields(fields);
  const pairs = Object.entries(rest)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${typeof value === 'string' && !/[\s="]/.test(value) ? value : printable(value)}`)
    .join(' ');
  const head = `${dim}${new Date(timeMs).toISOString().slice(11, 23)}${reset} ${colours[level]}${level.padEnd(5)}${reset} ${message}`;
  return `${head}${pairs ? ` ${dim}${pairs}${reset}` : ''}${typeof stack === 'string' ? `\n${stack}` : ''}`;
}

/** Unfolds thrown values, which JSON would spell as `{}`. */
function plainFields(fields: LogFields): LogFields {
  if (!Object.values(fields).some((value) => value instanceof Error)) return fields;
  const plain: LogFields = {};
  for (const [key, value] of Object.entries(fields)) {
    if (!(value instanceof Error)) {
      plain[key] = value;
      continue;
    }
    plain[`${key}.type`] = value.name;
    plain[`${key}.message`] = value.message;
    plain[`${key}.stack`] = stackOf(value);
  }
  return plain;
}

const stackOf = (error: Error): string =>
  `${error.stack ?? error.message}${error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : ''}`;

const bigintAsText = (_key: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);

function printable(value: unknown): string {
  try {
    return JSON.stringify(value, bigintAsText) ?? String(value);
  } catch {
    return String(value);
  }
}
