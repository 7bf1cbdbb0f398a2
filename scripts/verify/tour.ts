// The newcomer's way, as a person would go it: the server by its command, records by `logdrive send`, what `grep` finds found by search, the
// ledger and the receipts in agreement, and the Parquet files counted by pyarrow. Ends with 77 where Python is missing.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { simulate } from '../../src/simulate/simulate.ts';

const usage = `usage: node scripts/verify/tour.ts
Sends 100,000 records (those of ../shared/data/logs-100k.ndjson.gz where it is there, else simulated ones) through the command line and checks
every account of them. Needs python3; pyarrow is installed from PyPI into .venv/ the first time.`;

const missing = 77;
const records = 100_000;
const words = ['Failed password', 'HTTP/1.1', 'timeout'];
const bin = ['--disable-warning=ExperimentalWarning', 'bin/logdrive.ts'];
const venv = '.venv/pyarrow';
const real = '../shared/data/logs-100k.ndjson.gz';

process.chdir(join(import.meta.dirname, '../..'));
if (process.argv.includes('--help')) {
  console.log(usage);
  process.exit(0);
}
if (spawnSync('python3', ['--version']).status !== 0) {
  console.log('python3 is missing: the Parquet files are not counted by a reader that is not ours');
  process.exit(missing);
}
if (!existsSync(`${venv}/bin/python`)) must('python3', ['-m', 'venv', venv]);
if (spawnSync(`${venv}/bin/python`, ['-c', 'import pyarrow']).status !== 0) {
  must(`${venv}/bin/pip`, ['install', '--quiet', '--disable-pip-version-check', 'pyarrow==21.0.0']);
}

const folder = mkdtempSync(join(tmpdir(), 'logdrive-tour-'));
const file = join(folder, 'logs.ndjson');
const lines = existsSync(real) ? gunzipSync(readFileSync(real)).toString().trimEnd().split('\n') : simulated();
writeFileSync(file, `${lines.join('\n')}\n`);

const server = spawn(process.execPath, [...bin, 'up', '--port', '0', '--data-dir', join(folder, 'data'), '--set', 'canary.enabled=false'], {
  stdio: ['ignore', 'inherit', 'pipe'],
});
const faults: string[] = [];
try {
  const url = await addressOf();
  await tour(url);
} finally {
  server.kill('SIGTERM');
  await new Promise((resolve) => server.once('exit', resolve));
  rmSync(folder, { recursive: true, force: true });
}
for (const fault of faults) console.error(`FAULT: ${fault}`);
process.exitCode = faults.length > 0 ? 1 : 0;

async function tour(url: string): Promise<void> {
  must(process.execPath, [...bin, 'send', file, '--url', url, '--wait', 'warm']);
  const ledger = await get(`${url}/api/ledger`);
  for (const store of ['hot', 'warm']) expect(`${store} done`, ledger[store].done, records);
  expect('accepted', ledger.accepted, records);
  expect('in flight', ledger.hot.in_flight + ledger.warm.in_flight, 0);
  for (const word of words) {
    const messages = lines.map((line) => JSON.parse(line).message as string);
    const expected = messages.filter((message) => message.toLowerCase().includes(word.toLowerCase())).length;
    expect(`records with "${word}", page by page`, await walk(`${url}/api/logs?limit=10000&search=${encodeURIComponent(word)}`), expected);
  }
  const counted = spawnSync(`${venv}/bin/python`, ['scripts/verify/count-parquet.py', join(folder, 'data/warm')], { encoding: 'utf8' });
  console.log(`pyarrow: ${counted.stdout.trim()}${counted.stderr}`);
  const { rows, positions } = JSON.parse(counted.stdout) as { rows: number; positions: number };
  expect('rows by pyarrow', rows, records);
  expect('positions by pyarrow', positions, records);
}

/** Walks a search by its cursors; resolves to how many distinct records it met. */
async function walk(first: string): Promise<number> {
  const ids = new Set<string>();
  for (let page = await get(first); ; page = await get(`${first}&cursor=${encodeURIComponent(page.next_cursor)}`)) {
    for (const { id } of page.items) ids.add(id);
    if (page.next_cursor === null) return ids.size;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: answers of several calls, read by name
async function get(url: string): Promise<any> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

function expect(what: string, found: number, expected: number): void {
  console.log(`${found === expected ? 'ok' : 'NOT OK'}: ${what}: ${found}`);
  if (found !== expected) faults.push(`${what}: ${found} in place of ${expected}`);
}

async function addressOf(): Promise<string> {
  let text = '';
  server.stderr.on('data', (chunk) => {
    text += chunk;
  });
  const endMs = performance.now() + 20_000;
  while (performance.now() < endMs) {
    const [, url] = /ready on (http:\S+)/.exec(text) ?? [];
    if (url) return url;
    if (server.exitCode !== null) break;
    await delay(20);
  }
  throw new Error(`the server did not start: ${text}`);
}

function must(command: string, args: string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`, { cause: error });
}

function simulated(): string[] {
  const made: string[] = [];
  for (const { record } of simulate({ seed: 1, ratePerS: 1_000, startMs: Date.UTC(2026, 10, 20), durationMs: 3_600_000 })) {
    if (made.push(JSON.stringify(record)) === records) break;
  }
  return made;
}
