import { randomBytes } from 'node:crypto';
import { durationMs } from '../../config/units.ts';
import { simulate } from '../../simulate/simulate.ts';
import { Client, refusal } from '../client.ts';
import { type Command, jsonOption, serverOptions, text, UsageError, whole } from '../command.ts';
import { number, table } from '../style.ts';

export const bench: Command = {
  usage: '',
  about: 'Sends simulated records as fast as they are answered. They stay in the store.',
  options: {
    ...serverOptions,
    for: { type: 'string', value: 'TIME', help: 'how long to send [5s]' },
    batch: { type: 'string', short: 'b', value: 'N', help: 'records a request [500]' },
    parallel: { type: 'string', value: 'N', help: 'requests in flight [4]' },
    ...jsonOption,
  },
  examples: ['logdrive bench', 'logdrive bench --for 30s --batch 1000 --parallel 8'],
  async run({ io, values, style }) {
    const given = text(values, 'for') ?? '5s';
    const forMs = durationMs(given);
    if (forMs === undefined) throw new UsageError(`--for ${given}: give a time span such as 5s`);
    const batch = whole(values, 'batch', 500);
    const parallel = whole(values, 'parallel', 4);
    const client = new Client(io, values);
    const bodies = makeBodies(batch, 20);
    const run = randomBytes(8).toString('hex');
    const latenciesMs: number[] = [];
    let sent = 0;
    let receipt: string | null = null;
    const startMs = performance.now();
    const worker = async () => {
      while (performance.now() - startMs < forMs && !io.signal.aborted) {
        const seq = sent++;
        const atMs = performance.now();
        const answer = await client.send('POST', '/logs', {
          body: bodies[seq % bodies.length]!,
          headers: { 'content-type': 'application/x-ndjson', 'idempotency-key': `${run}-${seq}` },
        });
        if (!answer.ok) throw await refusal(answer);
        receipt = ((await answer.json()) as { receipt: string }).receipt;
        latenciesMs.push(performance.now() - atMs);
      }
    };
    await Promise.all(Array.from({ length: parallel }, worker));
    const seconds = (performance.now() - startMs) / 1000;
    const searchableS = receipt === null ? 0 : await untilSearchable(client, receipt);
    latenciesMs.sort((a, b) => a - b);
    const at = (share: number) =>
      Math.round((latenciesMs[Math.min(latenciesMs.length - 1, Math.floor(latenciesMs.length * share))] ?? 0) * 100) / 100;
    const result = {
      records: latenciesMs.length * batch,
      seconds: Math.round(seconds * 100) / 100,
      records_per_s: Math.round((latenciesMs.length * batch) / seconds),
      p50_ms: at(0.5),
      p95_ms: at(0.95),
      p99_ms: at(0.99),
      searchable_after_s: Math.round(searchableS * 100) / 100,
    };
    if (values.json) io.out(`${JSON.stringify(result)}\n`);
    else {
      io.out(
        `${table(['records', 'records/s', 'p50 ms', 'p95 ms', 'p99 ms'], [[result.records, result.records_per_s, result.p50_ms, result.p95_ms, result.p99_ms]], style)}\n`,
      );
      io.out(`the last records were searchable ${number(result.searchable_after_s)} s after their answer\n`);
    }
  },
};

function makeBodies(batch: number, count: number): string[] {
  const records = simulate({ seed: 1, ratePerS: 1_000, startMs: Date.now() });
  return Array.from({ length: count }, () => Array.from({ length: batch }, () => JSON.stringify(records.next().value!.record)).join('\n'));
}

async function untilSearchable(client: Client, receipt: string): Promise<number> {
  const startMs = performance.now();
  for (;;) {
    const { hot } = await client.call<{ hot: { in_flight: number } }>('GET', `/api/receipts/${receipt}`);
    if (hot.in_flight === 0) return (performance.now() - startMs) / 1000;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
