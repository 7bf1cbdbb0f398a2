import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { freePorts } from '../../scripts/services/ports.ts';
import { signalService, startService, stateOf, stopService } from '../../scripts/services/run.ts';
import type { OpenSearchHotStore } from '../../src/adapters/hot/opensearch/opensearch-hot-store.ts';
import { everything } from '../../src/query/ast/expression.ts';
import { recordAt } from '../contract/hot-store.contract.ts';
import { services } from '../services/services.ts';
import { startFaultyProxy } from './faulty-proxy.ts';
import { dropAll, openHotStore } from './open-hot-store.ts';

const url = services().openSearch?.url;
const plan = { tenant: 'acme', time: { fromUs: 0, toUs: 1e16 }, where: everything, order: 'asc' as const, limit: 10_000 };
const offsets = (count: number) => Array.from({ length: count }, (_, offset) => offset);

async function offsetsIn(store: OpenSearchHotStore): Promise<number[]> {
  return (await store.search(plan)).records.map(({ offset }) => offset);
}

describe.skipIf(!url)('OpenSearch: faults on the way', () => {
  const endings: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end();
  });

  function opened(at: string, options: Parameters<typeof openHotStore>[1] = {}): OpenSearchHotStore {
    const store = openHotStore(at, { bulkRecords: 50, retry: { budgetMs: 30_000, firstMs: 5, maxMs: 50 }, ...options });
    endings.push(() => store.close());
    return store;
  }

  test.each([1, 2, 3])('nothing is lost and nothing is there twice, whatever a proxy does (seed %i)', async (seed) => {
    const proxy = await startFaultyProxy(url!, seed, ['busy', 'cut', 'lost', 'partial', 'partial', 'none']);
    endings.push(proxy.close);
    const store = opened(proxy.url);
    endings.push(() => dropAll(store));
    const records = offsets(2_000).map((offset) => recordAt(offset));
    const results = await store.write(records);
    expect(results.map(({ position }) => position.offset)).toEqual(offsets(2_000));
    expect(results.filter(({ result }) => result !== 'stored' && result !== 'retry')).toEqual([]);
    expect(await offsetsIn(store)).toEqual(offsets(2_000));
    expect(Math.min(proxy.counts.busy, proxy.counts.cut, proxy.counts.lost, proxy.counts.partial)).toBeGreaterThan(0);
    expect(store.retries).toBeGreaterThan(0);
    const again = await store.write(records.slice(0, 500));
    expect(new Set(again.map(({ result }) => result))).toEqual(new Set(['retry']));
    expect(await offsetsIn(store)).toEqual(offsets(2_000));
  });

  test('a bulk whose answer is lost is sent again, and its records are retries', async () => {
    const proxy = await startFaultyProxy(url!, 7, ['lost']);
    endings.push(proxy.close);
    const store = opened(proxy.url, { retry: { budgetMs: 300, firstMs: 5, maxMs: 20 } });
    endings.push(() => dropAll(store));
    await expect(store.write([recordAt(0), recordAt(1)])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(proxy.counts.lost).toBeGreaterThan(1);
    const id = '00000000000000000000000000000001';
    const calm = await startFaultyProxy(url!, 7, ['none']);
    endings.push(calm.close);
    const direct = opened(calm.url, { prefix: store.prefix });
    const results = await direct.write([recordAt(0), recordAt(1), recordAt(2, { id, client_id: id })]);
    expect(results.map(({ result }) => result)).toEqual(['retry', 'retry', 'stored']);
    expect(await offsetsIn(direct)).toEqual([0, 1, 2]);
  });

  test('a store that refuses for longer than the budget fails the write, and later takes it', async () => {
    const proxy = await startFaultyProxy(url!, 3, ['busy']);
    endings.push(proxy.close);
    const store = opened(proxy.url, { retry: { budgetMs: 200, firstMs: 5, maxMs: 20 } });
    endings.push(() => dropAll(store));
    await expect(store.write([recordAt(0)])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(proxy.counts.busy).toBeGreaterThan(2);
    expect(await offsetsIn(store)).toEqual([]);
  });

  test('nobody at the address is STORE_UNAVAILABLE', async () => {
    const store = opened('http://127.0.0.1:9', { retry: { budgetMs: 50, firstMs: 5, maxMs: 20 } });
    await expect(store.write([recordAt(0)])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(store.search(plan)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  test('a node that is killed and brought back has every record once', { timeout: 240_000 }, async () => {
    const root = await mkdtemp(join(tmpdir(), 'logdrive-node-'));
    const ports = [Number(process.env.LOGDRIVE_TEST_OPENSEARCH_PORT ?? 0)];
    const node = await startService(root, 'opensearch', { ports });
    endings.push(async () => {
      await stopService(root, 'opensearch', { graceMs: 0 });
      await rm(root, { recursive: true, force: true });
    });
    const store = opened(node.endpoint, { retry: { budgetMs: 150_000, firstMs: 50, maxMs: 500 } });
    await store.write([recordAt(0)]);

    const killedAfter = 600;
    let written = 1;
    let isKilled = false;
    const writing = (async () => {
      while (written < 3_000) {
        const batch = offsets(100).map((i) => recordAt(written + i));
        const results = await store.write(batch);
        expect(results.filter(({ result }) => result !== 'stored' && result !== 'retry')).toEqual([]);
        written += batch.length;
      }
    })();
    await expect.poll(() => written, { timeout: 60_000, interval: 5 }).toBeGreaterThan(killedAfter);
    isKilled = signalService(root, 'opensearch', 'SIGKILL');
    await expect.poll(() => stateOf(root, 'opensearch').alive, { timeout: 10_000 }).toBe(false);
    // The kernel gives a killed node's port back when it has taken its memory.
    await expect.poll(async () => await freePorts(node.ports), { timeout: 60_000 }).toEqual(node.ports);
    const known = written;
    const back = await startService(root, 'opensearch', { ports: node.ports, exact: true });
    expect(back.endpoint).toBe(node.endpoint);
    await writing;
    expect(isKilled && known < written && store.retries > 0).toBe(true);
    expect(await offsetsIn(store)).toEqual(offsets(written));
  });
});
