import { setImmediate as yieldToLoop } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { openSegmentQueue } from '../../src/adapters/queue/segment/segment-queue.ts';
import { openSegmentReader, type SegmentReader } from '../../src/adapters/queue/segment/segment-reader.ts';
import { FolderWarmStore } from '../../src/adapters/warm/folder/folder-warm-store.ts';
import { manualClock } from '../../src/core/clock.ts';
import { firstGap } from '../../src/core/intervals.ts';
import { Consumer, generation, isDropped, isPoison, type Shared, share, tenant } from '../chaos/consumers.ts';
import { baseOf, keyed } from '../contract/queue.contract.ts';
import { type Kept, ModelFileSystem, type ModelOptions } from './model-file-system.ts';

const requests = 6;
const perRequest = 6;
const folder = '/data/segments';

type Host = { consumer: Consumer; reader: SegmentReader; append(request: number): Promise<number>; end(): number; close(): Promise<void> };

/** Queue, sink and archive over one disk; the state store and the dead letters survive on disks of their own. */
async function openHost(files: ModelFileSystem, shared: Shared): Promise<Host> {
  shared.warm = await FolderWarmStore.open(files, '/warm');
  let advance = (_end: number) => {};
  const queue = await openSegmentQueue({
    folder,
    files,
    clock: manualClock(1000),
    generation,
    segmentBytes: 2_000,
    keepBytes: 0,
    maxBytes: 1_000_000,
    onDurable: ({ end }) => advance(end),
  });
  const end = () => queue.durableEnds()[0]!.end;
  shared.end = end();
  const reader = openSegmentReader({ folder, files, ends: queue.durableEnds() });
  const committed = (offset: number) => void queue.release(0, offset).catch(() => {});
  const consumer = await Consumer.open(shared, { random: () => 0, sealAfterMs: 1, reader, committed });
  advance = (to) => {
    reader.advance(0, to);
    consumer.sink.advance(to);
  };
  consumer.sink.start();
  return {
    consumer,
    reader,
    end,
    async append(request) {
      const lines = Array.from({ length: perRequest }, (_, i) =>
        JSON.stringify({ message: `record ${i} of ${request}`, pad: 'x'.repeat(120) }),
      );
      const payload = Buffer.from(lines.join('\n'));
      const count = { total: perRequest, count: perRequest, accepted: undefined };
      return baseOf(await queue.append(0, { ...keyed(`r${request}`, tenant, `k${request}`), payload, format: 'ndjson', ...count }));
    },
    async close() {
      await consumer.sink.stop(true);
      await reader.close();
      await queue.close();
    },
  };
}

/** Appends request after request while they are indexed and committed; resolves to the offsets that were acknowledged. */
async function runWorkload(files: ModelFileSystem, shared: Shared): Promise<Set<number>> {
  const acknowledged = new Set<number>();
  let host: Host | undefined;
  try {
    host = await openHost(files, shared);
    for (let request = 0; request < requests && !files.isDead; request++) {
      const from = await host.append(request);
      for (let i = 0; i < perRequest; i++) acknowledged.add(from + i);
      // Every other one is committed before the next comes.
      if (request % 2 === 1) await until(() => files.isDead || isCommitted(host!));
    }
    await until(() => files.isDead || isCommitted(host!));
    if (!files.isDead) await host.close();
  } catch (error) {
    if (!files.isDead) throw error;
  }
  host?.consumer.kill();
  return acknowledged;
}

const isCommitted = ({ consumer, end }: Host): boolean => consumer.sink.cursor >= end() && consumer.sink.open.length === 0;

async function until(holds: () => boolean): Promise<void> {
  const endMs = performance.now() + 5_000;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error('the workload does not come to its end');
    await yieldToLoop();
  }
}

/** Starts again on what a crash has left, and lists everything that is wrong once all is committed. */
async function faultsAfter(files: ModelFileSystem, shared: Shared, acknowledged: Set<number>): Promise<string[]> {
  const faults: string[] = [];
  const host = await openHost(files, shared);
  await until(() => isCommitted(host));
  const { closed } = { closed: await host.consumer.progress.closed() };
  if (firstGap(closed) !== host.end()) faults.push(`the log ends at ${host.end()}, closed are ${JSON.stringify(closed)}`);
  try {
    const seen = await host.consumer.visible();
    const twice = seen.filter((offset, i) => seen[i - 1] === offset);
    if (twice.length > 0) faults.push(`offsets ${twice} are seen twice`);
    const lost = [...acknowledged].filter((offset) => !isDropped(offset) && !isPoison(offset) && !seen.includes(offset));
    if (lost.length > 0) faults.push(`offsets ${lost} were acknowledged and are not found`);
  } catch (error) {
    faults.push((error as Error).message);
  }
  const { accepted, warm } = await host.consumer.ledger.read({});
  const dropped = Object.values(warm.dropped).reduce((sum, n) => sum + n, 0);
  if (accepted !== host.end() || warm.done + warm.dead + dropped !== accepted)
    faults.push(`the ledger says ${JSON.stringify({ accepted, warm })}`);
  const letters = await shared.deadLetters.list({ tenant, state: 'dead', limit: 1_000 });
  if (letters.length < warm.dead) faults.push(`${warm.dead} are dead, ${letters.length} have a letter`);
  await host.close();
  return faults;
}

async function sweep(
  keepOf: (crashAt: number) => Kept,
  options: ModelOptions = {},
  step = 1,
): Promise<{ faults: string[]; crashes: number }> {
  const whole = new ModelFileSystem();
  await runWorkload(whole, share(0, false));
  const faults: string[] = [];
  let crashes = 0;
  for (let crashAt = 1; crashAt <= whole.calls; crashAt += step, crashes++) {
    const files = new ModelFileSystem({ ...options, crashAt });
    const shared = share(0, false);
    const acknowledged = await runWorkload(files, shared);
    const keep = keepOf(crashAt);
    try {
      const found = await faultsAfter(files.afterCrash(keep), shared, acknowledged);
      faults.push(...found.map((fault) => `dead at ${crashAt} (${files.log.at(-1)}), kept ${JSON.stringify(keep)}: ${fault}`));
    } catch (error) {
      faults.push(`dead at ${crashAt} (${files.log.at(-1)}): does not start again: ${(error as Error).message}`);
    }
  }
  return { faults, crashes };
}

describe('queue, sink and archive on a disk that forgets what was not made durable', () => {
  test('dead at any system call, what was acknowledged is found once after the next start, and accounted for', async () => {
    const { faults, crashes } = await sweep((crashAt) => (crashAt % 2 === 0 ? 'none' : { seed: crashAt }));
    expect(faults).toEqual([]);
    expect(crashes).toBeGreaterThan(60);
  });

  test.each([
    ['datasync that does nothing', { datasync: 'dropped' }],
    ['names that are never made durable', { syncDirectory: 'dropped' }],
  ] as const)('finds a planted bug: %s', async (_, options) => {
    expect((await sweep(() => 'none', options, 5)).faults).not.toEqual([]);
  });
});
