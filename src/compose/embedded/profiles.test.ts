import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { profileAll, takeProfile } from './profiles.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'logdrive-profiles-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a profile of some time is a file of its thread that tools can open', async () => {
  const path = await takeProfile(folder, 'front', 'cpu', 0.02);
  expect(path).toMatch(/-front\.cpuprofile$/);
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ nodes: expect.any(Array), samples: expect.any(Array) });
});

test('profiles of both kinds last as long as the work', async () => {
  const [cpu, heap] = await profileAll(join(folder, 'new'), 'store', Promise.resolve());
  expect(cpu).toMatch(/-store\.cpuprofile$/);
  expect(JSON.parse(await readFile(heap!, 'utf8'))).toMatchObject({ head: expect.any(Object) });
});
