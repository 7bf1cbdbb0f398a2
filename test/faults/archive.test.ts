import { describe, expect, test } from 'vitest';
import { MemoryStateStore } from '../../src/adapters/state/memory/memory-state-store.ts';
import { FolderWarmStore } from '../../src/adapters/warm/folder/folder-warm-store.ts';
import { type Intervals, sizeOf } from '../../src/core/intervals.ts';
import { commit } from '../../src/core/warm/commit.ts';
import { compactLevel0 } from '../../src/core/warm/compact.ts';
import { readPartitions } from '../../src/core/warm/heads.ts';
import { snapshot } from '../../src/core/warm/snapshot.ts';
import type { MergedDay, MergeRequest } from '../../src/core/warm/steps.ts';
import { contentHash } from '../../src/pipeline/archive.ts';
import { StepRunner } from '../../src/pipeline/run-steps.ts';
import { type Kept, ModelFileSystem, type ModelOptions } from './model-file-system.ts';

const root = '/warm';
const day = '2026-11-21';
const atUs = Date.parse(`${day}T08:00:00Z`) * 1000;
const info = (rows: number) => ({ rows, bytes: 1, minTimestamp: atUs, maxTimestamp: atUs, minObserved: atUs, maxObserved: atUs });

/** A file that says which offsets have a row in it, over several sectors. */
const contentOf = (offsets: Intervals): Uint8Array[] => [Buffer.from(JSON.stringify(offsets)), Buffer.alloc(1500, 'x')];
const offsetsIn = (bytes: Uint8Array): Intervals => JSON.parse(new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0x78))));

/** Commits three batches and compacts two of them. The state store survives on a disk of its own. Ends where the process dies. */
async function runWorkload(files: ModelFileSystem, state: MemoryStateStore): Promise<void> {
  try {
    const warm = await FolderWarmStore.open(files, root);
    const runner = new StepRunner(state, warm);
    const deliver = (from: number, to: number) => {
      const done: Intervals = [[from, to]];
      const content = contentOf(done);
      const file = { hash: contentHash(content), content, info: info(to - from), tenants: ['acme'] };
      const batch = { done, dropped: {}, dead: [], redrive: false };
      return runner.run(commit({ generation: 0, partition: 0, batch, file, minutes: [] }));
    };
    await Promise.all([deliver(0, 5), deliver(0, 5), deliver(5, 9)]);
    const inputs = (await runner.run(readPartitions())).flatMap((head) =>
      head.files.map((file) => ({ generation: 0, partition: 0, file })),
    );
    const merge = async ({ sources }: MergeRequest): Promise<MergedDay[]> => {
      const offsets = (await Promise.all(sources.map(async ({ name }) => offsetsIn(await warm.get(name))))).flat();
      const content = contentOf(offsets);
      const output = { hour: 8, hash: contentHash(content), content, info: info(sizeOf(offsets)) };
      return [{ tenant: 'acme', day, outputs: [output], removed: [] }];
    };
    await runner.run(compactLevel0(inputs), merge);
    await deliver(9, 12);
  } catch (error) {
    if (!files.isDead) throw error;
  }
}

/** Lists what is wrong with what a crash has left: every done offset has its row in exactly one durable file. */
async function faultsAfter(files: ModelFileSystem, state: MemoryStateStore): Promise<string[]> {
  const warm = await FolderWarmStore.open(files, root);
  const runner = new StepRunner(state, warm);
  const { files: listed, partitions } = await runner.run(snapshot('acme', { fromUs: 0, toUs: Number.MAX_SAFE_INTEGER }));
  const seen: number[] = [];
  const faults: string[] = [];
  for (const { name } of listed) {
    try {
      for (const [from, to] of offsetsIn(await warm.get(name))) for (let offset = from; offset < to; offset++) seen.push(offset);
    } catch (error) {
      faults.push(`${name}: ${(error as Error).message}`);
    }
  }
  const done = partitions.reduce((sum, { counts }) => sum + counts.done, 0);
  if (new Set(seen).size !== seen.length || (faults.length === 0 && seen.length !== done))
    faults.push(`${done} are done, ${seen} are there`);
  return faults;
}

async function sweep(keeps: Kept[], options: ModelOptions = {}): Promise<{ faults: string[]; crashes: number }> {
  const faults: string[] = [];
  const whole = new ModelFileSystem();
  await runWorkload(whole, new MemoryStateStore());
  for (let crashAt = 1; crashAt <= whole.calls; crashAt++) {
    for (const keep of keeps) {
      const files = new ModelFileSystem({ ...options, crashAt });
      const state = new MemoryStateStore();
      await runWorkload(files, state);
      const found = await faultsAfter(files.afterCrash(keep), state);
      faults.push(...found.map((fault) => `dead at ${crashAt} (${files.log.at(-1)}), kept ${JSON.stringify(keep)}: ${fault}`));
    }
  }
  return { faults, crashes: whole.calls };
}

describe('the archive on a disk that forgets what was not made durable', () => {
  test('dead at any system call, no offset is done whose row is not in a durable file', async () => {
    const { faults, crashes } = await sweep(['none', 'all', { seed: 1 }, { seed: 2 }, { seed: 3 }]);
    expect(faults).toEqual([]);
    expect(crashes).toBeGreaterThan(40);
  });

  test.each([
    ['datasync that does nothing', { datasync: 'dropped' }],
    ['names that are never made durable', { syncDirectory: 'dropped' }],
  ] as const)('finds a planted bug: %s', async (_, options) => {
    expect((await sweep(['none'], options)).faults).not.toEqual([]);
  });
});
