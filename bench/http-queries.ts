// What the queries Q1 to Q6 take a user, through the HTTP API of `logdrive up` over one million records of one day: node bench/http-queries.ts
// First over the files as they were sealed, then once they are compacted to one an hour. Server on core 0, this process on core 1.
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { recordsFile } from './records-file.ts';
import { ServerProcess } from './server-process.ts';

const rounds = 24;
const dayStartMs = Date.UTC(2026, 10, 20);
const hourMs = 3_600_000;
const time = (fromMs: number, toMs: number) => ({ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() });
const day = time(dayStartMs, dayStartMs + 24 * hourMs);
const at = <T>(list: readonly T[], i: number): T => list[i % list.length]!;

const services = ['web-frontend', 'auth', 'kafka-broker'];
const levels = ['info', 'warn', 'error', 'debug'];
const rareWords = ['kibana', 'favicon', 'reboot', 'nosuchwordanywhere', 'shutdown', 'webmaster', 'exception', 'authentication'];
const commonWords = ['password', 'failed', 'session', 'get', 'http', 'user', 'partition', 'preferred'];
const substrings = ['TimeoutEx', 'passwo', '/vendor_data', 'eaderElection', 'gzip', 'consumer_offs', 'ogstash-', 'onitorama', 'ssh2'];
const regexes = ['from 218\\.\\d+\\.\\d+\\.\\d+', '(GET|POST) /blog/.*\\.php', 'port 5[0-9]{3}1 ssh2', 'Invalid user [a-z]+ from'];
const traceIds = someTraceIds(readFileSync(recordsFile()));

/** Trace ids of records from all over the day. */
function someTraceIds(lines: Buffer): string[] {
  const key = '"trace_id":"';
  return Array.from({ length: rounds }, (_, i) => {
    const from = lines.indexOf(key, Math.floor((lines.length * ((i * 7) % rounds)) / rounds)) + key.length;
    return lines.toString('utf8', from, from + 32);
  });
}

type Query = { name: string; prototypeMs: number; victoriaLogsMs: string; body: (i: number) => object };
const onMessage = (op: string, words: string[]) => (i: number) => ({ time: day, where: [op, 'message', at(words, i)], limit: 100 });
const queries: Query[] = [
  {
    name: 'Q1 service and level, 1 h, newest 100',
    prototypeMs: 5,
    victoriaLogsMs: '11',
    body: (i) => {
      const fromMs = dayStartMs + ((i * 7) % 24) * hourMs;
      const where = ['and', ['=', 'service', at(services, i)], ['=', 'level', at(levels, i)]];
      return { time: time(fromMs, fromMs + hourMs), where, limit: 100 };
    },
  },
  { name: 'Q2 rare word, 24 h', prototypeMs: 1.1, victoriaLogsMs: '19', body: onMessage('match', rareWords) },
  { name: 'Q2 common word, 24 h', prototypeMs: 2.5, victoriaLogsMs: '10 to 21', body: onMessage('match', commonWords) },
  { name: 'Q3 substring, 24 h', prototypeMs: 6, victoriaLogsMs: '68', body: onMessage('contains', substrings) },
  { name: 'Q3 regular expression, 24 h', prototypeMs: 7, victoriaLogsMs: '64', body: onMessage('regex', regexes) },
  {
    name: 'Q4 count by service and 5 min, 24 h',
    prototypeMs: 3.5,
    victoriaLogsMs: '39',
    body: () => ({ time: day, group_by: ['service', ['bucket', 'timestamp', '5m']], aggregate: { n: ['count'] }, limit: 10_000 }),
  },
  {
    name: 'Q5 p95 of latency_ms by service, 24 h',
    prototypeMs: 17,
    victoriaLogsMs: '125',
    body: () => ({ time: day, group_by: ['service'], aggregate: { p95: ['percentile', 'latency_ms', 95] } }),
  },
  {
    name: 'Q6 by trace id, 24 h',
    prototypeMs: 5,
    victoriaLogsMs: '2.4',
    body: (i) => ({ time: day, where: ['=', 'trace_id', at(traceIds, i)], limit: 100 }),
  },
];

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

function post(port: number, body: object): Promise<{ items: unknown[] }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const call = request({ port, host: '127.0.0.1', path: '/api/query', method: 'POST', headers, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => (response.statusCode === 200 ? resolve(JSON.parse(text)) : reject(new Error(text))));
    });
    call.on('error', reject).end(JSON.stringify(body));
  });
}

async function measure(port: number): Promise<void> {
  console.log('| query | first ms | p50 ms | p95 ms | prototype p50 | VictoriaLogs p50 | rows |\n|---|---|---|---|---|---|---|');
  for (const { name, prototypeMs, victoriaLogsMs, body } of queries) {
    const tookMs: number[] = [];
    let rows = 0;
    for (let i = 0; i < rounds; i++) {
      const startedMs = performance.now();
      rows += (await post(port, body(i))).items.length;
      tookMs.push(performance.now() - startedMs);
    }
    const first = tookMs[0]!;
    tookMs.sort((a, b) => a - b);
    const times = [first, tookMs[rounds >> 1]!, tookMs[Math.floor(rounds * 0.95)]!].map((ms) => ms.toFixed(1)).join(' | ');
    console.log(`| ${name} | ${times} | ${prototypeMs} | ${victoriaLogsMs} | ${Math.round(rows / rounds)} |`);
  }
}

type Tiers = { items: { tier: string; files: number }[] };
const server = await ServerProcess.start('../bin/logdrive.ts', (port, folder) => [
  ...['up', '--port', String(port), '--data-dir', join(folder, 'data'), '--log-level', 'warn', '--set', 'seal.after=1s'],
]);
const filesOf = async (tier: string) => (await server.get<Tiers>('/api/storage')).items.find((item) => item.tier === tier)!.files;
await server.load([]);
while ((await server.get<{ warm: { in_flight: number } }>('/api/ledger')).warm.in_flight > 0) await delay(100);
console.log(`\n${await filesOf('level0')} files as they were sealed\n`);
await measure(server.port);
while ((await filesOf('level0')) > 8) await delay(500);
await delay(2_000);
console.log(`\n${await filesOf('compacted')} compacted files and ${await filesOf('level0')} as they were sealed\n`);
await measure(server.port);
console.log(`\nRSS ${server.rssMb().toFixed(0)} MB`);
await server.stop();
