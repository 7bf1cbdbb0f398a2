import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { encodeTable } from '../src/columnar/encode.ts';
import { Table } from '../src/columnar/table.ts';
import { idOf } from '../src/core/ids.ts';
import { normalise } from '../src/core/normalise.ts';
import type { LogRecord, StoredRecord } from '../src/core/record.ts';

export const tenant = 'bench';
export const startUs = Date.UTC(2026, 10, 20) * 1000;
export const dayUs = 86_400e6;
const replays = 10;

/**
 * The sample replayed ten times within one day, each replay a tenth of it: trace ids and long numbers in messages differ from replay to replay,
 * as they do in life.
 */
export function* records(sample: string): Generator<StoredRecord> {
  const lines = gunzipSync(readFileSync(sample)).toString().trimEnd().split('\n');
  const context = { tenant, observedUs: startUs + 2 * dayUs, defaults: {}, hash: (text: string) => text };
  let offset = 0;
  for (let replay = 0; replay < replays; replay++) {
    for (const line of lines) {
      const record = normalise(JSON.parse(replayed(line, replay)), context) as LogRecord;
      record.timestamp = Math.round(startUs + (replay * dayUs) / replays + (record.timestamp - startUs) / replays);
      const position = { generation: 0, partition: 0, offset: offset++ };
      yield { ...record, tenant, id: idOf(position), ...position };
    }
  }
}

const replayed = (line: string, replay: number): string =>
  replay === 0
    ? line
    : line
        .replace(/(?<="trace_id":")[0-9a-f]{32}/, (id) => createHash('md5').update(`${id}${replay}`).digest('hex'))
        .replace(/(?<=blk_-?)\d{10,}/g, (digits) => String(BigInt(digits) + BigInt(replay) * 7_919n));

/** Writes the records into files as the store seals them, unless the folder has them; returns the files, oldest first. */
export function writeFiles(folder: string, sample: string): string[] {
  const done = join(folder, 'done');
  if (!existsSync(done)) {
    mkdirSync(folder, { recursive: true });
    let files = 0;
    let table = new Table();
    const seal = () => {
      const steps = encodeTable(table);
      let step = steps.next();
      while (!step.done) step = steps.next();
      writeFileSync(join(folder, `${String(files++).padStart(3, '0')}.parquet`), Buffer.concat(step.value.bytes));
      table = new Table();
    };
    for (const record of records(sample)) {
      if (table.add(tenant, record, record)) continue;
      seal();
      table.add(tenant, record, record);
    }
    seal();
    writeFileSync(done, '');
  }
  return readdirSync(folder)
    .filter((name) => name.endsWith('.parquet'))
    .sort()
    .map((name) => join(folder, name));
}
