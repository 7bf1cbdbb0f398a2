import { closeSync, openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { durationMs } from '../../config/units.ts';
import { simulate as simulated, type Timed } from '../../simulate/simulate.ts';
import { Client } from '../client.ts';
import { type Command, jsonOption, type Run, serverOptions, text, UsageError, whole } from '../command.ts';
import type { Piece } from '../send/lines.ts';
import { newTally, Progress } from '../send/progress.ts';
import { sendAll } from '../send/send-all.ts';
import { number, styleFor } from '../style.ts';

const neverAborted = new AbortController().signal;
const sliceMs = 100;

export const simulate: Command = {
  usage: '',
  about: 'Sends in real time, or as fast as it goes with --fast. The same seed, rate and start give the same records.',
  options: {
    ...serverOptions,
    rate: { type: 'string', short: 'r', value: 'N', help: 'records a second on average [20]' },
    for: { type: 'string', value: 'TIME', help: 'how long the services run [until Ctrl-C]' },
    seed: { type: 'string', value: 'N', help: 'seed of the randomness [1]' },
    start: { type: 'string', value: 'TIME', help: 'time of the first record, RFC 3339 [now]' },
    fast: { type: 'boolean', help: 'do not wait between records' },
    out: { type: 'string', short: 'o', value: 'FILE', help: 'write NDJSON into FILE (- is standard output), send nothing' },
    ...jsonOption,
  },
  examples: [
    'logdrive simulate --rate 200 --for 5m',
    'logdrive simulate --seed 7 --rate 1000 --for 1h --fast --start 2026-11-20T00:00:00Z --out - | gzip > hour.ndjson.gz',
  ],
  run: runSimulate,
};

async function runSimulate({ io, values, style }: Run): Promise<void> {
  const forText = text(values, 'for');
  const durationOrNone = forText === undefined ? undefined : durationMs(forText);
  if (forText !== undefined && durationOrNone === undefined) throw new UsageError(`--for ${forText}: give a time span such as 30s or 5m`);
  const startText = text(values, 'start');
  const startMs = startText === undefined ? Date.now() : Date.parse(startText);
  if (Number.isNaN(startMs)) throw new UsageError(`--start ${startText}: give a time such as 2026-11-20T00:00:00Z`);
  const out = text(values, 'out');
  const isFast = values.fast === true;
  if (isFast && durationOrNone === undefined) throw new UsageError('--fast needs --for, or it would never end');
  const records = simulated({
    seed: whole(values, 'seed', 1, 0),
    ratePerS: whole(values, 'rate', 20),
    startMs,
    durationMs: durationOrNone,
  });
  const pieces = paced(records, startMs, isFast, io.signal);
  if (out !== undefined) return write(pieces, out, io);

  const tally = newTally();
  const errStyle = styleFor(io, io.errIsTerminal);
  const progress = new Progress(io, errStyle, tally, undefined);
  const client = new Client({ env: io.env, signal: neverAborted }, values);
  try {
    await sendAll(pieces, {
      ...{ client, io, style: errStyle, places: undefined, receiptsFile: undefined, tally, progress },
      ...{ query: {}, batchRecords: 1_000, batchBytes: 4 * 2 ** 20, inFlight: isFast ? 4 : 2, compress: false, retryForMs: 60_000 },
    });
  } finally {
    progress.stop();
  }
  if (values.json) io.out(`${JSON.stringify({ ...tally, seconds: progress.seconds })}\n`);
  else io.out(`${style.bold(number(tally.records))} records sent in ${progress.seconds.toFixed(1)} s\n`);
}

/** Records as lines, a tenth of a second at a time, when their time has come. */
async function* paced(records: Iterable<Timed>, startMs: number, isFast: boolean, signal: AbortSignal): AsyncGenerator<Piece> {
  const offsetMs = performance.now() - startMs;
  let lines: string[] = [];
  let untilMs = startMs + sliceMs;
  const piece = (): Piece => ({ file: 'simulate', lines: lines.map((line) => ({ text: line, end: 0 })), isLast: !isFast });
  for (const { atMs, record } of records) {
    if (signal.aborted) break;
    if (atMs >= untilMs || lines.length >= 5_000) {
      yield piece();
      lines = [];
      untilMs = Math.max(untilMs, atMs - (atMs % sliceMs) + sliceMs);
      const waitMs = atMs + offsetMs - performance.now();
      if (!isFast && waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => {});
    }
    lines.push(JSON.stringify(record));
  }
  yield piece();
}

async function write(pieces: AsyncIterable<Piece>, out: string, io: Run['io']): Promise<void> {
  const fd = out === '-' ? undefined : openSync(out, 'w');
  try {
    for await (const piece of pieces) {
      if (piece === 'idle' || piece.lines.length === 0) continue;
      const lines = `${piece.lines.map(({ text: line }) => line).join('\n')}\n`;
      if (fd === undefined) {
        io.out(lines);
        await io.drained();
      } else writeSync(fd, lines);
    }
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
