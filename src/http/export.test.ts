import { afterEach, expect, test } from 'vitest';
import { serveArray } from '../../test/scenarios/serve-array.ts';
import { AppError } from '../core/errors.ts';

type Served = Awaited<ReturnType<typeof serveArray>>;
const hosts: Served[] = [];
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop();
});

async function serve(records: number, change: Parameters<typeof serveArray>[0] = {}): Promise<Served> {
  const host = await serveArray(change);
  hosts.push(host);
  await send(host, 0, records);
  return host;
}

async function send({ address }: Served, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += 5_000) {
    const lines = Array.from({ length: Math.min(5_000, to - at) }, (_, i) => JSON.stringify({ message: `m${at + i}` }));
    const response = await fetch(`${address}/logs?wait=hot`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: lines.join('\n'),
    });
    expect(response.status).toBe(200);
  }
}

const ask = ({ address }: Served, query = '', init: RequestInit = {}) =>
  fetch(`${address}/api/export`, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: query, ...init });

const messagesOf = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { message: string }).message);

test('more than a page can hold is exported, each record once, while others arrive', async () => {
  const host = await serve(25_000);
  const search = host.platform.store.search;
  let pages = 0;
  host.platform.store.search = async (plan) => {
    if (++pages === 3) await send(host, 25_000, 25_100);
    return search.call(host.platform.store, plan);
  };
  const response = await ask(host);
  expect(response.headers.get('export-records')).toBe('25000');
  const messages = messagesOf(await response.text());
  expect(messages).toHaveLength(25_000);
  expect(new Set(messages).size).toBe(25_000);
  expect(messages).not.toContain('m25000');
});

test('pages follow what a reader takes, and end with it', async () => {
  const host = await serve(20_000, { maxExports: 1 });
  const search = host.platform.store.search;
  let read = 0;
  host.platform.store.search = async (plan) => {
    const result = await search.call(host.platform.store, plan);
    result.records = result.records.map((record) => ({ ...record, message: 'x'.repeat(20_000) }));
    read += result.records.length;
    return result;
  };
  const leave = new AbortController();
  const response = await ask(host, '', { signal: leave.signal });
  const reader = response.body!.getReader();
  await reader.read();
  const refused = await ask(host);
  expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([429, 'RATE_LIMITED']);
  // Buffers of two processes and a socket are some megabytes: the store has not been read to its end.
  await expect.poll(() => read).toBeGreaterThan(0);
  expect(read).toBeLessThan(5_000);
  leave.abort();
  await expect.poll(async () => (await ask(host, '| limit 1')).status).toBe(200);
});

test('an export that cannot go on breaks, and is never taken for whole', async () => {
  const host = await serve(1_000);
  const search = host.platform.store.search;
  let pages = 0;
  host.platform.store.search = async (plan) => {
    if (++pages === 2) throw new AppError('STORE_UNAVAILABLE', 'the disk is gone');
    return search.call(host.platform.store, plan);
  };
  const response = await ask(host);
  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toThrow();
});

test('records that went meanwhile break it too', async () => {
  const host = await serve(300);
  const search = host.platform.store.search;
  host.platform.store.search = async (plan) => {
    const result = await search.call(host.platform.store, plan);
    return { ...result, records: result.records.slice(0, 50) };
  };
  await expect((await ask(host)).text()).rejects.toThrow();
});

test('a store that is away refuses it before it begins', async () => {
  const host = await serve(10);
  const search = host.platform.store.aggregate;
  host.platform.store.aggregate = async (plan) => ({
    ...(await search.call(host.platform.store, plan)),
    reasons: ['hot: it does not answer'],
  });
  const response = await ask(host);
  expect([response.status, await response.json()]).toMatchObject([
    503,
    { code: 'STORE_UNAVAILABLE', detail: expect.stringContaining('hot') },
  ]);
});
