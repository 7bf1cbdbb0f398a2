// Appends records to the segment queue beside a plain loop of writev and fdatasync over the same bytes, and reads them back.
// node bench/queue.ts [seconds]; BENCH_DIR names a folder on the disk to measure.
import { closeSync, fdatasyncSync, openSync, statfsSync, writevSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeFileSystem } from '../src/adapters/file-system/node.ts';
import { openSegmentQueue } from '../src/adapters/queue/segment/segment-queue.ts';
import { openSegmentReader } from '../src/adapters/queue/segment/segment-reader.ts';
import { systemClock } from '../src/core/clock.ts';
import type { RawBatch } from '../src/core/ports/queue.ts';

const seconds = Number(process.argv[2] ?? 4);
const producers = 16;
const recordsPerBatch = 500;
const recordBytes = 382;

const record = `{"message":"${'x'.repeat(recordBytes - 16)}"},`;
const payload = Buffer.from(`[${record.repeat(recordsPerBatch).slice(0, -1)}]`);
const parent = process.env.BENCH_DIR ?? '.reports';

type Measured = { records: number; elapsedS: number; cpuS: number; latenciesMs?: number[] };

async function measure(work: () => Promise<{ records: number; latenciesMs?: number[] }>): Promise<Measured> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const done = await work();
  const { user, system } = process.cpuUsage(cpu);
  return { ...done, elapsedS: (performance.now() - start) / 1000, cpuS: (user + system) / 1e6 };
}

function report(name: string, { records, elapsedS, cpuS, latenciesMs = [] }: Measured): number {
  const rate = records / elapsedS;
  const sorted = latenciesMs.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]?.toFixed(2) ?? '-';
  console.log(
    `${name.padEnd(34)} ${(rate / 1000).toFixed(0).padStart(6)}k records/s  ${((cpuS * 1e6) / records).toFixed(3)} CPU s/M  p50 ${at(0.5)} ms  p99 ${at(0.99)} ms`,
  );
  return rate;
}

/** What the disk gives: groups of 16 batches, written and synced one after the other on this thread. */
async function plainLoop(folder: string) {
  const file = openSync(join(folder, 'plain'), 'w');
  const group = Array.from({ length: producers }, () => payload);
  const untilMs = performance.now() + seconds * 1000;
  let records = 0;
  for (let position = 0; performance.now() < untilMs; position += payload.byteLength * producers) {
    writevSync(file, group, position);
    fdatasyncSync(file);
    records += producers * recordsPerBatch;
  }
  closeSync(file);
  return { records };
}

function batchOf(requestId: string): RawBatch {
  return {
    tenant: 'bench',
    observedUs: Date.now() * 1000,
    format: 'json',
    payload,
    total: recordsPerBatch,
    accepted: undefined,
    count: recordsPerBatch,
    defaults: { service: 'api' },
    requestId,
    rulesVersion: 1,
    idempotency: undefined,
  };
}

await mkdir(parent, { recursive: true });
const folder = await mkdtemp(join(parent, 'bench-queue-'));
try {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < 8 * 2 ** 30) throw new Error(`${folder} has less than 8 GiB free: name another with BENCH_DIR`);
  const plain = report('plain writev and fdatasync', await measure(() => plainLoop(folder)));
  await rm(join(folder, 'plain'));

  const options = { folder: join(folder, 'queue'), files: nodeFileSystem, clock: systemClock, generation: 1 };
  const queue = await openSegmentQueue(options);
  const latenciesMs: number[] = [];
  const untilMs = performance.now() + seconds * 1000;
  const appended = await measure(async () => {
    const produce = async (producer: number) => {
      let records = 0;
      while (performance.now() < untilMs) {
        const start = performance.now();
        records += (await queue.append(0, batchOf(`${producer}-${records}`))).count;
        latenciesMs.push(performance.now() - start);
      }
      return records;
    };
    const counts = await Promise.all(Array.from({ length: producers }, (_, producer) => produce(producer)));
    return { records: counts.reduce((sum, count) => sum + count, 0), latenciesMs };
  });
  const rate = report(`queue, ${producers} producers`, appended);
  console.log(`ratio to the plain loop: ${(rate / plain).toFixed(2)}`);

  const reader = openSegmentReader({ folder: options.folder, files: nodeFileSystem, ends: queue.durableEnds() });
  const read = await measure(async () => {
    let next = 0;
    for (let batches = await reader.read(0, 0, 2 ** 21); batches.length > 0; batches = await reader.read(0, next, 2 ** 21)) {
      next = batches.at(-1)!.baseOffset + batches.at(-1)!.count;
    }
    return { records: next };
  });
  report('reader, from the page cache', read);
  await reader.close();
  await queue.close();

  const { logBytes } = queue.stats();
  const start = performance.now();
  await (await openSegmentQueue(options)).close();
  const recoveryS = (performance.now() - start) / 1000;
  console.log(
    `recovery of ${(logBytes / 1e6).toFixed(0)} MB: ${recoveryS.toFixed(2)} s, ${((recoveryS * 400e6) / logBytes).toFixed(2)} s for 400 MB`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
