import { setTimeout as sleep } from 'node:timers/promises';
import { Client, refusal, UnreachableError } from '../client.ts';
import { type Command, type Run, serverOptions } from '../command.ts';
import { readEvents } from '../events.ts';
import { filterOptions, filterQuery } from '../filters.ts';
import { type ShownRecord, showRecord } from '../show-record.ts';
import { number, styleFor } from '../style.ts';

const firstWaitMs = 500;
const maxWaitMs = 10_000;

export const tail: Command = {
  usage: "['QUERY']",
  about: 'Until Ctrl-C. When the connection breaks it goes on where it was.',
  options: {
    ...serverOptions,
    ...filterOptions,
    wide: { type: 'boolean', short: 'w', help: 'show host, trace, id and attributes too' },
    json: { type: 'boolean', help: 'a line of JSON each' },
  },
  examples: ['logdrive tail', 'logdrive tail --min-level warn --service api', "logdrive tail 'latency_ms>500' --json | jq .message"],
  run: runTail,
};

async function runTail(run: Run): Promise<void> {
  const { io, values, positionals } = run;
  const client = new Client(io, values);
  const errStyle = styleFor(io, io.errIsTerminal);
  let cursor: string | undefined;
  let waitMs = firstWaitMs;
  while (!io.signal.aborted) {
    try {
      const response = await client.send('GET', '/api/logs/tail', {
        query: filterQuery(values, positionals),
        headers: { accept: 'text/event-stream', ...(cursor ? { 'last-event-id': cursor } : {}) },
        timeoutMs: Number.POSITIVE_INFINITY,
      });
      if (!response.ok || !response.body) throw await refusal(response);
      waitMs = firstWaitMs;
      for await (const { event, data } of readEvents(response.body, (id) => {
        cursor = id;
      }))
        await show(run, event, data);
    } catch (thrown) {
      if (io.signal.aborted) return;
      // Before the first connection a wrong URL or key is an error; later the server may come back.
      const isBroken = thrown instanceof TypeError || (thrown as Error).name === 'AbortError' || thrown instanceof UnreachableError;
      if (!isBroken || (cursor === undefined && thrown instanceof UnreachableError)) throw thrown;
    }
    if (io.signal.aborted) return;
    io.err(`${errStyle.yellow('the connection broke')}; again in ${(waitMs / 1000).toFixed(1)} s\n`);
    await sleep(waitMs, undefined, { signal: io.signal }).catch(() => {});
    waitMs = Math.min(maxWaitMs, waitMs * 2);
  }
}

async function show({ io, values, style }: Run, event: string, data: string): Promise<void> {
  if (event === 'message') io.out(`${values.json ? data : showRecord(JSON.parse(data) as ShownRecord, style, values.wide === true)}\n`);
  else if (event === 'missed')
    io.err(`${style.yellow(`${number((JSON.parse(data) as { count: number }).count)} records left out: this reader is too slow`)}\n`);
  else if (event === 'error') io.err(`${style.red((JSON.parse(data) as { detail: string }).detail)}\n`);
  await io.drained();
}
