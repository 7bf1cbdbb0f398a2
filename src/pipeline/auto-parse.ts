import type { LogRecord } from '../core/record.ts';
import { parseAccessLog } from '../processors/parse-access-log/index.ts';
import { parseAppLine } from '../processors/parse-app-line/index.ts';
import { parseJson } from '../processors/parse-json/index.ts';
import { parseLogfmt } from '../processors/parse-logfmt/index.ts';
import { parseSyslog } from '../processors/parse-syslog/index.ts';
import { readStackTrace } from '../processors/stack-trace/index.ts';

const parsers = {
  'parse-json': parseJson,
  'parse-logfmt': parseLogfmt,
  'parse-syslog': parseSyslog,
  'parse-access-log': parseAccessLog,
  'parse-app-line': parseAppLine,
  'stack-trace': readStackTrace,
};

export type ParserName = keyof typeof parsers;

/** Told of each parser that changed the record. */
export type ParseObserver = (name: ParserName, before: LogRecord, after: LogRecord) => void;

/**
 * Parses a message of a form that its first characters tell; what is in doubt stays as it is. A message that comes out of JSON is looked at once
 * more (container runtimes wrap each line in an object), one of several lines for a stack trace besides.
 */
export function autoParse(record: LogRecord, observe?: ParseObserver): LogRecord {
  const parsed = parseByHead(record, observe);
  const isUnwrapped = parsed !== record && parsed.message !== record.message;
  const inner = isUnwrapped ? parseByHead(parsed, observe) : parsed;
  return inner.message?.includes('\n') ? apply('stack-trace', inner, observe) : inner;
}

function parseByHead(record: LogRecord, observe: ParseObserver | undefined): LogRecord {
  const name = record.message === undefined ? undefined : formOf(record.message);
  if (name === undefined) return record;
  const parsed = apply(name, record, observe);
  // A time at the head is a syslog file's or an application's own.
  return parsed === record && name === 'parse-syslog' ? apply('parse-app-line', record, observe) : parsed;
}

function apply(name: ParserName, record: LogRecord, observe: ParseObserver | undefined): LogRecord {
  const parsed = parsers[name](record);
  if (observe && parsed !== record) observe(name, record, parsed);
  return parsed;
}

/** Longest first word that is looked at. */
const maxWord = 256;

const space = 0x20;
const quote = 0x22;
const dash = 0x2d;
const colon = 0x3a;
const lessThan = 0x3c;
const equals = 0x3d;
const openBrace = 0x7b;

/** The parser whose form the message may have, told by its first word and what follows it; `undefined` for plain text. */
export function formOf(message: string): ParserName | undefined {
  const first = message.charCodeAt(0);
  if (first === openBrace) return 'parse-json';
  if (first === lessThan) return 'parse-syslog';
  let at = 0;
  let code = first;
  while (code > space && code !== equals && code !== quote && at < maxWord) code = message.charCodeAt(++at);
  if (at === 0) return undefined;
  if (code === equals) return 'parse-logfmt';
  if (code !== space) return undefined;
  if (message.charCodeAt(at + 2) === space && message.charCodeAt(at + 1) === dash) return 'parse-access-log';
  if (at === 3 && message.charCodeAt(9) === colon && message.charCodeAt(12) === colon) return 'parse-syslog';
  if (message.charCodeAt(4) !== dash || message.charCodeAt(13) !== colon) return undefined;
  // rsyslog's file format: `2026-11-20T10:00:00.123456+01:00 host program: `
  return at >= 27 && at <= 32 ? 'parse-syslog' : 'parse-app-line';
}
