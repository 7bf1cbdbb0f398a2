import { mkdtempSync } from 'node:fs';
import { readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { nodeFileSystem } from '../../src/adapters/file-system/node.ts';
import { CachedWarmStore } from '../../src/adapters/warm/cached/cached-warm-store.ts';
import { FolderWarmStore } from '../../src/adapters/warm/folder/folder-warm-store.ts';
import { MemoryWarmStore } from '../../src/adapters/warm/memory/memory-warm-store.ts';
import { describeWarmStore } from './warm-store.contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'logdrive-warm-'));
afterAll(() => rm(folder, { recursive: true }));
let count = 0;
const openFolder = () => FolderWarmStore.open(nodeFileSystem, join(folder, `${count++}`));

describeWarmStore('memory', async () => new MemoryWarmStore());
describeWarmStore('folder', openFolder);
describeWarmStore('cached', () =>
  CachedWarmStore.open({ store: new MemoryWarmStore(), folder: join(folder, `${count++}`), maxBytes: 1_000 }),
);

test('a name that leaves the folder is refused', async () => {
  const store = await openFolder();
  for (const name of ['../x.parquet', '/x.parquet', 'a/../../x.parquet', 'a//x.parquet', 'a/x', '.x.parquet'])
    await expect(store.putIfAbsent(name, [])).rejects.toThrow('no name of an object');
});

test('what a crash left half written is swept when it is old, and left alone while it may be in use', async () => {
  const root = join(folder, 'swept');
  await FolderWarmStore.open(nodeFileSystem, root);
  await writeFile(join(root, 'tmp', 'old.part'), 'x');
  await writeFile(join(root, 'tmp', 'new.part'), 'x');
  await utimes(join(root, 'tmp', 'old.part'), 0, 0);
  await FolderWarmStore.open(nodeFileSystem, root);
  expect(await readdir(join(root, 'tmp'))).toEqual(['new.part']);
});
