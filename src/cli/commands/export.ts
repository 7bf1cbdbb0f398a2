import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { Client, refusal } from '../client.ts';
import { type Command, FailedError, type Run, serverOptions, text, UsageError } from '../command.ts';
import { filterOptions, filterQuery, timeOptions, timeQuery } from '../filters.ts';
import { number, size, span } from '../style.ts';

const types: Record<string, string> = { ndjson: 'application/x-ndjson', csv: 'text/csv' };
const progressEveryMs = 500;

type Sink = { write(chunk: Uint8Array): Promise<void>; end(): Promise<void>; abandon(): Promise<void> };

export const exportRecords: Command = {
  usage: "['QUERY']",
  about: 'All of them, in one go, as they were when it began: newest first. A file is there only once it is whole.',
  options: {
    ...serverOptions,
    ...filterOptions,
    ...timeOptions,
    format: { type: 'string', short: 'f', value: 'FORMAT', help: 'ndjson or csv [by the name of the file, else ndjson]' },
    out: { type: 'string', short: 'o', value: 'FILE', help: 'write here, not to standard output' },
  },
  examples: [
    "logdrive export 'level:error' --last 24h > errors.ndjson",
    'logdrive export --service api --from 2026-11-21T00:00:00Z --to 2026-11-22T00:00:00Z -o api.csv',
    "logdrive export 'latency_ms>500 | fields timestamp, service, latency_ms' -o slow.csv",
  ],
  run: runExport,
};

async function runExport(run: Run): Promise<void> {
  const { io, values, positionals, style } = run;
  const out = text(values, 'out');
  const format = text(values, 'format') ?? (out?.endsWith('.csv') ? 'csv' : 'ndjson');
  const accept = types[format];
  if (accept === undefined) throw new UsageError(`--format ${format}: give ndjson or csv`);
  const { q: line = '', ...filters } = filterQuery(values, positionals);
  const startedMs = performance.now();
  const response = await new Client(io, values).send('POST', '/api/export', {
    query: { ...filters, ...timeQuery(values) },
    body: String(line),
    headers: { 'content-type': 'text/plain', accept },
    timeoutMs: Number.POSITIVE_INFINITY,
  });
  if (!response.ok || !response.body) throw await refusal(response, String(line));
  const records = Number(response.headers.get('export-records'));
  const sink = out === undefined ? outSink(run) : fileSink(out);
  let bytes = 0;
  let shownMs = startedMs;
  try {
    for await (const chunk of response.body) {
      await sink.write(chunk);
      bytes += chunk.byteLength;
      if (!io.errIsTerminal || performance.now() - shownMs < progressEveryMs) continue;
      shownMs = performance.now();
      io.err(`\r${style.dim(`${size(bytes)} of ${number(records)} records`)}\u001b[K`);
    }
    await sink.end();
  } catch (thrown) {
    await sink.abandon();
    if (io.signal.aborted) throw thrown;
    const rest = out === undefined ? 'what was written is not all' : `${out} was not written`;
    throw new FailedError(`the export broke off after ${size(bytes)}: ${rest}; run it again`, { cause: thrown });
  }
  const seconds = (performance.now() - startedMs) / 1000;
  io.err(`${io.errIsTerminal ? '\r\u001b[K' : ''}${style.dim(`${number(records)} records, ${size(bytes)}, ${span(seconds)}`)}\n`);
}

function outSink({ io }: Run): Sink {
  const decoder = new TextDecoder();
  return {
    async write(chunk) {
      io.out(decoder.decode(chunk, { stream: true }));
      await io.drained();
    },
    end: async () => {},
    abandon: async () => {},
  };
}

/** Writes beside the file, and gives it its name once it is whole. */
function fileSink(file: string): Sink {
  const part = `${file}.part`;
  const stream = createWriteStream(part);
  let failure: unknown;
  stream.on('error', (error) => {
    failure = error;
  });
  return {
    async write(chunk) {
      if (failure) throw failure;
      if (stream.write(chunk)) return;
      await new Promise<void>((resolve) => {
        stream.once('drain', resolve).once('close', resolve);
      });
    },
    async end() {
      stream.end();
      await finished(stream);
      await rename(part, file);
    },
    async abandon() {
      stream.destroy();
      await rm(part, { force: true });
    },
  };
}
