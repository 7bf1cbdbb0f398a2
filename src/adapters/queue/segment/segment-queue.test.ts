import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { manualClock } from '../../../core/clock.ts';
import type { FileSystem, OpenFile } from '../../../core/ports/file-system.ts';
import type { Hole, RawBatch } from '../../../core/ports/queue.ts';
import { nodeFileSystem } from '../../file-system/node.ts';
import type { SegmentQueueOptions } from './options.ts';
import { openSegmentQueue } from './segment-queue.ts';
import { openSegmentReader } from './segment-reader.ts';

let folder: string;
let clock: ReturnType<typeof manualClock>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'logdrive-segments-'));
  clock = manualClock(1_000_000);
});
afterEach(() => rm(folder, { recursive: true }));

const open = (options: Partial<SegmentQueueOptions> = {}) =>
  openSegmentQueue({ folder, files: nodeFileSystem, clock, generation: 1, segmentBytes: 8192, maxBytes: 2 ** 20, ...options });

const batch = (bytes: number, key?: string): RawBatch => ({
  tenant: 'acme',
  observedUs: clock.nowMs() * 1000,
  format: 'json',
  payload: Buffer.alloc(bytes, 'x'),
  total: 1,
  accepted: undefined,
  count: 1,
  defaults: {},
  requestId: 'r',
  rulesVersion: 1,
  idempotency: key === undefined ? undefined : { key, bodyHmac: Buffer.alloc(32) },
});

/** The same files with one method of each opened file changed. */
function withFiles(change: (file: OpenFile) => Partial<OpenFile>): FileSystem {
  return {
    ...nodeFileSystem,
    open: async (path, mode) => {
      const file = await nodeFileSystem.open(path, mode);
      const plain: OpenFile = {
        read: (into, position) => file.read(into, position),
        writev: (chunks, position) => file.writev(chunks, position),
        datasync: () => file.datasync(),
        truncate: (bytes) => file.truncate(bytes),
        size: () => file.size(),
        close: () => file.close(),
      };
      return { ...plain, ...change(file) };
    },
  };
}

describe('group commit', () => {
  test('appends that arrive while one is on its way to the disk share the next fdatasync', async () => {
    let syncs = 0;
    const files = withFiles((file) => ({
      datasync: () => {
        syncs++;
        return file.datasync();
      },
    }));
    const ends: number[] = [];
    const queue = await open({ files, onDurable: ({ end }) => ends.push(end) });
    const before = syncs;
    await Promise.all(Array.from({ length: 20 }, () => queue.append(0, batch(10))));
    expect(syncs - before).toBe(2);
    expect(ends).toEqual([1, 20]);
    await queue.close();
  });

  test('no append is answered before the fdatasync of its group', async () => {
    const order: string[] = [];
    const files = withFiles((file) => ({
      datasync: async () => {
        await file.datasync();
        order.push('durable');
      },
    }));
    const queue = await open({ files });
    order.length = 0;
    const first = queue.append(0, batch(10)).then(() => order.push('answered'));
    await Promise.all([first, queue.append(0, batch(10)).then(() => order.push('answered'))]);
    expect(order).toEqual(['durable', 'answered', 'durable', 'answered']);
    await queue.close();
  });
});

describe('bounds', () => {
  test('what may wait is bounded; the refused one may come again at once', async () => {
    const queue = await open({ maxPendingBytes: 5000 });
    const first = queue.append(0, batch(4000));
    await expect(queue.append(0, batch(4000))).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE', more: { retryAfterS: 1 } });
    await first;
    expect(await queue.append(0, batch(9000))).toMatchObject({ runs: [[1, 2]] });
    expect(queue.stats().pendingBytes).toBe(0);
    await queue.close();
  });

  test('at its bound the log refuses until the sinks have closed what it holds, and loses nothing', async () => {
    const queue = await open({ maxBytes: 40_000, keepBytes: 2 ** 40 });
    let count = 0;
    const fill = async () => {
      for (;;) {
        await queue.append(0, batch(3000));
        count++;
      }
    };
    await expect(fill()).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
    expect(count).toBe(12);
    expect((await queue.ranges())[0]).toEqual({ partition: 0, start: 0, end: 12 });
    await queue.release(0, 12);
    expect((await queue.ranges())[0]!.start).toBeGreaterThan(0);
    expect(await queue.append(0, batch(3000))).toMatchObject({ runs: [[12, 13]] });
    await queue.close();
  });

  test('a disk below its reserve is full, every waiting append hears so, and appends go on once there is room', async () => {
    let free = 10 ** 9;
    const files: FileSystem = { ...nodeFileSystem, freeBytes: async () => free };
    const queue = await open({ files, minFreeBytes: 50_000 });
    await queue.append(0, batch(10));
    free = 50_000;
    clock.advance(1500);
    const refused = await Promise.allSettled(Array.from({ length: 5 }, () => queue.append(0, batch(10))));
    expect(refused.map((one) => (one as PromiseRejectedResult).reason.code)).toEqual(Array.from({ length: 5 }, () => 'DISK_FULL'));
    free = 10 ** 9;
    await expect(queue.append(0, batch(10))).rejects.toMatchObject({ code: 'DISK_FULL' });
    clock.advance(300);
    expect(await queue.append(0, batch(10))).toMatchObject({ runs: [[1, 2]] });
    await queue.close();
  });

  test.each([
    [{ partitions: 0 }, 'partitions'],
    [{ segmentBytes: 0 }, 'segment size'],
    [{ maxBytes: 10_000 }, 'two segments'],
  ])('settings that cannot work are refused: %j', async (options, words) => {
    await expect(open(options)).rejects.toMatchObject({ code: 'INVALID_CONFIG', detail: expect.stringContaining(words) });
  });

  test('a partition that does not exist is a fault of ours', async () => {
    const queue = await open();
    await expect(queue.append(1, batch(1))).rejects.toMatchObject({ code: 'INTERNAL' });
    await queue.close();
  });
});

describe('retention', () => {
  test('keeps the newest bytes of what was released, and less of it once it is old', async () => {
    const queue = await open({ keepBytes: 16_384, keepMs: 60_000 });
    for (let index = 0; index < 20; index++) await queue.append(0, batch(3900));
    await queue.release(0, 20);
    expect((await queue.ranges())[0]!.start).toBe(14);
    clock.advance(61_000);
    await queue.release(0, 20);
    expect((await queue.ranges())[0]!.start).toBe(18);
    await queue.close();
  });

  test('a reader that is too late is told what has expired', async () => {
    const holes: Hole[] = [];
    const queue = await open({ keepBytes: 0 });
    for (let index = 0; index < 6; index++) await queue.append(0, batch(3900));
    await queue.release(0, 4);
    const reader = openSegmentReader({ folder, files: nodeFileSystem, ends: queue.durableEnds(), onHole: (hole) => holes.push(hole) });
    expect((await reader.read(0, 1, 1))[0]!.baseOffset).toBe(4);
    expect(holes).toMatchObject([{ from: 1, to: 4, reason: 'expired' }]);
    await reader.close();
    await queue.close();
  });

  test('keys are bounded in number, in memory and beside the log', async () => {
    let queue = await open({ keepBytes: 0, maxKnownRequests: 10 });
    for (let index = 0; index < 30; index++) await queue.append(0, batch(3900, `k${index}`));
    await queue.release(0, 30);
    const kept = (await nodeFileSystem.list(`${folder}/p0`)).filter((name) => name.endsWith('.keys'));
    expect(kept.length).toBeGreaterThan(3);
    expect(kept.length).toBeLessThan(7);
    expect(await queue.find('acme', 'k18')).toBeUndefined();
    await queue.close();
    queue = await open({ keepBytes: 0, maxKnownRequests: 10 });
    expect(await queue.find('acme', 'k29')).toMatchObject({ runs: [[29, 30]] });
    expect(await queue.find('acme', 'k21')).toMatchObject({ runs: [[21, 22]] });
    expect(await queue.find('acme', 'k5')).toBeUndefined();
    clock.advance(25 * 3600_000);
    await queue.release(0, 30);
    expect((await nodeFileSystem.list(`${folder}/p0`)).filter((name) => name.endsWith('.keys'))).toEqual([]);
    await queue.close();
  });
});

describe('the lock of the folder', () => {
  test('a folder is opened once', async () => {
    const queue = await open();
    await expect(open()).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE', detail: expect.stringContaining('this process') });
    await queue.close();
    await (await open()).close();
  });

  test('a living process keeps its folder', async () => {
    await writeFile(join(folder, 'LOCK'), `${process.ppid} \n`);
    await expect(open()).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE', detail: expect.stringContaining(`process ${process.ppid}`) });
  });

  test.each([
    ['a process that is gone', () => '4194999 77'],
    ['another process that had the same number', () => `${process.ppid} 1`],
    ['this process before it was started again', () => `${process.pid} 1`],
    ['a process that died before it could write its number', () => ''],
  ])('the lock of %s is taken over', async (_, content) => {
    await writeFile(join(folder, 'LOCK'), content());
    await (await open()).close();
    expect(await nodeFileSystem.list(folder)).toEqual(['p0']);
  });
});

test('what is durable and cannot be read is an error, not an end', async () => {
  const queue = await open();
  await queue.append(0, batch(100));
  const [name] = await nodeFileSystem.list(`${folder}/p0`);
  const file = await nodeFileSystem.open(`${folder}/p0/${name}`, 'write');
  await file.writev([Buffer.from('#')], 120);
  await file.close();
  const reader = openSegmentReader({ folder, files: nodeFileSystem, ends: queue.durableEnds() });
  await expect(reader.read(0, 0, 1)).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
  expect(await queue.append(0, batch(100))).toMatchObject({ runs: [[1, 2]] });
  reader.advance(0, 2);
  expect((await reader.read(0, 0, 1))[0]!.baseOffset).toBe(1);
  await reader.close();
  await queue.close();
});
