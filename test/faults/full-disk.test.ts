import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { nodeFileSystem } from '../../src/adapters/file-system/node.ts';
import { openSegmentQueue } from '../../src/adapters/queue/segment/segment-queue.ts';
import { openSegmentReader } from '../../src/adapters/queue/segment/segment-reader.ts';
import { systemClock } from '../../src/core/clock.ts';
import { baseOf, batchOf, readAll } from '../contract/queue.contract.ts';

const mebibyte = 2 ** 20;
const mounted = mount();

/** A small disk of our own in memory; where that needs rights we lack, the reason. */
function mount(): { folder: string } | { reason: string } {
  const folder = mkdtempSync(join(tmpdir(), 'logdrive-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', folder], { stdio: 'pipe' });
    return { folder };
  } catch (error) {
    rmSync(folder, { recursive: true });
    return { reason: String((error as { stderr?: Buffer }).stderr ?? error).trim() };
  }
}

afterAll(() => {
  if (!('folder' in mounted)) return;
  execFileSync('umount', ['--lazy', mounted.folder]);
  rmSync(mounted.folder, { recursive: true });
});

const skipped = 'reason' in mounted ? mounted.reason : undefined;
if (skipped) console.warn(`the full disk is not tried: no tmpfs could be mounted (${skipped})`);

test.skipIf(skipped)(
  `a disk that is really full answers DISK_FULL within a second, and appends go on by themselves once there is room`,
  async () => {
    const folder = join((mounted as { folder: string }).folder, 'queue');
    const ballast = join((mounted as { folder: string }).folder, 'ballast');
    await writeFile(ballast, Buffer.alloc(6 * mebibyte));
    const options = { folder, files: nodeFileSystem, clock: systemClock, generation: 1, segmentBytes: 2 * mebibyte, minFreeBytes: 0 };
    const queue = await openSegmentQueue(options);
    const answered = new Map<string, number>();
    const refusals: unknown[] = [];
    let slowestMs = 0;

    const send = async (client: number, count: number) => {
      for (let index = 0; index < count; index++) {
        const id = `r${client}-${index}-${answered.size}-${refusals.length}`;
        const start = performance.now();
        try {
          answered.set(id, baseOf(await queue.append(0, large(id))));
        } catch (error) {
          refusals.push((error as { code?: string }).code);
          slowestMs = Math.max(slowestMs, performance.now() - start);
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, client) => send(client, 12)));
    expect(refusals.length).toBeGreaterThan(0);
    expect(new Set(refusals)).toEqual(new Set(['DISK_FULL']));
    expect(slowestMs).toBeLessThan(1000);

    await rm(ballast);
    const before = answered.size;
    await expect.poll(() => send(9, 1).then(() => answered.size), { timeout: 5000, interval: 50 }).toBeGreaterThan(before);
    await queue.close();

    const again = await openSegmentQueue(options);
    const reader = openSegmentReader({ folder, files: nodeFileSystem, ends: again.durableEnds() });
    const found = await readAll(reader, 0, 0);
    expect(found.map(({ requestId, baseOffset }) => [requestId, baseOffset])).toEqual([...answered].sort(([, a], [, b]) => a - b));
    expect(await again.holes()).toEqual([]);
    await reader.close();
    await again.close();
  },
);

const large = (id: string) => ({ ...batchOf(id, 1), payload: Buffer.alloc(100_000, 'x') });
