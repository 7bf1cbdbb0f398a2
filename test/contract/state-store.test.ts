import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, expect, test } from 'vitest';
import { SqliteDeadLetters } from '../../src/adapters/dead-letters/sqlite/sqlite-dead-letters.ts';
import { MemoryStateStore } from '../../src/adapters/state/memory/memory-state-store.ts';
import { SqliteStateStore } from '../../src/adapters/state/sqlite/sqlite-state-store.ts';
import { describeStateStore } from './state-store.contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'logdrive-state-'));
afterAll(() => rm(folder, { recursive: true }));
let file = '';
let count = 0;

describeStateStore('memory', async () => new MemoryStateStore());
describeStateStore(
  'sqlite',
  async () => {
    file = join(folder, `${count++}.sqlite`);
    return new SqliteStateStore(file);
  },
  async () => new SqliteStateStore(file),
);

test('sqlite makes a commit durable before it answers', async () => {
  const store = new SqliteStateStore(join(folder, 'pragmas.sqlite'));
  expect(store.pragma('journal_mode')).toBe('wal');
  expect(store.pragma('synchronous')).toBe(2);
  expect(store.pragma('busy_timeout')).toBeGreaterThanOrEqual(1000);
  await store.close();
});

test('two threads that count on one key lose no step', async () => {
  const path = join(folder, 'threads.sqlite');
  const store = new SqliteStateStore(path);
  await store.compareAndSet('n', 0, 0);
  const steps = 100;
  const source = `
    import { workerData } from 'node:worker_threads';
    const { SqliteStateStore } = await import(workerData.module);
    const store = new SqliteStateStore(workerData.path);
    for (let done = 0; done < workerData.steps; ) {
      const { value, version } = await store.get('n');
      if (await store.compareAndSet('n', version, value + 1)) done++;
    }
    await store.close();`;
  const module = new URL('../../src/adapters/state/sqlite/sqlite-state-store.ts', import.meta.url).href;
  const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
  const ended = [0, 1].map(
    () =>
      new Promise((resolve, reject) =>
        new Worker(url, { workerData: { module, path, steps } }).once('exit', resolve).once('error', reject),
      ),
  );
  expect(await Promise.all(ended)).toEqual([0, 0]);
  expect((await store.get('n'))?.value).toBe(2 * steps);
  await store.close();
});

test('a file that is no database is an error that says so', async () => {
  const path = join(folder, 'broken.sqlite');
  writeFileSync(path, 'x'.repeat(8192));
  expect(() => new SqliteStateStore(path)).toThrow(expect.objectContaining({ code: 'STORE_UNAVAILABLE' }));
  expect(() => new SqliteDeadLetters(path)).toThrow(expect.objectContaining({ code: 'STORE_UNAVAILABLE' }));
});
