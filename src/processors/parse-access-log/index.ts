import { improve } from '../../core/improve.ts';
import { type Grade, readLevel } from '../../core/level.ts';
import { defineProcessor } from '../../core/processor.ts';
import type { Attributes, LogRecord } from '../../core/record.ts';
import { commonLogTimeUs } from './common-log-time.ts';
import manifest from './manifest.ts';

const [info, warn, error] = ['info', 'warn', 'error'].map(readLevel) as [Grade, Grade, Grade];

const quote = 0x22;
const space = 0x20;
const backslash = 0x5c;

/**
 * Reads the common log format, with referrer and user agent the combined one (https://httpd.apache.org/docs/2.4/logs.html): `host ident user
 * [time] "request" status bytes ["referrer" "user agent"]`. Further fields are left to the message; a last quote that was cut off is forgiven.
 * Any other line is left alone.
 */
export function parseAccessLog(record: LogRecord): LogRecord {
  const line = record.message;
  if (line === undefined) return record;
  const hostEnd = line.indexOf(' ');
  const identEnd = line.indexOf(' ', hostEnd + 1);
  const timeAt = line.indexOf(' [', identEnd + 1);
  if (hostEnd < 1 || identEnd < 0 || timeAt < 0 || timeAt > 512) return record;
  const timestamp = commonLogTimeUs(line, timeAt + 2);
  const requestAt = timeAt + 31;
  if (Number.isNaN(timestamp) || line.charCodeAt(requestAt - 1) !== quote || !line.startsWith('] ', requestAt - 3)) return record;
  const requestEnd = closingQuote(line, requestAt);
  const status = statusAt(line, requestEnd + 2);
  if (requestEnd < 0 || status === 0) return record;

  const attributes: Attributes = { client_ip: line.slice(0, hostEnd) };
  const user = line.slice(identEnd + 1, timeAt);
  if (user !== '-') attributes.user = user;
  readRequest(line, requestAt, requestEnd, attributes);
  attributes.status = status;
  const bytesAt = requestEnd + 6;
  let at = bytesAt;
  let bytes = 0;
  for (let digit = line.charCodeAt(at) - 48; digit >= 0 && digit <= 9 && at < bytesAt + 15; digit = line.charCodeAt(++at) - 48)
    bytes = bytes * 10 + digit;
  if (at > bytesAt) attributes.bytes = bytes;
  else if (line.charCodeAt(at) === 0x2d) at++;
  readAgent(line, at, attributes);
  return improve(record, { timestamp, grade: status >= 500 ? error : status >= 400 ? warn : info, attributes });
}

/** Reads `method path HTTP/version`; anything else stays in the message only. */
function readRequest(line: string, from: number, to: number, attributes: Attributes): void {
  const methodEnd = line.indexOf(' ', from);
  const pathEnd = line.lastIndexOf(' ', to - 1);
  if (methodEnd <= from || methodEnd - from > 20 || pathEnd <= methodEnd + 1 || !line.startsWith('HTTP/', pathEnd + 1)) return;
  attributes.method = line.slice(from, methodEnd);
  attributes.path = line.slice(methodEnd + 1, pathEnd);
  attributes.http_version = line.slice(pathEnd + 6, to);
}

function readAgent(line: string, at: number, attributes: Attributes): void {
  if (line.charCodeAt(at) !== space || line.charCodeAt(at + 1) !== quote) return;
  const referrerEnd = closingQuote(line, at + 2);
  if (referrerEnd < 0 || line.charCodeAt(referrerEnd + 1) !== space || line.charCodeAt(referrerEnd + 2) !== quote) return;
  const referrer = line.slice(at + 2, referrerEnd);
  if (referrer !== '-') attributes.referrer = referrer;
  const agentEnd = closingQuote(line, referrerEnd + 3);
  const agent = line.slice(referrerEnd + 3, agentEnd < 0 ? line.length : agentEnd);
  if (agent !== '-') attributes.user_agent = agent;
}

/** Where the quoted text that begins at `from` ends, a quote behind a backslash being part of it; -1 where it does not. */
function closingQuote(line: string, from: number): number {
  let at = line.indexOf('"', from);
  while (at > from && line.charCodeAt(at - 1) === backslash && isEscaped(line, at, from)) at = line.indexOf('"', at + 1);
  return at;
}

function isEscaped(line: string, at: number, from: number): boolean {
  let backslashes = 0;
  while (at - backslashes > from && line.charCodeAt(at - backslashes - 1) === backslash) backslashes++;
  return backslashes % 2 === 1;
}

/** Three digits between spaces, from 100 to 599; 0 for anything else. */
function statusAt(line: string, at: number): number {
  const status = (line.charCodeAt(at) - 48) * 100 + (line.charCodeAt(at + 1) - 48) * 10 + line.charCodeAt(at + 2) - 48;
  const isNumber = isDigit(line.charCodeAt(at)) && isDigit(line.charCodeAt(at + 1)) && isDigit(line.charCodeAt(at + 2));
  const isApart = line.charCodeAt(at - 1) === space && line.charCodeAt(at + 3) === space;
  return isNumber && isApart && status >= 100 && status < 600 ? status : 0;
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

export default defineProcessor(manifest, () => parseAccessLog);
