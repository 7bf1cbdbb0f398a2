import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFileSystem } from '../../src/adapters/file-system/node.ts';
import { openSegmentQueue } from '../../src/adapters/queue/segment/segment-queue.ts';
import { openSegmentReader } from '../../src/adapters/queue/segment/segment-reader.ts';
import { manualClock } from '../../src/core/clock.ts';
import { describeQueue, type QueueSubject } from './queue.contract.ts';

describeQueue(
  'segment files',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'logdrive-queue-'));
    return openIn(folder, manualClock(1000));
  },
  { 'keys of other processes': 'one process has the folder, and accept settles keys within it' },
);

async function openIn(folder: string, clock: ReturnType<typeof manualClock>): Promise<QueueSubject> {
  const reader = openSegmentReader({ folder, files: nodeFileSystem });
  const queue = await openSegmentQueue({
    folder,
    files: nodeFileSystem,
    clock,
    generation: 3,
    partitions: 2,
    segmentBytes: 16_384,
    keepBytes: 0,
    onDurable: ({ partition, end }) => reader.advance(partition, end),
  });
  for (const { partition, end } of queue.durableEnds()) reader.advance(partition, end);
  const close = async () => {
    await queue.close();
    await reader.close();
  };
  return {
    queue,
    reader,
    keeps: 'bodies',
    advance: clock.advance,
    other: () => openIn(folder, clock).then(({ queue }) => queue),
    reopen: async () => {
      await close();
      return openIn(folder, clock);
    },
    reopenDamaged: async (partition, offset) => {
      const [batch] = await reader.read(partition, offset, 1);
      await close();
      await damage(join(folder, `p${partition}`), batch!.payload);
      return openIn(folder, clock);
    },
    dispose: async () => {
      await close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Changes one byte of the payload where it stands in a segment. */
async function damage(folder: string, payload: Uint8Array): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = await open(join(folder, name), 'r+');
    const at = (await file.readFile()).indexOf(payload);
    if (at >= 0) await file.write(Buffer.from('#'), 0, 1, at + 5);
    await file.close();
  }
}
