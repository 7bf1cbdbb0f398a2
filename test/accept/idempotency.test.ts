import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeFileSystem } from '../../src/adapters/file-system/node.ts';
import { openSegmentQueue } from '../../src/adapters/queue/segment/segment-queue.ts';
import { manualClock } from '../../src/core/clock.ts';
import { createAccept } from '../../src/pipeline/accept/accept.ts';
import { accepting, recordsIn, requestOf, startMs } from './accepting.ts';
import { KeptQueue } from './kept-queue.ts';

const body = '[{"message":"a","password":"hunter2hunter2"},{"timestamp":"soon"},{"message":"b"}]';
const once = { idempotencyKey: 'order 7' };

describe('an idempotency key', () => {
  it('answers a repeat with the first answer and appends nothing', async () => {
    const subject = accepting();
    const first = await subject.accept(requestOf(body, once));
    expect(first).toMatchObject({ status: 207, accepted: 2, rejected: 1, replayed: false });
    expect(await subject.accept(requestOf(body, once))).toEqual({ ...first, replayed: true });
    expect(recordsIn(subject).length).toBe(2);
    expect(subject.metrics.logsIngested.value()).toBe(2);
  });

  it('is refused for another body, and is another key for another tenant', async () => {
    const subject = accepting();
    await subject.accept(requestOf(body, once));
    await expect(subject.accept(requestOf(body.replace('"b"', '"c"'), once))).rejects.toMatchObject({ code: 'IDEMPOTENCY_MISMATCH' });
    await expect(subject.accept(requestOf(body.replace('hunter2hunter2', 'hunter3hunter3'), once))).rejects.toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
    });
    expect(await subject.accept(requestOf(body, { ...once, tenant: 'other' }))).toMatchObject({ replayed: false });
  });

  it('knows a body by what it says, not by how it was compressed', async () => {
    const { gzipSync } = await import('node:zlib');
    const subject = accepting();
    await subject.accept(requestOf(body, once));
    expect(await subject.accept(requestOf(gzipSync(body), { ...once, contentEncoding: 'gzip' }))).toMatchObject({ replayed: true });
  });

  it('is in flight until its request is answered, and free again where that failed', async () => {
    const subject = accepting();
    const { promise, resolve } = Promise.withResolvers<void>();
    subject.queue.gate = promise;
    const first = subject.accept(requestOf(body, once));
    await expect(subject.accept(requestOf(body, once))).rejects.toMatchObject({ code: 'IDEMPOTENCY_IN_FLIGHT', more: { retryAfterS: 1 } });
    expect(await Promise.race([first, Promise.resolve('waiting')])).toBe('waiting');
    resolve();
    const answer = await first;
    expect(await subject.accept(requestOf(body, once))).toEqual({ ...answer, replayed: true });

    subject.queue.failure = new Error('EIO');
    await expect(subject.accept(requestOf(body, { idempotencyKey: 'again' }))).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
    expect(await subject.accept(requestOf(body, { idempotencyKey: 'again' }))).toMatchObject({ replayed: false, accepted: 2 });
  });

  it('leads a repeat to the same partition', async () => {
    const subject = accepting({}, new KeptQueue(16));
    const receipts = [];
    for (const requestId of ['r1', 'r2']) {
      subject.queue.failure = requestId === 'r1' ? new Error('outcome unknown') : undefined;
      receipts.push(await subject.accept(requestOf(body, { ...once, requestId })).catch(() => undefined));
    }
    const other = await accepting({}, new KeptQueue(16)).accept(requestOf(body, { ...once, requestId: 'r3' }));
    expect(receipts[1]?.receipt?.partition).toBe(other.receipt?.partition);
  });

  it('is remembered by segment files over a restart', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'logdrive-accept-'));
    const clock = manualClock(startMs);
    const open = () => openSegmentQueue({ folder, files: nodeFileSystem, clock, generation: 1, partitions: 4 });
    try {
      const { deps } = accepting();
      let queue = await open();
      const first = await createAccept({ ...deps, queue })(requestOf(body, once));
      await queue.close();
      queue = await open();
      expect(await createAccept({ ...deps, queue })(requestOf(body, once))).toEqual({ ...first, replayed: true });
      await queue.close();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
