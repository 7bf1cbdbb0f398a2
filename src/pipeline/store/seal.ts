import { setTimeout as delay, setImmediate as yieldToLoop } from 'node:timers/promises';
import { type EncodedPart, encodeTable } from '../../columnar/encode.ts';
import { AppError } from '../../core/errors.ts';
import type { Log } from '../../core/ports/log.ts';
import type { OpenBatch } from './open-batch.ts';

const retryMs = [100, 300, 1_000, 3_000, 10_000];

export type SealDeps = {
  partition: number;
  /** Makes a batch durable: its rows as a file, its closed offsets in the head. Safe to repeat. */
  commit(batch: OpenBatch, part: EncodedPart | undefined): Promise<void>;
  log: Log;
  isAborted(): boolean;
};

/**
 * Encodes a batch's rows, giving way to the event loop between slices, and commits it; again after a failure, until it is durable or the sink is
 * aborted. The batch stays searchable meanwhile.
 */
export async function sealAndCommit(batch: OpenBatch, { partition, commit, log, isAborted }: SealDeps): Promise<void> {
  const part = batch.table.rows > 0 ? await encodeInSlices(batch) : undefined;
  for (let attempt = 0; !isAborted(); attempt++) {
    try {
      return await commit(batch, part);
    } catch (error) {
      const waitMs = retryMs[Math.min(attempt, retryMs.length - 1)]!;
      log.error({ partition, rows: batch.table.rows, attempt, waitMs, error }, 'commit failed, will be tried again');
      if (error instanceof AppError && error.code === 'QUEUE_REWOUND') return;
      await delay(waitMs);
    }
  }
}

async function encodeInSlices(batch: OpenBatch): Promise<EncodedPart> {
  const encoding = encodeTable(batch.table);
  for (;;) {
    const step = encoding.next();
    if (step.done) return step.value;
    await yieldToLoop();
  }
}
