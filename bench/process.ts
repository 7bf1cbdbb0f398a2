// What `process` costs a record, by kind of data: `node bench/process.ts [folder]`. The folder holds logs-100k.ndjson.gz,
// apache_access.log.gz and auth.log.gz; each is read once, then processed in several passes of which the median counts.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { normalise } from '../src/core/normalise.ts';
import type { LogRecord } from '../src/core/record.ts';
import { createProcess } from '../src/pipeline/process.ts';
import { processConfig } from '../src/processors/registry.ts';

const folder = process.argv[2] ?? join(import.meta.dirname, '../../shared/data');
const passes = 9;
const observedUs = Date.UTC(2026, 10, 21) * 1000;
const run = createProcess(processConfig.parse(undefined));

const toRecord = (raw: unknown): LogRecord =>
  normalise(raw, { tenant: 'bench', observedUs, defaults: {}, hash: (text) => text }) as LogRecord;
const lines = (file: string): string[] =>
  gunzipSync(readFileSync(join(folder, file)))
    .toString()
    .trimEnd()
    .split('\n');
const ascending = (a: number, b: number): number => a - b;

const sets: [name: string, file: string, budgetUs: number, toRaw: (line: string) => unknown][] = [
  ['structured records', 'logs-100k.ndjson.gz', 0.5, (line) => JSON.parse(line)],
  ['access lines', 'apache_access.log.gz', 3, (message) => ({ message })],
  ['syslog lines', 'auth.log.gz', 3, (message) => ({ message })],
];

console.log(`node ${process.version}, CPU us a record, median of ${passes} passes\n`);
console.log('| data | records | parsed | us a record | budget |\n|---|---|---|---|---|');
for (const [name, file, budgetUs, toRaw] of sets) {
  if (!existsSync(join(folder, file))) {
    console.log(`| ${name} | ${file} is not in ${folder} | | | |`);
    continue;
  }
  const records = lines(file).map((line) => toRecord(toRaw(line)));
  const rounds = Math.max(1, Math.round(100_000 / records.length));
  const perRecordUs = Array.from({ length: passes }, () => {
    const started = process.cpuUsage();
    for (let round = 0; round < rounds; round++) processAll(records);
    const { user, system } = process.cpuUsage(started);
    return (user + system) / (rounds * records.length);
  }).sort(ascending)[passes >> 1]!;
  console.log(`| ${name} | ${records.length} | ${processAll(records)} | ${perRecordUs.toFixed(3)} | ${budgetUs} |`);
}

/** Processes all and counts the ones that parsing changed. */
function processAll(records: LogRecord[]): number {
  let parsed = 0;
  for (let offset = 0; offset < records.length; offset++) {
    const given = records[offset]!;
    const outcome = run(given, { tenant: 'bench', position: { generation: 1, partition: 0, offset } });
    if (outcome.kind === 'keep' && outcome.record.attributes !== given.attributes) parsed++;
  }
  return parsed;
}
