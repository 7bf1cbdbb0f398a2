import { writeFileSync } from 'node:fs';
import { durationMs } from '../../config/units.ts';
import { Client } from '../client.ts';
import { type Command, FailedError, jsonOption, type Run, serverOptions, text, UsageError, type Values, whole } from '../command.ts';
import { followFiles } from '../send/follow-files.ts';
import { PlaceFile } from '../send/place-file.ts';
import { newTally, Progress, type Tally } from '../send/progress.ts';
import { readFiles, sizeOfFiles, standardInput } from '../send/read-files.ts';
import { type Checked, checkReceipts } from '../send/receipts.ts';
import { sendAll } from '../send/send-all.ts';
import { withIdle } from '../send/with-idle.ts';
import { number, type Style, styleFor } from '../style.ts';

/** A pipe that is silent for so long has what it said sent. */
const idleMs = 500;

const neverAborted = new AbortController().signal;

export const send: Command = {
  usage: '[FILE…]',
  about:
    'Lines that are JSON objects are records as they stand; other lines become messages, stack traces kept whole. Files compressed with gzip or zstd are\n  read as they are. Requests are tried again for as long as that may help, under one idempotency key, so nothing is stored twice.',
  options: {
    ...serverOptions,
    follow: { type: 'boolean', short: 'f', help: 'keep reading as files grow, also when they are rotated, until Ctrl-C' },
    state: { type: 'string', value: 'FILE', help: 'remember in FILE how far each file was sent, and go on from there' },
    signal: { type: 'string', value: 'KIND', help: 'what the records are: logs, metrics or events [logs]' },
    service: { type: 'string', short: 's', value: 'NAME', help: 'service of records that name none' },
    env: { type: 'string', value: 'NAME', help: 'env of records that name none' },
    host: { type: 'string', value: 'NAME', help: 'host of JSON records that name none' },
    wait: {
      type: 'string',
      value: 'STORE',
      help: 'at the end, check the receipts until all is in the store: hot, warm or none [hot; none when following]',
    },
    timeout: { type: 'string', value: 'TIME', help: 'how long to wait for that [60s]' },
    receipts: { type: 'string', value: 'FILE', help: 'write the receipts into FILE, a line of JSON each' },
    batch: { type: 'string', short: 'b', value: 'N', help: 'records a request [1000]' },
    parallel: { type: 'string', value: 'N', help: 'requests in flight [4; 1 when following]' },
    compress: { type: 'boolean', help: 'send bodies compressed with gzip' },
    'retry-for': { type: 'string', value: 'TIME', help: 'give up on a request after TIME [5m; never when following]' },
    ...jsonOption,
  },
  examples: [
    'zcat logs.ndjson.gz | logdrive send',
    'logdrive send access.log.gz --service web --wait warm',
    'logdrive send --follow /var/log/syslog --state /var/lib/logdrive/places.json',
  ],
  run: runSend,
};

async function runSend({ io, values, positionals, style }: Run): Promise<void> {
  const files = positionals.length > 0 ? positionals : [standardInput];
  const follow = values.follow === true;
  if (follow && files.includes(standardInput)) throw new UsageError('--follow takes files; standard input is read to its end by itself');
  if (files.includes(standardInput) && io.stdin.isTTY)
    throw new UsageError('name a file, or pipe something in: `cat app.log | logdrive send`');
  const wait = text(values, 'wait') ?? (follow ? 'none' : 'hot');
  if (!['hot', 'warm', 'none'].includes(wait)) throw new UsageError(`--wait ${wait}: give hot, warm or none`);
  const signal = text(values, 'signal') ?? 'logs';
  if (!['logs', 'metrics', 'events'].includes(signal)) throw new UsageError(`--signal ${signal}: give logs, metrics or events`);
  const stateFile = text(values, 'state');
  const receiptsFile = text(values, 'receipts');
  if (receiptsFile) writeFileSync(receiptsFile, '');
  const timeoutMs = timeOption(values, 'timeout', 60_000);

  const places = stateFile ? new PlaceFile(stateFile) : undefined;
  const tally = newTally();
  const errStyle = styleFor(io, io.errIsTerminal);
  const totalBytes = follow ? undefined : sizeOfFiles(files);
  const progress = new Progress(io, errStyle, tally, totalBytes);
  // What is under way is finished after Ctrl-C: only the reading stops at once.
  const client = new Client({ env: io.env, signal: neverAborted }, values);
  const pieces = follow
    ? followFiles(
        files,
        (path) => places?.of(path),
        (path, place) => places?.begin(path, place),
        io.signal,
      )
    : withIdle(
        readFiles(files, {
          stdin: io.stdin,
          signal: io.signal,
          places,
          onBytes: (bytes) => {
            tally.readBytes += bytes;
          },
        }),
        idleMs,
      );
  let receipts: string[] = [];
  try {
    receipts = await sendAll(pieces, {
      ...{ client, io, style: errStyle, places, receiptsFile, tally, progress },
      path: `/${signal}`,
      query: { service: text(values, 'service'), env: text(values, 'env'), host: text(values, 'host') },
      batchRecords: whole(values, 'batch', 1_000),
      batchBytes: 4 * 2 ** 20,
      inFlight: whole(values, 'parallel', follow ? 1 : 4),
      compress: values.compress === true,
      retryForMs: timeOption(values, 'retry-for', follow ? Number.POSITIVE_INFINITY : 300_000),
    });
  } catch (thrown) {
    progress.stop();
    io.err(`${summary(tally, progress.seconds, errStyle)}\n`);
    throw thrown;
  }
  const seconds = progress.seconds;
  progress.stop();
  const checked = wait === 'none' ? undefined : await checkReceipts(client, receipts, wait as 'hot' | 'warm', timeoutMs, io.signal);
  const isShort = checked !== undefined && checked[wait as 'hot' | 'warm'].in_flight > 0;
  if (values.json)
    io.out(
      `${JSON.stringify({ ...tally, seconds: Math.round(seconds * 1000) / 1000, receipts: receipts.length, ...(checked ? { hot: checked.hot, warm: checked.warm, dead: checked.dead } : {}) })}\n`,
    );
  else {
    io.out(`${summary(tally, seconds, style)}\n`);
    if (checked) io.out(stored(checked, receipts.length, style));
    else if (wait !== 'none') io.out(`${style.dim('the receipts could not be checked: the key lacks the scope `query`')}\n`);
  }
  if (io.signal.aborted && !follow) throw new FailedError('stopped before the end');
  if (isShort) throw new FailedError(`not all records were ${wait} in time; \`logdrive ledger\` shows where they are`);
  if (tally.rejected > 0) throw new FailedError(`${number(tally.rejected)} records were rejected`);
}

function summary({ records, rejected, lost, requests, retries }: Tally, seconds: number, style: Style): string {
  const rate = Math.round(records / Math.max(0.001, seconds));
  return [
    `${style.bold(number(records))} records accepted in ${number(requests)} requests, ${seconds.toFixed(1)} s (${number(rate)}/s)`,
    ...(retries > 0 ? [`${number(retries)} retries`] : []),
    ...(rejected > 0 ? [style.red(`${number(rejected)} rejected`)] : []),
    ...(lost > 0 ? [style.red(`${number(lost)} not sent`)] : []),
  ].join(', ');
}

/** What the receipts say, a line a store. */
function stored({ hot, warm, dead }: Checked, receipts: number, style: Style): string {
  const line = (name: string, { done, in_flight, dead: n, dropped }: Checked['hot']) =>
    `  ${name.padEnd(5)} ${number(done)} done${in_flight ? `, ${style.yellow(`${number(in_flight)} in flight`)}` : ''}${dropped ? `, ${number(dropped)} dropped` : ''}${n ? `, ${style.red(`${number(n)} dead`)}` : ''}\n`;
  const codes = dead.length > 0 ? `  dead: ${[...new Set(dead.map(({ code }) => code))].join(', ')}; see \`logdrive dlq list\`\n` : '';
  return `${number(receipts)} receipts checked\n${line('hot', hot)}${line('warm', warm)}${codes}`;
}

function timeOption(values: Values, name: string, fallbackMs: number): number {
  const given = text(values, name);
  const ms = given === undefined ? fallbackMs : durationMs(given);
  if (ms === undefined) throw new UsageError(`--${name} ${given}: give a time span such as 30s or 5m`);
  return ms;
}
