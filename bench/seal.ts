/**
 * Measures the columnar table, its sealing into files and their merge: `node bench/seal.ts`. CPU time is that of the process, but for `add` that of
 * its thread: the collector of garbage is busy then with what the samples were made from.
 */
import { encodeTable } from '../src/columnar/encode.ts';
import { mergeParts } from '../src/columnar/merge.ts';
import { PageCache } from '../src/columnar/page-cache.ts';
import { openPart, type Part } from '../src/columnar/part.ts';
import { Table } from '../src/columnar/table.ts';
import { sampleRecords } from './sample-records.ts';

type Meter = { cpuUs: number; longestMs: number };
const meter = (): Meter => ({ cpuUs: 0, longestMs: 0 });
const meters = { add: meter(), seal: meter(), merge: meter() };

/** Runs a generator to its end, adding the CPU time to a meter and keeping the longest step. */
async function runMetered<T>(into: Meter, steps: Generator<unknown, T, unknown>): Promise<T> {
  const before = process.cpuUsage();
  let last = threadMs();
  let step = steps.next();
  for (;;) {
    into.longestMs = Math.max(into.longestMs, threadMs() - last);
    if (step.done) break;
    const waited = await step.value;
    last = threadMs();
    step = steps.next(waited);
  }
  addCpu(into, before);
  return step.value;
}

/** CPU time of this thread, so that other processes do not count. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function addCpu(into: Meter, before: NodeJS.CpuUsage) {
  const { user, system } = process.cpuUsage(before);
  into.cpuUs += user + system;
}

const rss = () => Math.round(process.memoryUsage.rss() / (1 << 20));
const files: Buffer[] = [];
let table = new Table();
let rows = 0;
let rawBytes = 0;
let peakRss = 0;

async function seal() {
  const { bytes } = await runMetered(meters.seal, encodeTable(table));
  files.push(Buffer.concat(bytes));
  table = new Table();
}

const emptyRss = rss();
for (const sample of sampleRecords()) {
  rawBytes += sample.rawBytes;
  const position = { generation: 1, partition: 0, offset: 0 };
  for (let i = 0; i < sample.records.length; ) {
    const before = threadMs();
    for (; i < sample.records.length; i++) {
      position.offset = rows;
      if (!table.add('default', position, sample.records[i]!)) break;
      rows++;
    }
    meters.add.cpuUs += (threadMs() - before) * 1000;
    if (i < sample.records.length) await seal();
  }
  peakRss = Math.max(peakRss, rss());
}
if (rows === 0) throw new Error('there are no records to measure with: ../shared/data/logs-100k.ndjson.gz is not there');
await seal();

const fileBytes = files.reduce((sum, bytes) => sum + bytes.length, 0);
const cache = new PageCache();
const parts: Part[] = [];
for (const bytes of files) {
  const object = { size: bytes.length, read: (from: number, length: number) => bytes.subarray(from, from + length), close() {} };
  parts.push(await openPart(object, cache));
}
const indexBytes = parts.reduce((sum, { groups }) => sum + groups.reduce((each, { place }) => each + placeBytes(place), 0), 0);
const merged = await runMetered(meters.merge, mergeParts(parts.map((source) => ({ source }))));
const mergedBytes = merged.files.reduce((sum, { part }) => sum + part.info.bytes, 0);

function placeBytes({ words, filter, idPages }: Part['groups'][number]['place']): number {
  return (words?.length ?? 0) + filter.length + (idPages?.length ?? 0);
}

const perMillion = ({ cpuUs, longestMs }: Meter) => ({
  'CPU s/M': +(cpuUs / rows).toFixed(2),
  'longest slice CPU ms': +longestMs.toFixed(1),
});
console.table({ add: perMillion(meters.add), seal: perMillion(meters.seal), merge: perMillion(meters.merge) });
console.table({
  rows,
  'raw bytes': rawBytes,
  files: files.length,
  'file bytes': fileBytes,
  '% of raw': +((fileBytes / rawBytes) * 100).toFixed(2),
  'index % of file': +((indexBytes / fileBytes) * 100).toFixed(2),
  'merged files': merged.files.length,
  'merged % of raw': +((mergedBytes / rawBytes) * 100).toFixed(2),
  'RSS MB before': emptyRss,
  'RSS MB with samples': peakRss,
});
