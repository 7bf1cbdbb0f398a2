import { type Findings, improve } from '../../core/improve.ts';
import { readSyslogLevel } from '../../core/level.ts';
import { defineProcessor } from '../../core/processor.ts';
import type { Attributes, LogRecord } from '../../core/record.ts';
import { readTime } from '../../core/time.ts';
import { headerTimeUs } from './header-time.ts';
import manifest from './manifest.ts';
import { readStructuredData } from './structured-data.ts';

/** RFC 5424, table 1. */
const facilities =
  'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit alert clock local0 local1 local2 local3 local4 local5 local6 local7'.split(
    ' ',
  );

/** Reads a syslog line of any of the known forms; leaves any other alone. Times without a zone are taken for UTC. */
export function parseSyslog(record: LogRecord): LogRecord {
  const line = record.message;
  if (line === undefined) return record;
  if (line.charCodeAt(0) !== 0x3c) return parseHeader(record, line, 0, undefined);
  const priority = /^<(\d{1,3})>/.exec(line.slice(0, 5));
  if (!priority || Number(priority[1]) > 191) return record;
  const at = priority[0].length;
  return line.startsWith('1 ', at)
    ? parse5424(record, line, at + 2, Number(priority[1]))
    : parseHeader(record, line, at, Number(priority[1]));
}

function parse5424(record: LogRecord, line: string, at: number, priority: number): LogRecord {
  const header: string[] = [];
  for (let field = 0; field < 5; field++) {
    const end = line.indexOf(' ', at);
    if (end < 0 || end - at > 255) return record;
    header.push(line.slice(at, end));
    at = end + 1;
  }
  const [time, host, app, procid, msgid] = header as [string, string, string, string, string];
  const instant = time === '-' ? undefined : readTime(time);
  const attributes: Attributes = {};
  if ((time !== '-' && !instant) || !readStructuredData(line, at, attributes)) return record;
  if (msgid !== '-') attributes.msgid = msgid;
  return found(record, { timestamp: instant?.us, host: given(host), attributes }, given(app), given(procid), priority);
}

/** What stands before the message where there is no version: `Oct 11 22:14:15 host tag[pid]: ` */
const header = /^([\w.:-]{1,255}) (?:([\w./-]{1,64})(?:\[([\w.-]{1,20})\])?: ?)?/;
const levelWord = /^(?:trace|debug|info|notice|warn|warning|error|err|crit|critical|fatal|alert|emerg)[:\d]*$/i;

/** RFC 3164, and the files that follow it; without a priority it must have a tag, else any line with a date would do. */
function parseHeader(record: LogRecord, line: string, at: number, priority: number | undefined): LogRecord {
  const time = headerTimeUs(line, at, record.observed_timestamp);
  if (!time) return record;
  const [text, host, tag, pid] = header.exec(line.slice(time.end, time.end + 400)) ?? [];
  if (!text || !host || host.endsWith(':') || levelWord.test(host)) return record;
  if (priority === undefined && tag === undefined) return record;
  return found(record, { timestamp: time.us, host, attributes: {} }, tag, pid, priority);
}

const given = (field: string): string | undefined => (field === '-' ? undefined : field);

function found(
  record: LogRecord,
  facts: Findings,
  app: string | undefined,
  procid: string | undefined,
  priority: number | undefined,
): LogRecord {
  const { attributes } = facts;
  if (priority !== undefined) {
    attributes.facility = facilities[priority >> 3]!;
    facts.grade = readSyslogLevel(priority & 7);
  }
  if (procid !== undefined) attributes.procid = /^[1-9]\d{0,9}$/.test(procid) ? Number(procid) : procid;
  if (app !== undefined) {
    if (record.service === 'unknown') facts.service = app;
    else if (record.service !== app) attributes.app = app;
  }
  return improve(record, facts);
}

export default defineProcessor(manifest, () => parseSyslog);
