// What the queries Q1 to Q6 take a user, through the HTTP API of `logdrive up` over one million records of one day, and, in turns with it, through that
// of VictoriaLogs where its program is given: node bench/http-queries.ts [--victoria-logs PROGRAM]
// First over the files as they were sealed, then once they are compacted to one an hour. Servers on core 0, this process on core 1.
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ServerProcess } from './server-process.ts';
import { asked, type SixQuery, sixQueries } from './six-queries.ts';
import { startVictoriaLogs } from './victoria-logs.ts';

const { values: options } = parseArgs({ options: { 'victoria-logs': { type: 'string' } } });
const agent = new Agent({ keepAlive: true });

/** Posts a body; resolves to the text of the answer. */
function post(port: number, path: string, type: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': type, 'content-length': Buffer.byteLength(body) };
    const call = request({ port, host: '127.0.0.1', path, method: 'POST', headers, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => (response.statusCode === 200 ? resolve(text) : reject(new Error(text))));
    });
    call.on('error', reject).end(body);
  });
}

type Ask = (query: SixQuery, i: number) => Promise<number>;
const askLogdrive =
  (port: number): Ask =>
  async ({ body }, i) =>
    (JSON.parse(await post(port, '/api/query', 'application/json', JSON.stringify(body(i)))) as { items: unknown[] }).items.length;
const askVictoriaLogs =
  (port: number): Ask =>
  async ({ logsQl }, i) => {
    const { query, limit } = logsQl(i);
    const form = new URLSearchParams({ query, ...(limit ? { limit: String(limit) } : {}) });
    const text = await post(port, '/select/logsql/query', 'application/x-www-form-urlencoded', String(form));
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line)).length;
  };

/** Times of one kind of query, ms: the first, p50, p95, and how many rows came on average. */
async function timesOf(ask: Ask, query: SixQuery): Promise<string[]> {
  const tookMs: number[] = [];
  let rows = 0;
  for (let i = 0; i < asked; i++) {
    const startedMs = performance.now();
    rows += await ask(query, i);
    tookMs.push(performance.now() - startedMs);
  }
  const first = tookMs[0]!;
  tookMs.sort((a, b) => a - b);
  return [...[first, tookMs[asked >> 1]!, tookMs[Math.floor(asked * 0.95)]!].map((ms) => ms.toFixed(1)), String(Math.round(rows / asked))];
}

/** All kinds of one server and then all of the other: those of ours are answered before compaction begins, ten seconds behind the last commit. */
async function measure(askOurs: Ask, askTheirs: Ask | undefined): Promise<void> {
  const ours: string[][] = [];
  const theirs: string[][] = [];
  for (const query of sixQueries) ours.push(await timesOf(askOurs, query));
  if (askTheirs) for (const query of sixQueries) theirs.push(await timesOf(askTheirs, query));
  const columns = ['first ms', 'p50', 'p95', 'rows'];
  const head = ['query', ...columns, ...(askTheirs ? columns.map((name) => `VictoriaLogs ${name}`) : [])];
  console.log(`| ${head.join(' | ')} |\n|${'---|'.repeat(head.length)}`);
  sixQueries.forEach((query, i) => {
    console.log(`| ${[query.name, ...ours[i]!, ...(theirs[i] ?? [])].join(' | ')} |`);
  });
}

const peer = options['victoria-logs'] ? await startVictoriaLogs(options['victoria-logs']) : undefined;
await peer?.loaded([]);
type Tiers = { items: { tier: string; files: number }[] };
const server = await ServerProcess.start('../bin/logdrive.ts', (port, folder) => [
  ...['up', '--port', String(port), '--data-dir', join(folder, 'data'), '--log-level', 'warn', '--set', 'seal.after=1s'],
]);
const filesOf = async (tier: string) => (await server.get<Tiers>('/api/storage')).items.find((item) => item.tier === tier)!.files;
await server.load([]);
while ((await server.get<{ warm: { in_flight: number } }>('/api/ledger')).warm.in_flight > 0) await delay(100);
const ask = askLogdrive(server.port);
const askPeer = peer && askVictoriaLogs(peer.server.port);
console.log(`\n${await filesOf('level0')} files as they were sealed, ${await filesOf('compacted')} compacted\n`);
await measure(ask, askPeer);
while ((await filesOf('level0')) > 8) await delay(500);
await delay(2_000);
console.log(`\n${await filesOf('compacted')} compacted files and ${await filesOf('level0')} as they were sealed\n`);
await measure(ask, askPeer);
console.log(`\nRSS ${server.rssMb().toFixed(0)} MB${peer ? `, VictoriaLogs ${peer.server.rssMb().toFixed(0)} MB` : ''}`);
await server.stop();
await peer?.server.stop();
