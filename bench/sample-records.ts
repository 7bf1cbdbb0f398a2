import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { LogRecord } from '../src/core/record.ts';

const data = fileURLToPath(new URL('../../shared/data/logs-100k.ndjson.gz', import.meta.url));
const replays = 10;
const requestRecords = 500;
const severities = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 };

export type Sample = { records: LogRecord[]; rawBytes: number };

/**
 * Replays 100,000 real log lines ten times within one day, a request's records at a time; long numbers, addresses and trace ids differ between replays. Nothing where the data is not beside the checkout.
 */
export function* sampleRecords(): Generator<Sample> {
  if (!existsSync(data)) return;
  const bytes = gunzipSync(readFileSync(data));
  const startMs = Date.parse(timeOf(bytes.toString('utf8', 0, 100)));
  for (let replay = 0; replay < replays; replay++) {
    let sample: Sample = { records: [], rawBytes: 0 };
    let observedUs = 0;
    for (let from = 0, to = 0; from < bytes.length; from = to + 1) {
      to = bytes.indexOf(10, from);
      const line = bytes.toString('utf8', from, to);
      const atMs = startMs + replay * (86_400_000 / replays) + Math.floor((Date.parse(timeOf(line)) - startMs) / replays);
      if (sample.records.length === 0) observedUs = atMs * 1000 + 250_000;
      const changed = changedLine(line, replay);
      sample.rawBytes += Buffer.byteLength(changed) + 1;
      sample.records.push(recordOf(changed, atMs * 1000, observedUs));
      if (sample.records.length < requestRecords) continue;
      yield sample;
      sample = { records: [], rawBytes: 0 };
    }
    if (sample.records.length > 0) yield sample;
  }
}

const timeOf = (line: string): string => line.slice('{"timestamp":"'.length, '{"timestamp":"'.length + 24);

function changedLine(line: string, replay: number): string {
  if (replay === 0) return line;
  return line
    .replace(/[0-9a-f]{32}/g, (id) => id.slice(replay) + id.slice(0, replay))
    .replace(/\d{8,}/g, (digits) => digits.replace(/[1-9]/g, (digit) => String(((Number(digit) + replay) % 9) + 1)))
    .replace(/(\d+\.\d+\.)(\d+)(\.\d+)/g, (_, from, octet, to) => `${from}${(Number(octet) + replay * 25) % 256}${to}`);
}

function recordOf(line: string, timestamp: number, observed: number): LogRecord {
  const { level, service, env, host, message, attributes = {} } = JSON.parse(line);
  const { trace_id, ...rest } = attributes;
  return {
    timestamp,
    timestamp_ns: 0,
    observed_timestamp: observed,
    level,
    severity: severities[level as keyof typeof severities],
    service,
    env,
    host,
    message,
    trace_id,
    span_id: undefined,
    attributes: rest,
    client_id: undefined,
  };
}
