import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { simulate } from '../src/simulate/simulate.ts';

/** 100,000 lines of real logs: those beside the checkout, or those that the environment names. */
export const sample = process.env.LOGDRIVE_BENCH_SAMPLE ?? join(import.meta.dirname, '../../shared/data/logs-100k.ndjson.gz');
const replays = 10;
const dayMs = 86_400_000;

/**
 * The file of one million records as NDJSON that the benches send, made on first use: 100,000 real lines replayed ten times, each within a tenth
 * of a day, with trace ids and long numbers that differ between replays; of the simulator's where those lines are not beside the checkout.
 */
export function recordsFile(): string {
  const folder = join(tmpdir(), 'logdrive-bench');
  const isReal = existsSync(sample);
  const path = join(folder, isReal ? 'real.ndjson' : 'simulated.ndjson');
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const file = openSync(`${path}.new`, 'w');
  const lines = isReal ? gunzipSync(readFileSync(sample)).toString().trimEnd().split('\n') : simulatedLines();
  for (let replay = 0; replay < replays; replay++) writeSync(file, `${lines.map((line) => replayed(line, replay)).join('\n')}\n`);
  closeSync(file);
  renameSync(`${path}.new`, path);
  return path;
}

function replayed(line: string, replay: number): string {
  const digest = (id: string) => createHash('md5').update(`${id}${replay}`).digest('hex');
  return line
    .replace(/(?<="timestamp":")[^"]+/, (time) => {
      const ms = Date.parse(time);
      const dayStart = ms - (ms % dayMs);
      return new Date(dayStart + (replay * dayMs + (ms - dayStart)) / replays).toISOString();
    })
    .replace(/(?<="trace_id":")[0-9a-f]{32}/, digest)
    .replace(/(?<=blk_-?)\d{10,}/g, (digits) => String(BigInt(digits) + BigInt(replay) * 7_919n));
}

function simulatedLines(): string[] {
  const lines: string[] = [];
  for (const { record } of simulate({ seed: 1, ratePerS: 1.2, startMs: Date.UTC(2026, 10, 20), durationMs: dayMs }))
    lines.push(JSON.stringify(record));
  return lines;
}
