// Writing to OpenSearch: node bench/opensearch.ts http://127.0.0.1:9200 [records] [rounds]. The least of some rounds in turns: CPU of this process a record, records/s and bytes on disk, of the
// hot store beside plain requests and the official client. What the figures mean: docs/benchmarks.md.
import { Agent, request } from 'node:http';
import { Client } from '@opensearch-project/opensearch';
import { documentOf } from '../src/adapters/hot/opensearch/document.ts';
import { indexBody } from '../src/adapters/hot/opensearch/index-body.ts';
import { OpenSearchHotStore } from '../src/adapters/hot/opensearch/opensearch-hot-store.ts';
import { idOf } from '../src/core/ids.ts';
import type { StoredRecord } from '../src/core/record.ts';
import { sampleRecords } from './sample-records.ts';

const url = process.argv[2] ?? 'http://127.0.0.1:9200';
const wanted = Number(process.argv[3] ?? 100_000);
const rounds = Number(process.argv[4] ?? 5);
const perRequest = 1_000;
const inFlight = 3;
const shape = { shards: 1, replicas: 0, maxFields: 1_000, refreshInterval: '1s' };

type Batch = StoredRecord[];
type Way = { name: string; send(batch: Batch, index: string): Promise<unknown>; close(): Promise<unknown> };

const batches = readBatches();
const rawBytes = batches.flat().reduce((sum, record) => sum + Buffer.byteLength(JSON.stringify(record)), 0);
const count = batches.reduce((sum, batch) => sum + batch.length, 0);
const filter = 'filter_path=errors,items.create.status';

/** The document as an object, as a client that serialises takes it. */
const objectOf = (record: StoredRecord): object => JSON.parse(documentOf(record)) as object;
const objects = new Map(batches.map((batch) => [batch, batch.map(objectOf)]));

const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
const official = new Client({ node: url });
const ways: Way[] = [
  {
    name: 'plain `_bulk`, `JSON.stringify` of ready objects',
    send: async (batch, index) => {
      const lines = objects
        .get(batch)!
        .map((object, i) => `{"create":{"_index":"${index}","_id":"${batch[i]!.id}"}}\n${JSON.stringify(object)}\n`);
      const answer = JSON.parse(await post(`/_bulk?${filter}`, Buffer.from(lines.join('')))) as { errors: boolean };
      if (answer.errors) throw new Error('a record was refused');
    },
    close: async () => agent.destroy(),
  },
  {
    name: 'official client, `client.bulk`',
    send: async (batch, index) => {
      const body = objects.get(batch)!.flatMap((object, i) => [{ create: { _index: index, _id: batch[i]!.id } }, object]);
      const answer = await official.bulk({ body, filter_path: ['errors', 'items.create.status'] });
      if (answer.body.errors) throw new Error('a record was refused');
    },
    close: () => Promise.resolve(),
  },
  {
    name: 'official client, `helpers.bulk`',
    send: async (batch, index) => {
      const ids = new Map(objects.get(batch)!.map((object, i) => [object, batch[i]!.id]));
      const result = await official.helpers.bulk({
        datasource: objects.get(batch)!,
        onDocument: (object) => ({ create: { _index: index, _id: ids.get(object) } }) as never,
      });
      if (result.failed > 0) throw new Error('a record was refused');
    },
    close: () => official.close(),
  },
];

type Measured = { cpuUs: number; ms: number; bytes: number };
const measures = new Map<string, () => Promise<Measured>>([
  ['`OpenSearchHotStore.write`: documents, ids, outcomes and refresh too', measureHotStore],
  ...ways.map((way) => [way.name, () => measure(way)] as const),
]);
const found = new Map<string, Measured[]>();
for (let round = 0; round <= rounds; round++) {
  for (const [name, measureOnce] of measures) {
    const measured = await measureOnce();
    // The first round only warms up.
    if (round > 0) found.set(name, [...(found.get(name) ?? []), measured]);
  }
}
for (const way of ways) await way.close();
console.log(
  `${count} records of ${Math.round(rawBytes / count)} bytes as JSON, ${perRequest} a request, ${inFlight} at once, ${rounds} rounds in turns\n`,
);
console.log('| way | client CPU, us a record | records/s | bytes a record on disk |\n|---|---|---|---|');
for (const [name, all] of found) {
  const least = (of: (measured: Measured) => number) => Math.min(...all.map(of));
  console.log(
    row(
      name,
      least(({ cpuUs }) => cpuUs),
      least(({ ms }) => ms),
      least(({ bytes }) => bytes),
    ),
  );
}

async function measureHotStore(): Promise<Measured> {
  const store = new OpenSearchHotStore({
    url,
    prefix: 'bench-',
    cells: 1,
    ...shape,
    bulkRecords: perRequest,
    parallelBulks: inFlight,
    refresh: 'now',
  });
  for (const { cell, day } of await store.days()) await store.dropDay(cell, day);
  const { cpuUs, ms } = await timed(async () => {
    for (let at = 0; at < batches.length; at += inFlight * 4) {
      const results = await store.write(batches.slice(at, at + inFlight * 4).flat());
      if (results.some(({ result }) => result !== 'stored')) throw new Error('a record was not stored');
    }
  });
  const days = await store.days();
  for (const { cell, day } of days) await settle(`bench-logs.${cell}.${day}`);
  const bytes = (await store.days()).reduce((sum, day) => sum + day.bytes, 0);
  for (const { cell, day } of days) await store.dropDay(cell, day);
  await store.close();
  return { cpuUs, ms, bytes };
}

async function measure(way: Way): Promise<Measured> {
  const index = 'bench-plain';
  await official.indices.delete({ index, ignore_unavailable: true });
  await official.indices.create({ index, body: indexBody(shape) as never });
  const { cpuUs, ms } = await timed(async () => {
    const queue = [...batches];
    await Promise.all(
      Array.from({ length: inFlight }, async () => {
        for (let batch = queue.shift(); batch; batch = queue.shift()) await way.send(batch, index);
      }),
    );
  });
  await settle(index);
  const stats = await official.indices.stats({ index, metric: 'store' });
  const bytes = stats.body._all?.primaries?.store?.size_in_bytes ?? 0;
  await official.indices.delete({ index });
  return { cpuUs, ms, bytes };
}

async function timed(run: () => Promise<void>): Promise<{ cpuUs: number; ms: number }> {
  const before = process.cpuUsage();
  const start = performance.now();
  await run();
  const { user, system } = process.cpuUsage(before);
  return { cpuUs: user + system, ms: performance.now() - start };
}

/** Brings an index to the size it keeps: one segment, nothing left in the log. */
async function settle(index: string): Promise<void> {
  await post(`/${index}/_refresh`, Buffer.alloc(0));
  await post(`/${index}/_forcemerge?max_num_segments=1`, Buffer.alloc(0));
  await post(`/${index}/_flush?force=true`, Buffer.alloc(0));
  await post(`/${index}/_refresh`, Buffer.alloc(0));
}

function row(name: string, cpuUs: number, ms: number, bytes: number): string {
  return `| ${name} | ${(cpuUs / count).toFixed(1)} | ${Math.round((count / ms) * 1000).toLocaleString('en')} | ${Math.round(bytes / count)} |`;
}

function post(path: string, body: Buffer): Promise<string> {
  const { hostname: host, port } = new URL(url);
  const headers = { 'content-type': 'application/x-ndjson', 'content-length': body.length };
  return new Promise((resolve, reject) => {
    const sent = request({ host, port, method: 'POST', path, headers, agent }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve(Buffer.concat(chunks).toString()));
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function readBatches(): Batch[] {
  const all: StoredRecord[] = [];
  for (const { records } of sampleRecords()) {
    for (const record of records) {
      const position = { generation: 1, partition: all.length % 12, offset: Math.floor(all.length / 12) };
      all.push({ ...record, tenant: 'acme', id: idOf(position), ...position });
    }
    if (all.length >= wanted) break;
  }
  if (all.length === 0) throw new Error('there are no sample records beside the checkout');
  return Array.from({ length: Math.ceil(all.length / perRequest) }, (_, i) => all.slice(i * perRequest, (i + 1) * perRequest));
}
