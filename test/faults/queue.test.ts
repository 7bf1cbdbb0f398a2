import { describe, expect, test } from 'vitest';
import type { FileSystem, OpenFile } from '../../src/core/ports/file-system.ts';
import { type Kept, ModelFileSystem, type ModelOptions, randomOf } from './model-file-system.ts';
import { faultsAfter, runRecovery, runWorkload } from './queue-workload.ts';

const kept: Kept[] = ['none', 'all', { seed: 1 }, { seed: 2 }, { seed: 3 }];

/** Runs the workload once for each of its system calls, dead at that one, and lists what is then wrong on the disk. */
async function sweep(keeps: Kept[], options: ModelOptions = {}): Promise<string[]> {
  const faults: string[] = [];
  const calls = await countCalls();
  for (let crashAt = 1; crashAt <= calls; crashAt++) {
    for (const keep of keeps) {
      const files = new ModelFileSystem({ ...options, crashAt });
      const witness = await runWorkload(files);
      const found = await faultsAfter(files.afterCrash(keep), witness);
      for (const fault of found) faults.push(`dead at ${crashAt} (${files.log.at(-1)}), kept ${JSON.stringify(keep)}: ${fault}`);
    }
  }
  return faults;
}

async function countCalls(): Promise<number> {
  const files = new ModelFileSystem();
  const witness = await runWorkload(files);
  expect(witness.acknowledged.size).toBe(12);
  expect(witness.problems).toEqual([]);
  return files.calls;
}

describe('the queue on a disk that forgets what was not made durable', () => {
  test('the workload rolls segments, groups appends and removes released ones', async () => {
    const files = new ModelFileSystem();
    await runWorkload(files);
    const count = (what: string) => files.log.filter((call) => call.startsWith(what)).length;
    expect(count('open create /data/queue/p0')).toBeGreaterThan(4);
    expect(count('unlink /data/queue/p0')).toBeGreaterThan(1);
    const groups = files.log.filter((call) => /^write .*\.seg /.test(call)).length;
    expect(groups).toBeLessThan(12);
  });

  test('dead at any system call, it keeps every acknowledged request at its offset and nothing half', async () => {
    expect(await sweep(kept)).toEqual([]);
  });

  test('dead again while it recovers, it keeps what the process between had read', async () => {
    const faults: string[] = [];
    const calls = await countCalls();
    const random = randomOf(7);
    for (let crashAt = 1; crashAt <= calls; crashAt++) {
      const soon = { crashAt: 1 + Math.floor(random() * 25) };
      const seeded = { seed: crashAt };
      const ways: [string, (files: ModelFileSystem) => ModelFileSystem, Kept][] = [
        ['process, then machine', (files) => files.afterKill(), 'none'],
        ['process, then machine after appending', (files) => files.afterKill(), 'none'],
        ['process, then machine early', (files) => files.afterKill(soon), seeded],
        ['machine twice', (files) => files.afterCrash(seeded, soon), 'none'],
      ];
      for (const [dies, restart, keep] of ways) {
        const files = new ModelFileSystem({ crashAt });
        const witness = await runWorkload(files);
        const between = restart(files);
        await runRecovery(between, witness, { appends: dies.endsWith('appending') });
        const found = await faultsAfter(between.afterCrash(keep), witness);
        for (const fault of found) faults.push(`${dies}: dead at ${crashAt} (${files.log.at(-1)}): ${fault}`);
      }
    }
    expect(faults).toEqual([]);
  });

  test.each([
    ['datasync that does nothing', { datasync: 'dropped' }],
    ['an acknowledgement before the commit', { datasync: 'late' }],
    ['names that are never made durable', { syncDirectory: 'dropped' }],
  ] as const)('finds a planted bug: %s', async (_, options) => {
    const faults = await sweep(['none'], options);
    expect(faults.filter((fault) => fault.includes('was acknowledged'))).not.toEqual([]);
  });
});

describe('the queue on a disk whose calls fail', () => {
  const failures = [
    { code: 'EIO', partOf: 0 },
    { code: 'EIO', partOf: 0.5 },
    { code: 'EIO', times: 2, reachesDisk: true },
    { code: 'ENOSPC', partOf: 0.7 },
  ] as const;

  test('goes on by itself after any one call has failed, and then keeps what it acknowledges', async () => {
    const faults: string[] = [];
    const calls = await countCalls();
    for (let at = 1; at <= calls; at++) {
      for (const failure of failures) {
        const files = new ModelFileSystem({ failure: { ...failure, at } });
        const witness = await runWorkload(files);
        const where = `${failure.code} at ${at} (${files.log[at - 1]})`;
        const hasOpened = files.log.some((call) => call.startsWith('open create /data/queue/p0'));
        if (hasOpened && witness.acknowledged.size < 12) faults.push(`${where}: only ${witness.acknowledged.size} acknowledged`);
        const found = await faultsAfter(files.afterCrash('none'), witness);
        for (const fault of found) faults.push(`${where}: ${fault}`);
      }
    }
    expect(faults).toEqual([]);
  });

  test('killed after an fdatasync has failed, it does not take for durable what only the memory of the system holds', async () => {
    const faults: string[] = [];
    const calls = await countCalls();
    for (let at = 1; at <= calls; at++) {
      const files = new ModelFileSystem({ failure: { at, code: 'EIO' }, crashAt: at + 1 });
      const witness = await runWorkload(files);
      const between = files.afterKill();
      await runRecovery(between, witness, { appends: false });
      for (const fault of await faultsAfter(between.afterCrash('none'), witness)) faults.push(`failed at ${at}: ${fault}`);
    }
    expect(faults).toEqual([]);
  });

  test('finds a planted bug: a failed fdatasync that is tried again and then believed', async () => {
    const faults: string[] = [];
    const calls = await countCalls();
    for (let at = 1; at <= calls; at++) {
      const files = new ModelFileSystem({ failure: { at, code: 'EIO' } });
      const witness = await runWorkload(files, believing(files));
      faults.push(...(await faultsAfter(files.afterCrash('none'), witness)));
    }
    expect(faults.filter((fault) => fault.includes('was acknowledged'))).not.toEqual([]);
  });
});

/** The same files for a careless program: what an fdatasync answers is not asked, it is called again. */
function believing(files: ModelFileSystem): FileSystem {
  const careless = (file: OpenFile): OpenFile => ({ ...file, datasync: () => file.datasync().catch(() => file.datasync()) });
  return new Proxy<FileSystem>(files, {
    get: (target, name) => {
      const method = target[name as keyof FileSystem] as (...values: unknown[]) => unknown;
      if (name !== 'open') return method.bind(target);
      return async (...values: Parameters<FileSystem['open']>) => careless(await target.open(...values));
    },
  });
}
