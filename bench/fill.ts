// What it costs to bring records from their bytes into the table, CPU seconds of this thread per million: straight from the bytes, and by way of
// parsing, normalising and processing: `node bench/fill.ts [rounds]`.
import { readFileSync } from 'node:fs';
import { Table } from '../src/columnar/table.ts';
import type { QueueBatch } from '../src/core/ports/queue.ts';
import { createProcess } from '../src/pipeline/process.ts';
import { BatchRecords } from '../src/pipeline/records-of.ts';
import { recordsFile } from './records-file.ts';

const rounds = Number(process.argv[2] ?? 3);
const recordsPerBody = 500;
const observedUs = Date.UTC(2026, 10, 21) * 1000;
const run = createProcess({ version: 1, parse: 'auto', steps: [] });
const bodies = bodiesOf(readFileSync(recordsFile()));

function bodiesOf(file: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let from = 0, at = 0, lines = 0; at < file.length; ) {
    at = file.indexOf(10, at) + 1;
    if (++lines % recordsPerBody !== 0) continue;
    found.push(file.subarray(from, at));
    from = at;
  }
  return found;
}

function batchOf(payload: Buffer, baseOffset: number): QueueBatch {
  const request = { tenant: 'bench', requestId: 'r', defaults: {}, rulesVersion: 1, idempotency: undefined, accepted: undefined };
  const counts = { total: recordsPerBody, count: recordsPerBody };
  return { ...request, ...counts, generation: 1, partition: 0, baseOffset, observedUs, format: 'ndjson', payload };
}

/** Fills table after table; tells how many records went straight. */
function fill(isStraight: boolean): number {
  let table = new Table();
  let straight = 0;
  for (const [i, body] of bodies.entries()) {
    const base = i * recordsPerBody;
    const records = new BatchRecords(batchOf(body, base), { hash: (text) => text });
    for (let index = 0; index < recordsPerBody; ) {
      if (table.isFull) table = new Table({ room: table.room });
      const added = isStraight ? table.addLines(records.lines, index, base + index, run.isPlain!) : 0;
      straight += added;
      index += added;
      if (added > 0) continue;
      const item = records.at(index);
      const position = { generation: 1, partition: 0, offset: base + index++ };
      if (!('record' in item)) throw new Error(item.fault.detail);
      const outcome = run(item.record, { tenant: 'bench', position });
      if (outcome.kind === 'keep') table.add('bench', position, outcome.record);
    }
  }
  return straight;
}

const total = bodies.length * recordsPerBody;
for (let round = 0; round < rounds; round++) {
  for (const isStraight of process.argv[3] === 'only' ? [true] : [true, false]) {
    const before = process.threadCpuUsage();
    const all = process.cpuUsage();
    const straight = fill(isStraight);
    const { user, system } = process.threadCpuUsage(before);
    const whole = process.cpuUsage(all);
    const name = isStraight ? `from the bytes (${((straight / total) * 100).toFixed(1)} % of the records)` : 'parsed and normalised';
    console.log(
      `${name}: ${((user + system) / total).toFixed(2)} CPU s/M, ${((whole.user + whole.system) / total).toFixed(2)} with all threads`,
    );
  }
}
