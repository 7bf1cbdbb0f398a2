import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { manualClock } from '../../src/core/clock.ts';
import type { QueueBatch, QueueReader } from '../../src/core/ports/queue.ts';
import { createWatermark, takeInUs } from '../../src/pipeline/store/watermark.ts';
import { batchOf, Consumer, share } from '../chaos/consumers.ts';

const secondUs = 1_000_000;

test('the watermark is now where all is read, else what the first open record was observed at; the least of all partitions', () => {
  const clock = manualClock(1_000_000);
  const partitions = [{ unreadUs: undefined as number | undefined }, { unreadUs: undefined as number | undefined }];
  const watermark = createWatermark(partitions, clock);
  const startUs = clock.nowMs() * 1_000;
  expect(watermark()).toBe(startUs - takeInUs);
  clock.advance(10_000);
  partitions[1]!.unreadUs = startUs + 2 * secondUs;
  expect(watermark()).toBe(startUs + 2 * secondUs - takeInUs);
  partitions[0]!.unreadUs = startUs + 3 * secondUs;
  expect(watermark()).toBe(startUs + 2 * secondUs - takeInUs);
  partitions[1]!.unreadUs = undefined;
  expect(watermark()).toBe(startUs + 3 * secondUs - takeInUs);
  partitions[0]!.unreadUs = undefined;
  expect(watermark()).toBe(startUs + 10 * secondUs - takeInUs);
});

test('the watermark never goes back', () => {
  const clock = manualClock(1_000_000);
  const partitions = [{ unreadUs: undefined as number | undefined }];
  const watermark = createWatermark(partitions, clock);
  const before = watermark();
  partitions[0]!.unreadUs = 0;
  clock.advance(60_000);
  expect(watermark()).toBe(before);
});

test('a sink says when its first unread record was observed: unknown after a start, then that of the batch that it stands at', async () => {
  const gate = Promise.withResolvers<void>();
  const batches: QueueBatch[] = [
    { ...batchOf(0, 4, false), observedUs: 7 * secondUs },
    { ...batchOf(4, 8, false), observedUs: 9 * secondUs },
  ];
  const reader: QueueReader = {
    async read(_, offset) {
      if (offset >= 4) await gate.promise;
      return batches.filter(({ baseOffset, count }) => baseOffset + count > offset).slice(0, 1);
    },
    close: async () => {},
  };
  const { sink } = await Consumer.open(share(8, false), { random: Math.random, sealAfterMs: 3_600_000, reader });
  expect(sink.unreadUs).toBe(0);
  sink.start();
  await until(() => sink.cursor === 4);
  expect(sink.unreadUs).toBe(7 * secondUs);
  gate.resolve();
  await until(() => sink.cursor === 8);
  expect(sink.unreadUs).toBeUndefined();
  const beforeUs = Date.now() * 1_000;
  sink.advance(9);
  expect(sink.unreadUs).toBeGreaterThanOrEqual(beforeUs);
  await sink.stop(false);
});

async function until(holds: () => boolean): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error('it does not come to that');
    await delay(2);
  }
}
