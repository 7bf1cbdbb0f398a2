import { channel } from 'node:diagnostics_channel';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startHost } from '../../src/compose/embedded/host.ts';
import type { HostSettings } from '../../src/compose/embedded/settings.ts';
import { settingsOfConfig } from '../../src/compose/embedded/settings-of-config.ts';
import { loadConfig } from '../../src/config/load-config.ts';

let dataDir: string;
const threads: Worker[] = [];
const seen = (message: unknown) => void threads.push((message as { worker: Worker }).worker);

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'logdrive-thread-'));
  threads.length = 0;
  channel('worker_threads').subscribe(seen);
});
afterEach(async () => {
  channel('worker_threads').unsubscribe(seen);
  await rm(dataDir, { recursive: true, force: true });
});

const settings = (...pairs: string[]): HostSettings =>
  settingsOfConfig(
    loadConfig({
      cwd: dataDir,
      argv: [
        '--port',
        '0',
        '--data-dir',
        dataDir,
        ...['log.level=error', 'canary.enabled=false', ...pairs].flatMap((pair) => ['--set', pair]),
      ],
    }),
    'test',
  );

type Whole = { status: number; text: string };
const readWhole = async (response: Response): Promise<Whole> => ({ status: response.status, text: await response.text() });
const messagesOf = ({ text }: Whole) => (JSON.parse(text) as { items: { message: string }[] }).items.map(({ message }) => message);

const post = (body: string) => ({ method: 'POST', headers: { 'content-type': 'application/json' }, body });

async function until(holds: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 15_000;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error('it does not come to that');
    await delay(10);
  }
}

describe('the store thread', () => {
  test('is started again when it dies, while records are taken in; nothing is lost and nothing is there twice', async () => {
    const host = await startHost(settings());
    const get = async (path: string) => readWhole(await fetch(`${host.url}${path}`));
    const send = async (n: number) =>
      readWhole(await fetch(`${host.url}/logs`, post(JSON.stringify([{ message: `first ${n}` }, { message: `second ${n}` }]))));
    try {
      expect((await send(1)).status).toBe(202);
      await until(async () => (await host.platform.store.status()).tableRows === 2);
      const [thread] = threads;
      await thread!.terminate();
      expect((await get('/ready')).status).toBe(503);
      expect((await send(2)).status).toBe(202);
      await until(async () => (await get('/ready')).status === 200);
      await until(async () => messagesOf(await get('/api/logs')).length === 4);
      expect(messagesOf(await get('/api/logs')).sort()).toEqual(['first 1', 'first 2', 'second 1', 'second 2']);
      expect(threads.length).toBeGreaterThan(1);
    } finally {
      await host.stop();
    }
  });

  test('commits what is in memory when the host stops, also a second time; the next host finds it', async () => {
    const first = await startHost(settings());
    await readWhole(await fetch(`${first.url}/logs?wait=hot`, post('{"message":"kept"}')));
    await Promise.all([first.stop(), first.stop()]);
    const second = await startHost(settings());
    try {
      const { warm, accepted } = await second.platform.store.ledger({});
      expect([accepted, warm.done, warm.in_flight]).toEqual([1, 1, 0]);
    } finally {
      await second.stop();
    }
  });
});

describe('a host that cannot start', () => {
  test('because its port is taken says so, and gives its folder back', async () => {
    const first = await startHost(settings());
    const port = Number(new URL(first.url).port);
    const elsewhere = { ...settings(), port, dataDir: join(dataDir, 'second') };
    try {
      await expect(startHost(elsewhere)).rejects.toMatchObject({ code: 'INVALID_CONFIG', detail: expect.stringContaining(String(port)) });
    } finally {
      await first.stop();
    }
    const second = await startHost(elsewhere);
    await second.stop();
  });

  test('because another host has its folder says so', async () => {
    const first = await startHost(settings());
    try {
      await expect(startHost(settings())).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
      expect((await readWhole(await fetch(`${first.url}/ready`))).status).toBe(200);
    } finally {
      await first.stop();
    }
  });

  test('where others could reach it without a key', async () => {
    await expect(startHost({ ...settings(), host: '0.0.0.0' })).rejects.toMatchObject({ code: 'INVALID_CONFIG' });
  });
});
