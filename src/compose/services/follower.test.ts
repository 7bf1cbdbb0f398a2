import { describe, expect, onTestFinished, test } from 'vitest';
import { stderrLog } from '../../adapters/log/stderr.ts';
import { AppError } from '../../core/errors.ts';
import type { QueueBatch, QueueReader } from '../../core/ports/queue.ts';
import { type FollowedSink, Follower } from './follower.ts';

/** A log of `count` records, a batch each, and a sink that keeps what it was given; `fail` says what a delivery throws. */
function following(count: number, fail: (offset: number) => Error | undefined = () => undefined) {
  const log = { end: count };
  const held: number[] = [];
  const committed: number[] = [];
  const reader: QueueReader = {
    read: async (partition, offset) => (offset < log.end ? [batchAt(partition, offset)] : []),
    close: async () => {},
  };
  const sink: FollowedSink = {
    name: 'warm',
    position: async () => committed.length,
    deliver: async ([batch]) => {
      const error = fail(batch!.baseOffset);
      if (error) throw error;
      held.push(batch!.baseOffset);
    },
    commit: async (all) => {
      if (all) committed.push(...held.splice(0));
    },
    abandon: () => void held.splice(0),
  };
  const follower = new Follower({ reader, partition: 0, sink, maxBytes: 1, idleMs: 60_000, log: stderrLog({ level: 'error' }) });
  follower.start();
  onTestFinished(() => follower.stop());
  return { follower, log, held, committed };
}

const batchAt = (partition: number, baseOffset: number): QueueBatch => ({
  ...{ tenant: 'default', observedUs: 0, format: 'ndjson', payload: Buffer.from('{}'), total: 1, accepted: undefined, count: 1 },
  ...{ defaults: {}, requestId: '', rulesVersion: 0, idempotency: undefined, generation: 1, partition, baseOffset },
});
const upTo = (end: number): number[] => Array.from({ length: end }, (_, n) => n);

describe('a follower', () => {
  test('delivers all of its partition in order, and a flush commits it', async () => {
    const { follower, committed } = following(20);
    await follower.flush();
    expect(committed).toEqual(upTo(20));
  });

  test('reads on at once when it is woken', async () => {
    const { follower, log, committed } = following(2);
    await follower.flush();
    log.end = 5;
    follower.wake();
    await follower.flush();
    expect(committed).toEqual(upTo(5));
  });

  test('goes back to where its sink stands after a failure, so that what was held comes again', async () => {
    let failures = 0;
    const { follower, committed } = following(6, (offset) =>
      offset === 4 && failures++ < 2 ? new AppError('STORE_UNAVAILABLE', 'away') : undefined,
    );
    await expect.poll(() => follower.cursor, { timeout: 10_000 }).toBe(6);
    await follower.flush();
    expect(failures).toBe(3);
    expect(committed).toEqual(upTo(6));
    expect(follower.failures).toBe(0);
  });

  test('commits before it is due what somebody waits for, once it has read so far', async () => {
    const { follower, committed } = following(3);
    follower.want(3);
    await expect.poll(() => committed).toEqual(upTo(3));
  });

  test('halts where the log was lost, says so, and refuses to flush', async () => {
    const { follower } = following(3, () => new AppError('QUEUE_REWOUND', 'the log ends before what was finished'));
    await expect.poll(() => follower.halted).toBe('the log ends before what was finished');
    await expect(follower.flush()).rejects.toMatchObject({ code: 'QUEUE_REWOUND' });
  });

  test('commits what it holds when it is stopped', async () => {
    const { follower, held, committed } = following(4);
    await expect.poll(() => held.length).toBe(4);
    await follower.stop();
    expect(committed).toEqual(upTo(4));
  });
});
