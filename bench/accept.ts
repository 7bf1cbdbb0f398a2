// What accept costs, from a body in memory to an append in memory, and where that goes; and what decoding costs a store: CPU seconds per million
// records, best of the rounds: `node bench/accept.ts [rounds]`. Reads ../shared/data/logs-100k.ndjson.gz where that is, else makes records up.
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { QueueBatch } from '../src/core/ports/queue.ts';
import { checkJson, checkLines } from '../src/pipeline/accept/check-body.ts';
import { defaultMaskSettings, mask } from '../src/pipeline/accept/mask.ts';
import { defaultLimits } from '../src/pipeline/accept/types.ts';
import { recordsOf } from '../src/pipeline/records-of.ts';
import { accepting, hash, requestOf } from '../test/accept/accepting.ts';
import { KeptQueue } from '../test/accept/kept-queue.ts';

const recordsPerBody = 500;
const rounds = Number(process.argv[2] ?? 6);
const file = new URL('../../shared/data/logs-100k.ndjson.gz', import.meta.url);
const lines = existsSync(file) ? gunzipSync(readFileSync(file)).toString().trimEnd().split('\n') : Array.from({ length: 100_000 }, madeUp);
const groups: string[][] = [];
for (let i = 0; i < lines.length; i += recordsPerBody) groups.push(lines.slice(i, i + recordsPerBody));
const ndjson = groups.map((group) => Buffer.from(group.join('\n')));
const arrays = groups.map((group) => Buffer.from(`[${group.join(',')}]`));
const bytesPerRecord = ndjson.reduce((sum, body) => sum + body.length, 0) / lines.length;

async function cost(bodies: Buffer[], work: (body: Buffer) => unknown): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    // Masking writes into what it is given, so that every round needs fresh bodies.
    const copies = bodies.map((body) => Buffer.from(body));
    const before = process.cpuUsage();
    for (const copy of copies) await work(copy);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / lines.length);
  }
  return best;
}

const { accept } = accepting({}, new KeptQueue(1, false));
const ofType = (contentType: string) => (body: Buffer) => accept(requestOf(body, { contentType, contentLength: body.length }));
const whole = await cost(ndjson, ofType('application/x-ndjson'));
const wholeArray = await cost(arrays, ofType('application/json'));
const masking = await cost(ndjson, (body) => mask(body, defaultMaskSettings, 'ndjson'));
const looking = await cost(ndjson, (body) => checkLines(body, defaultLimits));
const lookingArray = await cost(arrays, (body) => checkJson(body, defaultLimits));
const parsing = await cost(ndjson, (body) =>
  body
    .toString()
    .split('\n')
    .map((line) => JSON.parse(line)),
);
const decoding = await cost(ndjson, (body) => recordsOf(batchOf(body), { hash }));

console.log(
  `node ${process.version}, ${lines.length} records of ${bytesPerRecord.toFixed(0)} bytes, ${recordsPerBody} a body, best of ${rounds} rounds\n`,
);
console.log('| CPU s/M | NDJSON | JSON array |\n|---|---|---|');
const row = (name: string, ...figures: number[]) => console.log(`| ${name} | ${figures.map((figure) => figure.toFixed(2)).join(' | ')} |`);
row('accept, all told', whole, wholeArray);
row('- mask', masking, masking);
row('- parse and check, in one scan', looking, lookingArray);
row('- the rest', whole - masking - looking, wholeArray - masking - lookingArray);
row('for comparison: JSON.parse alone', parsing);
row('decode for a store: parse and normalise', decoding);

function batchOf(payload: Buffer): QueueBatch {
  const total = recordsPerBody;
  const observedUs = Date.UTC(2026, 10, 21) * 1000;
  const request = { tenant: 'bench', requestId: 'r', defaults: {}, rulesVersion: 1, idempotency: undefined };
  const position = { generation: 1, partition: 0, baseOffset: 0 };
  return { ...request, ...position, observedUs, format: 'ndjson', payload, total, accepted: undefined, count: total };
}

function madeUp(_: unknown, i: number): string {
  return JSON.stringify({
    timestamp: new Date(Date.UTC(2026, 10, 20) + i * 800).toISOString(),
    level: i % 40 === 0 ? 'error' : 'info',
    service: `service-${i % 7}`,
    env: 'prod',
    host: `host-${i % 12}`,
    message: `GET /items/${(i * 7919) % 5000}?page=${i % 9} answered after ${i % 300} ms for the customer of order ${(i * 104_729) % 1_000_003}`,
    attributes: {
      method: 'GET',
      path: `/items/${(i * 7919) % 5000}`,
      status: 200,
      latency_ms: (i % 3000) / 10,
      client_ip: `10.0.${i % 250}.7`,
    },
  });
}
