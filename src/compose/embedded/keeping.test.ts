import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryStateStore } from '../../adapters/state/memory/memory-state-store.ts';
import { generationOf, openNextGeneration } from './generation.ts';
import { isLoopback, refuseOpenHost } from './open-host.ts';
import { openPoisonFile } from './poison-file.ts';
import { secretOf } from './secrets.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'logdrive-keeping-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a secret', () => {
  test('is made once by name, and is the same at every start', async () => {
    const state = new MemoryStateStore();
    const [a, again, b] = await Promise.all([secretOf(state, 'a'), secretOf(state, 'a'), secretOf(state, 'b')]);
    expect(a).toHaveLength(32);
    expect(Buffer.from(again!).equals(Buffer.from(a!))).toBe(true);
    expect(Buffer.from(b!).equals(Buffer.from(a!))).toBe(false);
  });
});

describe('the generation of the queue', () => {
  test('is 1 in a new folder and moves on when the log begins anew; what is left of it is put aside', async () => {
    const state = new MemoryStateStore();
    const segments = join(folder, 'segments');
    await mkdir(segments);
    await writeFile(join(segments, 'old'), '');
    expect([await generationOf(state), await generationOf(state)]).toEqual([1, 1]);
    expect(await openNextGeneration(state, segments)).toBe(2);
    expect(await generationOf(state)).toBe(2);
    expect(await readdir(folder)).toEqual(['segments.generation-1']);
    expect(await openNextGeneration(state, segments)).toBe(3);
  });
});

describe('marks of what is being worked on', () => {
  test('outlive the process, by partition', () => {
    const path = join(folder, 'marks');
    const first = openPoisonFile(path);
    expect(first.read(0)).toBeUndefined();
    first.write(0, { offset: 2 ** 40, count: 3, attempts: 2 });
    first.write(2, { offset: 7, count: 1, attempts: 9 });
    first.close();
    const second = openPoisonFile(path);
    expect([0, 1, 2].map((partition) => second.read(partition))).toEqual([
      { offset: 2 ** 40, count: 3, attempts: 2 },
      undefined,
      { offset: 7, count: 1, attempts: 9 },
    ]);
    second.write(0, undefined);
    expect(second.read(0)).toBeUndefined();
    second.close();
  });
});

describe('a host without keys', () => {
  test.each([
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['::1', true],
    ['localhost', true],
    ['0.0.0.0', false],
    ['::', false],
    ['10.0.0.1', false],
    ['127.0.0.1.evil.example', false],
  ])('is for this machine alone: %s is %s', (host, isLocal) => {
    expect(isLoopback(host)).toBe(isLocal);
  });

  test('is refused elsewhere, with what to do', () => {
    expect(() => refuseOpenHost('0.0.0.0')).toThrow(/keys create/);
  });
});
