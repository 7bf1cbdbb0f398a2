import { readFileSync } from 'node:fs';
import { recordsFile } from './records-file.ts';

/** So many of each kind are asked, one after the other, with other words and times. */
export const asked = 96;

const dayStartMs = Date.UTC(2026, 10, 20);
const hourMs = 3_600_000;
type Span = { from: string; to: string };
const span = (fromMs: number, toMs: number): Span => ({ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() });
const day = span(dayStartMs, dayStartMs + 24 * hourMs);
const at = <T>(list: readonly T[], i: number): T => list[i % list.length]!;

const services = ['web-frontend', 'auth', 'kafka-broker'];
const levels = ['info', 'warn', 'error', 'debug'];
const rareWords = [
  ...['ioexception', 'panic', 'reboot', 'webmaster', 'deprecated', 'kibana', 'xchecksum', 'deadlock', 'nosuchtokenanywhere', 'segfault'],
];
const commonWords = ['password', 'failed', 'session', 'get', 'http', 'user', 'partition', 'preferred'];
const substrings = ['TimeoutEx', 'passwo', '/vendor_data', 'eaderElection', 'gzip', 'consumer_offs', 'ogstash-', 'onitorama', 'ssh2'];
const regexes = [
  ...['time: [1-9]\\.\\d+', 'from 218\\.\\d+\\.\\d+\\.\\d+', '(GET|POST) /blog/.*\\.php'],
  ...['blk_-?\\d+ (terminating|received)', 'port 5[0-9]{3}1 ssh2', 'kibana-dash[a-z]*[0-9].*404'],
];
const traceIds = someTraceIds(readFileSync(recordsFile()));

/** Trace ids of records from all over the day. */
function someTraceIds(lines: Buffer): string[] {
  const key = '"trace_id":"';
  const parts = 24;
  return Array.from({ length: asked }, (_, i) => {
    const from = lines.indexOf(key, Math.floor((lines.length * (((i * 7) % parts) + i / asked)) / (parts + 1))) + key.length;
    return lines.toString('utf8', from, from + 32);
  });
}

/** One kind of query, the i-th of it: as the body of `POST /api/query`, and as VictoriaLogs takes it. */
export type SixQuery = { name: string; body: (i: number) => object; logsQl: (i: number) => { query: string; limit?: number } };

const quoted = (text: string) => JSON.stringify(text);
const within = ({ from, to }: Span) => `_time:[${from}, ${to})`;
const limit = 100;
const onMessage = (name: string, op: string, words: string[], spell: (word: string) => string): SixQuery => ({
  name,
  body: (i) => ({ time: day, where: [op, 'message', at(words, i)], limit }),
  logsQl: (i) => ({ query: `${within(day)} ${spell(at(words, i))}`, limit }),
});

export const sixQueries: SixQuery[] = [
  {
    name: 'Q1 service and level, 1 h, newest 100',
    body: (i) => ({ time: hourOf(i), where: ['and', ['=', 'service', at(services, i)], ['=', 'level', at(levels, i)]], limit }),
    logsQl: (i) => ({ query: `${within(hourOf(i))} {service=${quoted(at(services, i))}} level:=${at(levels, i)}`, limit }),
  },
  onMessage('Q2 rare word, 24 h', 'match', rareWords, (word) => `i(${quoted(word)})`),
  onMessage('Q2 common word, 24 h', 'match', commonWords, (word) => `i(${quoted(word)})`),
  onMessage('Q3 substring, 24 h', 'contains', substrings, (text) => `~${quoted(text.replaceAll('.', '\\.'))}`),
  onMessage('Q3 regular expression, 24 h', 'regex', regexes, (pattern) => `~${quoted(pattern)}`),
  {
    name: 'Q4 count by service and 5 min, 24 h',
    body: () => ({ time: day, group_by: ['service', ['bucket', 'timestamp', '5m']], aggregate: { n: ['count'] }, limit: 10_000 }),
    logsQl: () => ({ query: `${within(day)} | stats by (service, _time:5m) count() n` }),
  },
  {
    name: 'Q5 p95 of latency_ms by service, 24 h',
    body: () => ({ time: day, group_by: ['service'], aggregate: { p95: ['percentile', 'latency_ms', 95] } }),
    logsQl: () => ({ query: `${within(day)} | stats by (service) quantile(0.95, attributes.latency_ms) p95` }),
  },
  {
    name: 'Q6 by trace id, 24 h',
    body: (i) => ({ time: day, where: ['=', 'trace_id', at(traceIds, i)], limit }),
    logsQl: (i) => ({ query: `${within(day)} attributes.trace_id:=${quoted(at(traceIds, i))}`, limit }),
  },
];

function hourOf(i: number): Span {
  const fromMs = dayStartMs + ((i * 7) % 24) * hourMs;
  return span(fromMs, fromMs + hourMs);
}
