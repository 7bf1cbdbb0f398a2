// What the queries Q1 to Q6 take over one million records in files: `node bench/queries.ts [sample] [--check] [--cache MB]`. The sample is
// logs-100k.ndjson.gz; files are kept in a temporary folder for the next run. With --check every answer is compared with a scan of all records.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { aggregate } from '../src/columnar/aggregate.ts';
import { PageCache } from '../src/columnar/page-cache.ts';
import { openPart, type Part } from '../src/columnar/part.ts';
import { search } from '../src/columnar/search.ts';
import type { SourceRef } from '../src/columnar/sources.ts';
import { Table } from '../src/columnar/table.ts';
import type { WarmObject } from '../src/core/ports/warm-store.ts';
import type { StoredRecord } from '../src/core/record.ts';
import { allOf, type Expression, everything } from '../src/query/ast/expression.ts';
import { matcherOf } from '../src/query/compile/scan/matcher.ts';
import type { AggregatePlan, ReadStats, SearchPlan } from '../src/query/plan.ts';
import { dayUs, records, startUs, tenant, writeFiles } from './queries-data.ts';
import { sample as realLines } from './records-file.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { check: { type: 'boolean', default: false }, cache: { type: 'string', default: '64' } },
});
const sample = positionals[0] ?? realLines;
const hourUs = 3600e6;
const rounds = 24;

const services = ['web-frontend', 'auth', 'kafka-broker'];
const levels = ['info', 'warn', 'error', 'debug'];
const rareWords = ['kibana', 'favicon', 'reboot', 'nosuchwordanywhere', 'shutdown', 'webmaster', 'exception', 'authentication'];
const commonWords = ['password', 'failed', 'session', 'get', 'http', 'user', 'partition', 'preferred'];
const substrings = [
  'TimeoutEx',
  'passwo',
  '/vendor_data',
  'eaderElection',
  'gzip',
  'consumer_offs',
  'ogstash-',
  'onitorama',
  'ssh2',
  'nvalid us',
];
const regexes = [
  'from 218\\.\\d+\\.\\d+\\.\\d+',
  '(GET|POST) /blog/.*\\.php',
  'port 5[0-9]{3}1 ssh2',
  'kibana-dash[a-z]*[0-9].*404',
  'Invalid user [a-z]+ from',
  'Shutting down.*complete',
];
const at = <T>(list: readonly T[], i: number): T => list[i % list.length]!;
const equal = (field: string, value: string): Expression => ({ kind: 'compare', op: '=', field, value });
const onMessage = (kind: 'match' | 'contains' | 'regex', text: string): Expression => ({ kind, field: 'message', text });
const day = { fromUs: startUs, toUs: startUs + dayUs };
const list = (where: Expression, time = day): SearchPlan => ({ tenant, time, where, order: 'desc', limit: 100 });
const groups = (plan: Pick<AggregatePlan, 'groupBy' | 'aggregates'>): AggregatePlan => ({
  tenant,
  time: day,
  where: everything,
  orderBy: [],
  limit: 1e6,
  ...plan,
});
const byService = { kind: 'field', field: 'service', as: 'service' } as const;

const files = writeFiles(join(tmpdir(), 'logdrive-bench-queries'), sample);
const cache = new PageCache(Number(options.cache) * 1024 * 1024);
const opened = performance.now();
const parts: Part[] = [];
for (const file of files) parts.push(await openPart(objectOf(file), cache));
const openMs = performance.now() - opened;
const sources: SourceRef[] = parts.map((source) => ({ source }));
const known = await someRecords();

type Query = { name: string; goalMs: number; peerMs: number | undefined; plan: (i: number) => SearchPlan | AggregatePlan };
const queries: Query[] = [
  {
    name: 'Q1 service and level, 1 h, newest 100',
    goalMs: 5,
    peerMs: 11,
    plan: (i) => {
      const fromUs = startUs + ((i * 7) % 24) * hourUs;
      return list(allOf(equal('service', at(services, i)), equal('level', at(levels, i))), { fromUs, toUs: fromUs + hourUs });
    },
  },
  { name: 'Q2 rare word, 24 h', goalMs: 1, peerMs: 19, plan: (i) => list(onMessage('match', at(rareWords, i))) },
  { name: 'Q2 common word, 24 h', goalMs: 3, peerMs: 10, plan: (i) => list(onMessage('match', at(commonWords, i))) },
  { name: 'Q3 substring', goalMs: 6, peerMs: 68, plan: (i) => list(onMessage('contains', at(substrings, i))) },
  { name: 'Q3 regular expression', goalMs: 7, peerMs: 64, plan: (i) => list(onMessage('regex', at(regexes, i))) },
  { name: 'Q3 substring of digits (scans)', goalMs: 150, peerMs: undefined, plan: (i) => list(onMessage('contains', `7771${i}`)) },
  { name: 'Q3 pattern without a literal (scans)', goalMs: 190, peerMs: undefined, plan: () => list(onMessage('regex', '[xyz]{5}[0-9]q')) },
  {
    name: 'Q4 count by service and 5 min',
    goalMs: 3.5,
    peerMs: 39,
    plan: () => groups({ groupBy: [byService, { kind: 'bucket', stepUs: 300e6, as: 'bucket' }], aggregates: [{ fn: 'count', as: 'n' }] }),
  },
  {
    name: 'Q5 p95 of latency_ms by service',
    goalMs: 17,
    peerMs: 125,
    plan: () =>
      groups({ groupBy: [byService], aggregates: [{ fn: 'percentile', field: 'attributes.latency_ms', percent: 95, as: 'p95' }] }),
  },
  { name: 'Q6 trace id, 24 h', goalMs: 5, peerMs: 2.4, plan: (i) => list(equal('trace_id', at(known, i).trace_id!)) },
  { name: 'Q6 id, 24 h', goalMs: 5, peerMs: 2.4, plan: (i) => list(equal('id', at(known, i).id)) },
  { name: 'newest 100', goalMs: 5, peerMs: undefined, plan: () => list(everything) },
  {
    name: 'attribute = value, 24 h',
    goalMs: 5,
    peerMs: undefined,
    plan: (i) => list(equal('client_ip', at(['83.149.9.216', '5.36.59.76', '1.2.3.4'], i))),
  },
  {
    name: 'count of errors by host and status',
    goalMs: 40,
    peerMs: undefined,
    plan: () => ({
      ...groups({
        groupBy: [
          { kind: 'field', field: 'host', as: 'host' },
          { kind: 'field', field: 'status', as: 'status' },
        ],
        aggregates: [{ fn: 'count', as: 'n' }],
      }),
      where: equal('level', 'warn'),
    }),
  },
];

const answer = (from: SourceRef[], plan: SearchPlan | AggregatePlan): Promise<{ stats: ReadStats; rows: number }> =>
  'groupBy' in plan
    ? aggregate(from, plan).then(({ stats, rows }) => ({ stats, rows: rows.length }))
    : search(from, plan).then(({ stats, records: found }) => ({ stats, rows: found.length }));

const bytes = parts.reduce((sum, { info }) => sum + info.bytes, 0);
console.log(
  `node ${process.version}; ${parts.length} files, ${(bytes / 1e6).toFixed(1)} MB, opened in ${openMs.toFixed(0)} ms; cache ${options.cache} MB\n`,
);
console.log(
  '| query | first time p50 ms | p50 ms | p95 ms | mean CPU ms | goal | VictoriaLogs | rows | pages | MB read first |\n|---|---|---|---|---|---|---|---|---|---|',
);
for (const { name, goalMs, peerMs, plan } of queries) console.log(await line(name, sources, plan, `${goalMs} | ${peerMs ?? ''}`));

const table = new Table();
for (const record of records(sample)) if (!table.add(tenant, record, record)) break;
console.log(
  `\nThe table in memory, ${table.rows} rows\n\n| query | first time p50 ms | p50 ms | p95 ms | mean CPU ms |\n|---|---|---|---|---|`,
);
for (const { name, plan } of queries.filter((query) => !query.name.includes('id, ')))
  console.log(await line(name, [{ source: table }], plan));
console.log(`\nRSS ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB, cache ${(cache.bytes / 1e6).toFixed(0)} MB`);
if (options.check) await check();

/** Asks a query's variants twice: as former queries left the cache, and again. */
async function line(name: string, from: SourceRef[], plan: Query['plan'], more = ''): Promise<string> {
  const cold = await round(from, plan);
  const warm = await round(from, plan);
  const times = [cold.p50Ms, warm.p50Ms, warm.p95Ms, warm.cpuMs].map((ms) => ms.toFixed(2)).join(' | ');
  if (more === '') return `| ${name} | ${times} |`;
  const { rows, pages, bytes: read } = cold;
  return `| ${name} | ${times} | ${more} | ${Math.round(rows)} | ${Math.round(pages)} | ${(read / 1e6).toFixed(2)} |`;
}

async function round(from: SourceRef[], plan: Query['plan']) {
  const tookMs: number[] = [];
  const sums = { rows: 0, pages: 0, bytes: 0 };
  const cpu = process.cpuUsage();
  for (let i = 0; i < rounds; i++) {
    const started = performance.now();
    const { stats, rows } = await answer(from, plan(i));
    tookMs.push(performance.now() - started);
    sums.rows += rows / rounds;
    sums.pages += stats.pages / rounds;
    sums.bytes += stats.bytes / rounds;
  }
  const { user, system } = process.cpuUsage(cpu);
  tookMs.sort((a, b) => a - b);
  return { ...sums, p50Ms: tookMs[rounds >> 1]!, p95Ms: tookMs[Math.floor(rounds * 0.95)]!, cpuMs: (user + system) / 1000 / rounds };
}

/** Records from all over the day that have a trace id. */
async function someRecords(): Promise<StoredRecord[]> {
  const found: StoredRecord[] = [];
  for (let i = 0; i < rounds; i++) {
    const toUs = startUs + ((i * 7) % 24) * hourUs + hourUs / 2;
    const plan = list({ kind: 'exists', field: 'trace_id' }, { fromUs: startUs, toUs });
    found.push(...(await search(sources, { ...plan, limit: 1 })).records);
  }
  return found;
}

function objectOf(file: string): WarmObject {
  const descriptor = openSync(file, 'r');
  return {
    size: fstatSync(descriptor).size,
    read: (from, length) => {
      const into = Buffer.allocUnsafe(length);
      readSync(descriptor, into, 0, length, from);
      return into;
    },
    close: () => closeSync(descriptor),
  };
}

/** Compares the first answers of each list query, and the sums of the counts, with a scan. */
async function check(): Promise<void> {
  const plans = queries.flatMap(({ name, plan }) => [0, 1].map((i) => ({ name, plan: plan(i) })));
  const lists = plans.flatMap(({ name, plan }) =>
    'groupBy' in plan ? [] : [{ name, plan, matches: matcherOf(plan.where), ids: [] as string[] }],
  );
  const counts = new Map<string, number>();
  for (const record of records(sample)) {
    const { timestamp } = record;
    for (const { plan, matches, ids } of lists) {
      if (timestamp < plan.time.fromUs || timestamp >= plan.time.toUs || !matches(record)) continue;
      ids.push(`${String(timestamp).padStart(17, '0')} ${record.id}`);
      if (ids.length > 20_000) ids.sort().splice(0, ids.length - 100);
    }
    const bucket = `${record.service} ${Math.floor(timestamp / 300e6) * 300e6}`;
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  }
  for (const { name, plan, ids } of lists) {
    const expected = ids.sort().slice(-100).reverse();
    const found = (await search(sources, plan)).records.map(({ timestamp, id }) => `${String(timestamp).padStart(17, '0')} ${id}`);
    if (JSON.stringify(found) !== JSON.stringify(expected))
      throw new Error(`${name}: ${found.length} records, a scan finds ${expected.length}`);
  }
  const counted = await aggregate(sources, queries.find(({ name }) => name.startsWith('Q4'))!.plan(0) as AggregatePlan);
  const differs =
    counted.rows.length !== counts.size || counted.rows.some(({ service, bucket, n }) => counts.get(`${service} ${bucket}`) !== n);
  if (differs) throw new Error('Q4 counts other than a scan');
  console.log(`checked: ${lists.length} lists and ${counts.size} counts equal those of a scan`);
}
