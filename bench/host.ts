// What the host costs, on one core, beside the least that a durable server in Node can cost, in turns within the same minutes:
// node bench/host.ts [--rounds 3] [--minutes 0.5] [--threads] [--victoria-logs PROGRAM]
// (a) the baseline, (b) ingest to the durable answer without the stores, (c) `logdrive up` until all is searchable and committed, (d) VictoriaLogs
// until all is searchable, where its program is given.
// The server is pinned to core 0 and the load generator to core 1. One million records, 500 a request; see load.ts and records-file.ts.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { LoadResult } from './load.ts';
import { recordsFile } from './records-file.ts';
import { bytesBelow, median, ServerProcess } from './server-process.ts';
import { startVictoriaLogs } from './victoria-logs.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    minutes: { type: 'string', default: '0.5' },
    threads: { type: 'boolean', default: false },
    'victoria-logs': { type: 'string' },
  },
});
const rounds = Number(options.rounds);
const records = 1_000_000;
const rawBytes = statSync(recordsFile()).size;

/** The rest of a table that never fills is committed after so long: with the default of 20 s it would meet compaction, which is measured apart. */
const sealAfter = '4s';
const hostArgs = (port: number, folder: string) => [
  ...['up', '--port', String(port), '--data-dir', join(folder, 'data'), '--log-level', 'warn'],
  ...['--set', `seal.after=${sealAfter}`, '--set', 'canary.enabled=false'],
];
const startHost = (kept?: string) => ServerProcess.start('../bin/logdrive.ts', hostArgs, kept);

type Cost = { rate: number; cpuS: number; peakMb: number; p50Ms: number; p99Ms: number };
const costOf = ({ seconds, p50Ms, p99Ms }: LoadResult, cpuS: number, peakMb: number): Cost => ({
  rate: records / seconds,
  cpuS,
  peakMb,
  p50Ms,
  p99Ms,
});

async function ingest(script: string, args: string[]): Promise<Cost> {
  const server = await ServerProcess.start(script, (port, folder) => [String(port), folder]);
  const before = server.cpuS();
  const result = await server.load(args);
  const cost = costOf(result, server.cpuS() - before, server.peakRssMb());
  await server.stop({ kill: true });
  return cost;
}

type Counts = { done: number; in_flight: number };
type Ledger = { accepted: number; unattributed: number; hot: Counts; warm: Counts };
type Tiers = { items: { tier: string; files: number; bytes: number; rows: number }[] };
type Whole = Cost & {
  searchableS: number;
  committedS: number;
  compactCpuS: number;
  level0: number;
  compacted: number;
  warm: number;
  /** Of each of the next two million, CPU seconds and records a second. */
  later: number;
  laterRate: number;
};

async function wholeHost(): Promise<Whole> {
  const server = await startHost();
  await delay(2_000);
  const before = server.cpuS();
  const startedMs = performance.now();
  const sinceStartS = () => (performance.now() - startedMs) / 1000;
  const result = await server.load([]);
  await until(server, ({ hot }) => hot.done >= records);
  const searchableS = sinceStartS();
  const ledger = await until(server, ({ warm }) => warm.in_flight === 0);
  if (ledger.warm.done !== records) throw new Error(`${ledger.warm.done} of ${records} records are committed`);
  const cost = costOf(result, server.cpuS() - before, server.peakRssMb());
  const committedS = sinceStartS();
  if (options.threads) for (const [name, cpuS] of server.cpuByThread()) console.log(`  ${name} ${cpuS.toFixed(2)} s`);
  const level0 = (await tiers(server)).level0!.bytes;
  const compactCpuS = await compaction(server);
  const found = await tiers(server);
  const rows = found.level0!.rows + found.compacted!.rows;
  if (rows !== records) throw new Error(`${rows} of ${records} records are in files`);
  const whole = { ...cost, searchableS, committedS, compactCpuS, level0, compacted: found.level0!.bytes + found.compacted!.bytes };
  const warm = bytesBelow(join(server.folder, 'data/warm'));
  const beforeLater = server.cpuS();
  const laterFrom = performance.now();
  await server.load(['--records', String(2 * records)]);
  await until(server, ({ accepted, warm: { in_flight } }) => accepted === 3 * records && in_flight === 0);
  const later = (server.cpuS() - beforeLater) / 2;
  const laterRate = (2 * records) / ((performance.now() - laterFrom) / 1000);
  await server.stop();
  return { ...whole, warm, later, laterRate };
}

async function until(server: ServerProcess, isDone: (ledger: Ledger) => boolean): Promise<Ledger> {
  for (;;) {
    const ledger = await server.get<Ledger>('/api/ledger');
    if (isDone(ledger)) return ledger;
    await delay(200);
  }
}

const tiers = async (server: ServerProcess) =>
  Object.fromEntries((await server.get<Tiers>('/api/storage')).items.map((item) => [item.tier, item]));

/** As many files may stay at level 0 until their hour is over. */
const maxLevel0 = 8;

/** CPU seconds from here until what is due is merged and the thread rests: the merge, the hours' summaries, the commit. */
async function compaction(server: ServerProcess): Promise<number> {
  const before = server.cpuS();
  while ((await tiers(server)).level0!.files > maxLevel0) await delay(500);
  return restOf(server, before);
}

/** CPU seconds since `before` once the server rests. */
async function restOf(server: ServerProcess, before: number): Promise<number> {
  let last = server.cpuS();
  for (;;) {
    await delay(1_000);
    const now = server.cpuS();
    if (now - last < 0.03) return now - before;
    last = now;
  }
}

/** VictoriaLogs until its queries count every record, and what it does afterwards until it rests. */
async function peer(program: string): Promise<Cost & { laterCpuS: number }> {
  const { server, loaded } = await startVictoriaLogs(program);
  const before = server.cpuS();
  const result = await loaded([]);
  const cost = costOf(result, server.cpuS() - before, server.peakRssMb());
  await delay(10_000);
  const laterCpuS = await restOf(server, before + cost.cpuS);
  await server.stop();
  return { ...cost, laterCpuS };
}

/** A first start fills the cache of compiled modules; the second is what users see every day. */
async function idle(): Promise<{ readyMs: number[]; idleMb: number }> {
  const first = await startHost();
  const { folder } = first;
  await first.stop({ keep: true });
  const readyMs: number[] = [];
  let server = await startHost(folder);
  readyMs.push(server.readyMs);
  for (let i = 0; i < 2; i++) {
    await server.stop({ keep: true });
    server = await startHost(folder);
    readyMs.push(server.readyMs);
  }
  await delay(5_000);
  const idleMb = server.rssMb();
  await server.stop();
  return { readyMs, idleMb };
}

/** The generator outruns the stores for minutes: memory must not follow what waits in the log. */
async function outrun(minutes: number): Promise<void> {
  const server = await startHost();
  await delay(1_000);
  const samples: { s: number; rssMb: number; waiting: number }[] = [];
  const startedMs = performance.now();
  const loading = server.load(['--seconds', String(minutes * 60)]);
  let result: LoadResult | undefined;
  void loading.then((done) => {
    result = done;
  });
  const everyMs = Math.max(2_000, minutes * 5_000);
  while (!result) {
    await delay(everyMs);
    const { accepted, unattributed, warm } = await server.get<Ledger>('/api/ledger');
    samples.push({
      s: Math.round((performance.now() - startedMs) / 1000),
      rssMb: Math.round(server.rssMb()),
      waiting: accepted + unattributed - warm.done,
    });
  }
  const { accepted, refused, bytes } = await loading;
  console.log(
    `\nThe generator outruns the stores for ${minutes} min: ${(accepted / 1e6).toFixed(1)} M records (${(bytes / 1e9).toFixed(1)} GB) accepted, ` +
      `${refused} refused for the log's bound and sent again, peak RSS ${server.peakRssMb().toFixed(0)} MB\n`,
  );
  console.log('| s | RSS MB | accepted, not committed |\n|---|---|---|');
  for (const { s, rssMb, waiting } of samples) console.log(`| ${s} | ${rssMb} | ${waiting} |`);
  const third = Math.ceil(samples.length / 3);
  const highest = [0, 1, 2].map((i) => Math.max(...samples.slice(i * third, (i + 1) * third).map(({ rssMb }) => rssMb)));
  const { heap, buffers, program } = server.rssParts();
  console.log(
    `\nHighest RSS of each third: ${highest.join(', ')} MB; bounded where the last is about the one before. At the end ${heap.toFixed(0)} MB of it were V8's heaps and ` +
      `small maps, ${buffers.toFixed(0)} MB what malloc holds (buffers, in use or kept for the next), ${program.toFixed(0)} MB pages of the program and its files`,
  );
  await server.stop({ kill: true });
}

const program = options['victoria-logs'];
const runs: { base: Cost; front: Cost; array: Cost; whole: Whole; peer: Awaited<ReturnType<typeof peer>> | undefined }[] = [];
for (let round = 0; round < rounds; round++) {
  runs.push({
    base: await ingest('baseline-server.ts', ['--array']),
    front: await ingest('ingest-server.ts', []),
    array: await ingest('ingest-server.ts', ['--array']),
    whole: await wholeHost(),
    peer: program ? await peer(program) : undefined,
  });
}
type Kind = 'base' | 'front' | 'array' | 'whole' | 'peer';
const middle = <K extends Kind>(kind: K, field: keyof NonNullable<(typeof runs)[number][K]>): number =>
  median(runs.map((run) => run[kind]![field as never] as number));
const ratios = runs.map(({ base, front }) => front.rate / base.rate);

console.log(`\nnode ${process.version}, ${records} records of ${(rawBytes / records).toFixed(0)} bytes, medians of ${rounds} rounds\n`);
console.log('| one core | records/s | CPU s/M | peak RSS MB | answer p50, p99 ms |\n|---|---|---|---|---|');
const names = {
  base: '(a) node:http, JSON.parse, group fdatasync',
  front: '(b) accept, durable',
  array: '(b) the same, JSON arrays',
} as const;
for (const kind of ['base', 'front', 'array'] as const) console.log(`| ${names[kind]} | ${costCells(kind)} |`);
console.log(`| (c) logdrive up, searchable and committed | ${costCells('whole')} |`);
if (program) console.log(`| (d) VictoriaLogs, searchable | ${costCells('peer')} |`);
console.log(
  `\n(b) to (a) in records/s: ${median(ratios).toFixed(2)} (rounds: ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')}; at least 0.62)`,
);
console.log(
  `(c): searchable after ${middle('whole', 'searchableS').toFixed(1)} s, committed after ${middle('whole', 'committedS').toFixed(1)} s (seal.after ${sealAfter}); ` +
    `each of the next two million ${middle('whole', 'later').toFixed(2)} CPU s/M (${runs.map(({ whole }) => whole.later.toFixed(2)).join(', ')}), ` +
    `${Math.round(middle('whole', 'laterRate') / 1000)}k records/s until committed; compaction and summaries of the first ${middle('whole', 'compactCpuS').toFixed(2)} CPU s/M`,
);
if (program) {
  const ratio = runs.map((run) => run.whole.cpuS / run.peer!.cpuS);
  console.log(
    `(c) to (d) in CPU: ${median(ratio).toFixed(2)} (rounds: ${ratio.map((one) => one.toFixed(2)).join(', ')}); ` +
      `(d) merges afterwards for ${middle('peer', 'laterCpuS').toFixed(2)} CPU s/M`,
  );
}
console.log('\n| warm files | MB | % of the raw NDJSON |\n|---|---|---|');
for (const [name, field] of [
  ['level 0, as sealed', 'level0'],
  ['compacted', 'compacted'],
  ['all in the folder within the 15 min before merged files are deleted', 'warm'],
] as const)
  console.log(`| ${name} | ${(middle('whole', field) / 1e6).toFixed(1)} | ${((middle('whole', field) / rawBytes) * 100).toFixed(2)} |`);

function costCells(kind: Kind): string {
  const cpuS = `${middle(kind, 'cpuS').toFixed(2)} (${runs.map((run) => run[kind]!.cpuS.toFixed(2)).join(', ')})`;
  const times = `${middle(kind, 'p50Ms').toFixed(0)}, ${middle(kind, 'p99Ms').toFixed(0)}`;
  return `${Math.round(middle(kind, 'rate') / 1000)}k | ${cpuS} | ${middle(kind, 'peakMb').toFixed(0)} | ${times}`;
}

const { readyMs, idleMb } = await idle();
console.log(`\nReady in ${readyMs.map((ms) => ms.toFixed(0)).join(', ')} ms (compiled modules kept); idle RSS ${idleMb.toFixed(0)} MB`);
await outrun(Number(options.minutes));
