// Which engine is better at which aggregate, over one million records in files: `node bench/engines.ts [sample]`. The sample and the files are those of
// bench/queries.ts. The figures are in docs/decisions/0005-which-engine.md.
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DuckDbWarmQuery } from '../src/adapters/warm-query/duckdb/duckdb-warm-query.ts';
import { aggregate, canAggregate } from '../src/columnar/aggregate.ts';
import { PageCache } from '../src/columnar/page-cache.ts';
import { openPart, type Part } from '../src/columnar/part.ts';
import { type Expression, everything } from '../src/query/ast/expression.ts';
import type { Aggregate, AggregatePlan, GroupKey, Groups } from '../src/query/plan.ts';
import { dayUs, startUs, tenant, writeFiles } from './queries-data.ts';

const rounds = 5;
const folder = join(tmpdir(), 'logdrive-bench-queries');
const sample = process.argv[2] ?? join(import.meta.dirname, '../../shared/data/logs-100k.ndjson.gz');
const names = writeFiles(folder, sample).map((path) => basename(path));
const engine = new DuckDbWarmQuery({ root: folder, temporary: join(tmpdir(), 'logdrive-bench-engines') });
const cache = new PageCache(64 * 2 ** 20);
const parts: Part[] = [];
for (const name of names) {
  const bytes = readFileSync(join(folder, name));
  parts.push(await openPart({ size: bytes.length, read: (from, length) => bytes.subarray(from, from + length), close: () => {} }, cache));
}
const files = parts.map((part, i) => ({
  content: names[i]!,
  bytes: part.info.bytes,
  columns: part.groups.flatMap(({ place }) => place.columns.map((column) => column.name)),
}));

const by = (...fields: string[]): GroupKey[] => fields.map((field) => ({ kind: 'field', field, as: field }));
const count: Aggregate = { fn: 'count', as: 'n' };
const distinct = (field: string): Aggregate => ({ fn: 'distinct', field, as: 'd' });
const top: Partial<AggregatePlan> = { orderBy: [['n', 'desc']], limit: 10 };
const match: Expression = { kind: 'match', field: 'message', text: 'failed password' };
const regex: Expression = { kind: 'regex', field: 'message', text: '[xyz]{4}[0-9]q' };

const cases: [name: string, plan: Partial<AggregatePlan>][] = [
  ['count by service and 5 min', { groupBy: [...by('service'), { kind: 'bucket', stepUs: 300e6, as: 'b' }], aggregates: [count] }],
  ['p95 of latency by service', { groupBy: by('service'), aggregates: [{ fn: 'percentile', field: 'latency_ms', percent: 95, as: 'p' }] }],
  ['count by host and status', { groupBy: by('host', 'status'), aggregates: [count] }],
  ['count of a phrase by host', { groupBy: by('host'), aggregates: [count], where: match }],
  ['count of a regular expression without literals', { aggregates: [count], where: regex }],
  ['top 10 client_ip (1,750)', { groupBy: by('client_ip'), aggregates: [count], ...top }],
  [
    'top 10 path (4,000) with p95',
    { groupBy: by('path'), aggregates: [count, { fn: 'percentile', field: 'latency_ms', percent: 95, as: 'p' }], ...top },
  ],
  [
    'distinct bytes and client_ip by service',
    { groupBy: by('service'), aggregates: [distinct('bytes'), { ...distinct('client_ip'), as: 'e' }] },
  ],
  ['top 10 trace_id', { groupBy: by('trace_id'), aggregates: [count], ...top }],
  ['distinct trace_id by service', { groupBy: by('service'), aggregates: [distinct('trace_id')] }],
  ['top 10 message', { groupBy: by('message'), aggregates: [count], ...top }],
  ['distinct id', { aggregates: [distinct('id')] }],
];

console.log(`node ${process.version}, ${parts.length} files, ${Math.round(files.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6)} MB\n`);
console.log('| aggregate | ours p50 ms (CPU) | DuckDB p50 ms (CPU) | RSS after ours, DuckDB MB | goes to |\n|---|---|---|---|---|');
for (const [name, part] of cases) {
  const plan = {
    tenant,
    time: { fromUs: startUs, toUs: startUs + dayUs },
    where: everything,
    groupBy: [],
    aggregates: [],
    orderBy: [],
    limit: 100_000,
    ...part,
  };
  const isOurs = !name.includes('distinct id');
  const sources = parts.map((source) => ({ source }));
  const ours = isOurs ? await measured(() => aggregate(sources, plan)) : undefined;
  const theirs = await measured(async () => (await engine.aggregate(files, plan))!);
  if (ours && ours.rows !== theirs.rows) throw new Error(`${name}: ${ours.rows} groups here, ${theirs.rows} there`);
  const cells = [ours, theirs].map((side) => (side ? `${side.ms.toFixed(0)} (${side.cpuMs.toFixed(0)})` : '-'));
  const rss = [ours, theirs].map((side) => (side ? Math.round(side.rss / 1e6) : '-')).join(', ');
  console.log(`| ${name} | ${cells.join(' | ')} | ${rss} | ${canAggregate(plan) ? 'ours' : 'DuckDB'} |`);
}
await engine.close();

async function measured(ask: () => Promise<Groups>) {
  await ask();
  const times: number[] = [];
  let rows = '';
  const cpu = process.cpuUsage();
  for (let i = 0; i < rounds; i++) {
    const started = performance.now();
    rows = JSON.stringify((await ask()).rows.map((row) => row.n ?? row.d));
    times.push(performance.now() - started);
  }
  const { user, system } = process.cpuUsage(cpu);
  return { rows, ms: times.sort((a, b) => a - b)[rounds >> 1]!, cpuMs: (user + system) / 1000 / rounds, rss: process.memoryUsage.rss() };
}
