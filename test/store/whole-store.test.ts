import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodeFileSystem } from '../../src/adapters/file-system/node.ts';
import { openSegmentQueue, type SegmentQueue } from '../../src/adapters/queue/segment/segment-queue.ts';
import { type BuiltStore, buildStore } from '../../src/compose/embedded/build-store.ts';
import { dataPaths } from '../../src/compose/embedded/settings.ts';
import { settingsOfConfig } from '../../src/compose/embedded/settings-of-config.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Receipt } from '../../src/core/receipt.ts';
import { always } from '../../src/pipeline/store/search.ts';
import type { StoreApi } from '../../src/pipeline/store-api.ts';
import { everything } from '../../src/query/ast/expression.ts';
import { keyed } from '../contract/queue.contract.ts';

const tenant = 'acme';
let dataDir: string;
let queue: SegmentQueue;
let store: BuiltStore;
let api: StoreApi;
let released: [partition: number, offset: number][];

/** The stores of the embedded host over a queue on this disk, in this thread. */
async function open(generation = 1): Promise<void> {
  const config = loadConfig({ cwd: dataDir, argv: ['--data-dir', dataDir, '--log-level', 'error', '--set', 'queue.partitions=2'] });
  const process = { ...config.process, steps: [{ use: 'drop', when: { field: 'service', equals: 'noise' } }] };
  const settings = { ...settingsOfConfig({ ...config, process }, '1'), sealAfterMs: 3_600_000 };
  queue = await openSegmentQueue({
    folder: dataPaths(dataDir).segments,
    files: nodeFileSystem,
    clock: systemClock,
    generation,
    partitions: 2,
    onDurable: ({ partition, end }) => store?.advance([{ partition, end }]),
  });
  const ends = queue.durableEnds().map((end) => ({ generation, ...end }));
  released = [];
  const data = { settings, generation, ends, holes: [], compileCache: undefined, profile: false };
  store = await buildStore(data, (partition, offset) => released.push([partition, offset]));
  api = store.api;
  store.start();
}

async function close(): Promise<void> {
  await store.stop(true);
  await queue.close();
}

/** As after the log was lost: what is stored stays, the log begins anew. */
async function loseLog(): Promise<void> {
  await close();
  await rm(dataPaths(dataDir).segments, { recursive: true });
  await open(2);
}

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'logdrive-store-'));
  await open();
});
afterEach(async () => {
  await close();
  await rm(dataDir, { recursive: true, force: true });
});

let requests = 0;
async function append(records: (object | string)[], partition = 0): Promise<Receipt> {
  const id = `r${requests++}`;
  const payload = Buffer.from(records.map((record) => (typeof record === 'string' ? record : JSON.stringify(record))).join('\n'));
  const counts = { total: records.length, count: records.length, accepted: undefined };
  const batch = { ...keyed(id, tenant, id), observedUs: Date.now() * 1_000, payload, format: 'ndjson' as const, ...counts };
  const { generation, runs } = await queue.append(partition, batch);
  return { tenant, generation, partition, runs };
}

const all = { tenant, time: always, where: everything, order: 'asc' as const, limit: 1_000 };
const messages = async () => (await api.search(all)).records.map(({ message }) => message).sort();

describe('the stores of a host', () => {
  test('find what was appended, in memory and in files, over all partitions, and again after a restart', async () => {
    const [a, b] = await Promise.all([
      append([{ message: 'one' }, { message: 'two', service: 'noise' }]),
      append([{ message: 'three' }], 1),
    ]);
    expect(await api.waitFor(a!, 'hot', 10_000)).toMatchObject({
      records: 2,
      hot: { done: 1, dropped: 1, in_flight: 0 },
      warm: { in_flight: 2 },
    });
    await api.waitFor(b!, 'hot', 10_000);
    expect(await messages()).toEqual(['one', 'three']);
    expect((await api.waitFor(a!, 'warm', 5)).warm.in_flight).toBe(2);
    expect(await api.snapshot()).toEqual({ 0: 2, 1: 1 });
    await api.flush();
    expect((await api.receipt(a!)).warm).toEqual({ done: 1, in_flight: 0, dead: 0, dropped: 1 });
    expect(released).toEqual(
      expect.arrayContaining([
        [0, 2],
        [1, 1],
      ]),
    );
    await close();
    await open();
    expect(await messages()).toEqual(['one', 'three']);
    const { records } = await api.search(all);
    expect((await api.record(tenant, records[0]!.id))?.message).toBe(records[0]!.message);
    const status = await api.status();
    expect(status).toMatchObject({
      tableRows: 0,
      files: 2,
      deadLetters: 0,
      partitions: [{ end: 2, indexed: 2, committed: 2, open: 0 }, { end: 1 }],
    });
    await expect(api.receipt({ ...a!, partition: 9 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test("keep a client's id once, whichever partition brings it first", async () => {
    const receipts = await Promise.all([0, 1, 0, 1].map((partition, i) => append([{ id: 'mine', message: `try ${i}` }], partition)));
    for (const receipt of receipts) await api.waitFor(receipt, 'hot', 10_000);
    expect(await messages()).toHaveLength(1);
    await api.flush();
    await api.waitFor(await append([{ id: 'mine', message: 'late' }], 1), 'hot', 10_000);
    expect(await messages()).toHaveLength(1);
    const { accepted, hot } = await api.ledger({ tenant });
    expect([accepted, hot.done, hot.dropped.duplicate]).toEqual([5, 1, 4]);
  });

  test('set aside what cannot be read, list it, try it again, give it up', async () => {
    const receipt = await append([{ message: 'good' }, '{broken', '{broken too']);
    const status = await api.waitFor(receipt, 'hot', 10_000);
    expect(status.dead).toEqual([
      { position: 1, code: 'NOT_JSON' },
      { position: 2, code: 'NOT_JSON' },
    ]);
    const { letters, groups } = await api.deadLetters(tenant, { limit: 1 });
    expect([letters.length, groups[0]?.count]).toEqual([1, 2]);
    const { letters: rest } = await api.deadLetters(tenant, { cause: groups[0]!.cause, after: letters[0]!.id });
    expect(rest).toHaveLength(1);
    expect((await api.deadLetter(tenant, letters[0]!.id))?.body).toBe('{broken');
    await api.flush();
    expect(await api.redrive(tenant, { cause: groups[0]!.cause })).toEqual({ matched: 2, redriven: 0, skipped: 2 });
    expect(await api.discardDeadLetter(tenant, letters[0]!.id)).toBe(true);
    expect(await api.discardDeadLetter('other', rest[0]!.id)).toBe(false);
    const [whole, own] = await Promise.all([api.ledger({}), api.ledger({ tenant })]);
    expect([whole.warm.dead, own.warm.dead, own.warm.done]).toEqual([2, 2, 1]);
  });

  test('sum up by service, field, hour and tier, and compact', async () => {
    const timestamp = '2026-11-20T08:30:00Z';
    const records = [1, 2, 3].map((ms) => ({
      timestamp,
      service: 'shop',
      level: ms === 3 ? 'error' : 'info',
      message: 'm',
      ms,
      path: '/cart',
    }));
    await api.waitFor(await append(records), 'hot', 10_000);
    expect(await api.services(tenant, always.fromUs, always.toUs)).toMatchObject([
      { name: 'shop', count: 3, levels: { info: 2, error: 1 } },
    ]);
    expect((await api.fields(tenant, always.fromUs, always.toUs)).map(({ name }) => name)).toContain('attributes.ms');
    await api.flush();
    const plan = { tenant, time: always, where: everything, groupBy: [], orderBy: [] as [string, 'asc'][], limit: 10 };
    const groups = await api.aggregate({ ...plan, aggregates: [{ fn: 'sum', field: 'attributes.ms', as: 'total' }] });
    expect(groups.rows).toEqual([{ total: 6 }]);
    expect((await api.compact(true)).written).toBeGreaterThan(0);
    expect(await api.analytics(tenant, '2026-11-20T08')).toMatchObject({ total: 3, by_service: { shop: 3 }, by_path: { '/cart': 3 } });
    expect(await api.analytics(tenant, '2026-11-20T09')).toBeUndefined();
    const tiers = await api.storage(tenant);
    expect(tiers.find(({ tier }) => tier === 'compacted')).toMatchObject({ files: 1, rows: 3 });
    expect(await messages()).toEqual(['m', 'm', 'm']);
  });

  test('show what a former log brought, beside what the new one brings', async () => {
    await api.waitFor(await append([{ message: 'old 1' }, { message: 'old 2' }, '{dead']), 'hot', 10_000);
    await loseLog();
    expect(await messages()).toEqual(['old 1', 'old 2']);
    await api.waitFor(await append([{ message: 'new' }]), 'hot', 10_000);
    expect(await messages()).toEqual(['new', 'old 1', 'old 2']);
    const { hot, accepted } = await api.ledger({ tenant });
    expect([accepted, hot.done, hot.dead]).toEqual([4, 3, 1]);
  });

  test('explain what would become of a record', async () => {
    expect(await api.explain(tenant, { message: 'a', service: 'noise' })).toMatchObject({ outcome: 'drop', reason: 'rule' });
    expect(await api.explain(tenant, { message: 'a', service: 'shop' })).toMatchObject({ outcome: 'keep', record: { service: 'shop' } });
  });

  test('tail what comes, and go on where a tail ended', async () => {
    const where = { kind: 'match', field: 'message', text: 'boom' } as const;
    const first = api.tail('t1', tenant, where, undefined, 10_000);
    await api.waitFor(await append([{ message: 'calm' }, { message: 'boom 1' }]), 'hot', 10_000);
    const slice = await first;
    expect(slice.records.map(({ message }) => message)).toEqual(['boom 1']);
    await api.endTail('t1');
    await api.waitFor(await append([{ message: 'boom 2' }]), 'hot', 10_000);
    const resumed = await api.tail('t2', tenant, where, slice.cursor, 10_000);
    expect(resumed.records.map(({ message }) => message)).toEqual(['boom 2']);
    await expect(api.tail('t3', tenant, where, 'nonsense', 10)).rejects.toMatchObject({ code: 'INVALID_PARAMETER' });
  });
});
