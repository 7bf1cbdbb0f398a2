import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import type { WarmStore } from '../../../core/ports/warm-store.ts';
import { CachedWarmStore } from './cached-warm-store.ts';

const root = mkdtempSync(join(tmpdir(), 'logdrive-cached-'));
afterAll(() => rm(root, { recursive: true }));
let folders = 0;

/** A store whose every request is counted; objects are `size` times a letter. */
class CountedStore implements WarmStore {
  readonly objects = new Map<string, Uint8Array>();
  readonly requests: string[] = [];

  async putIfAbsent(name: string, parts: Uint8Array[]): Promise<boolean> {
    this.objects.set(name, Buffer.concat(parts));
    return true;
  }
  replace = async (name: string, parts: Uint8Array[] | AsyncIterable<Uint8Array>): Promise<void> => {
    const all: Uint8Array[] = [];
    for await (const part of parts) all.push(part);
    this.objects.set(name, Buffer.concat(all));
  };
  async get(name: string): Promise<Uint8Array> {
    this.requests.push(`get ${name}`);
    return this.objects.get(name)!;
  }
  async open(name: string) {
    this.requests.push(`open ${name}`);
    const object = this.objects.get(name)!;
    return { size: object.length, read: async (from: number, length: number) => object.subarray(from, from + length), close: () => {} };
  }
  async remove(name: string): Promise<void> {
    this.objects.delete(name);
  }
  async list(): Promise<{ name: string; bytes: number }[]> {
    return [];
  }
}

let store: CountedStore;
let folder: string;
beforeEach(async () => {
  store = new CountedStore();
  folder = join(root, String(folders++));
  for (const letter of 'abcde') await store.putIfAbsent(`x/${letter}.parquet`, [Buffer.alloc(100, letter)]);
  await store.putIfAbsent('s.json', [Buffer.from('{}')]);
});
const openCache = (maxBytes = 250, wholeBytes = 100) => CachedWarmStore.open({ store, folder, maxBytes, wholeBytes });

test('an object is fetched once, also by many at once, and read from the disk at once', async () => {
  const cache = await openCache();
  const opened = await Promise.all(Array.from({ length: 5 }, () => cache.open('x/a.parquet')));
  expect(store.requests.filter((request) => request.startsWith('get'))).toEqual(['get x/a.parquet']);
  for (const object of opened) {
    expect(object.size).toBe(100);
    expect(object.read(95, 10)).toEqual(Buffer.from('aaaaa'));
    object.close();
  }
  store.requests.length = 0;
  expect(await cache.get('x/a.parquet')).toEqual(Buffer.alloc(100, 'a'));
  expect(store.requests).toEqual([]);
});

test('an object that somebody brought meanwhile is not fetched again', async () => {
  const cache = await openCache();
  const open = store.open.bind(store);
  let late: () => void = () => {};
  const isLate = new Promise<void>((resolve) => {
    late = resolve;
  });
  let opens = 0;
  store.open = async (name) => {
    if (opens++ === 0) await isLate;
    return open(name);
  };
  const first = cache.open('x/a.parquet');
  await cache.open('x/a.parquet');
  late();
  await first;
  expect(cache.counts()).toEqual({ bytes: 100, files: 1, fetched: 1 });
});

test('the least recently used goes first, and one that is open stays readable', async () => {
  const cache = await openCache();
  const a = await cache.open('x/a.parquet');
  const b = await cache.open('x/b.parquet');
  expect(await cache.get('x/a.parquet')).toHaveLength(100);
  await cache.open('x/c.parquet');
  expect(readdirSync(join(folder, 'x')).sort()).toEqual(['a.parquet', 'c.parquet']);
  expect(cache.counts()).toEqual({ bytes: 200, files: 2, fetched: 3 });
  expect(b.read(0, 2)).toEqual(Buffer.from('bb'));
  a.close();
  b.close();
});

test('what is large, and what may change, is read where it is', async () => {
  const cache = await openCache(250, 99);
  expect(await (await cache.open('x/a.parquet')).read(0, 1)).toEqual(Buffer.from('a'));
  expect(await cache.get('s.json')).toEqual(Buffer.from('{}'));
  await cache.open('s.json');
  await cache.replace('s.json', [Buffer.from('[]')]);
  expect(await cache.get('s.json')).toEqual(Buffer.from('[]'));
  expect(cache.counts()).toEqual({ bytes: 0, files: 0, fetched: 0 });
});

test('held files are in the folder until they are released, whatever else comes', async () => {
  const cache = await openCache();
  const held = await cache.hold(['a', 'b'].map((letter) => ({ name: `x/${letter}.parquet`, bytes: 100 })));
  await cache.open('x/c.parquet');
  await cache.open('x/d.parquet');
  for (const letter of 'ab') expect(existsSync(join(held!.folder, `x/${letter}.parquet`))).toBe(true);
  held!.release();
  held!.release();
  await cache.open('x/e.parquet');
  expect(cache.counts().bytes).toBeLessThanOrEqual(250);
  expect(await cache.hold([{ name: 'x/a.parquet', bytes: 300 }])).toBeUndefined();
});

test('a removed object is gone here too, and so is what another process left', async () => {
  const cache = await openCache();
  await cache.open('x/a.parquet');
  await cache.remove('x/a.parquet');
  expect(existsSync(join(folder, 'x/a.parquet'))).toBe(false);
  writeFileSync(join(folder, 'x/b.parquet'), 'half');
  const other = await openCache();
  expect(await other.get('x/b.parquet')).toHaveLength(100);
});

test('a folder that cannot be written fails no read', async () => {
  const cache = await openCache();
  writeFileSync(join(folder, 'x'), 'in the way');
  expect(await (await cache.open('x/a.parquet')).read(0, 1)).toEqual(Buffer.from('a'));
  expect(await cache.hold([{ name: 'x/a.parquet', bytes: 100 }])).toBeUndefined();
  expect(readdirSync(folder)).toEqual(['x']);
});

test('a copy that somebody has removed is fetched again', async () => {
  const cache = await openCache();
  await cache.open('x/a.parquet');
  await rm(join(folder, 'x'), { recursive: true });
  expect(await (await cache.open('x/a.parquet')).read(0, 1)).toEqual(Buffer.from('a'));
  expect(cache.counts()).toEqual({ bytes: 100, files: 1, fetched: 2 });
});
