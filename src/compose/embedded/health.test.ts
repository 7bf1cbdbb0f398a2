import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodeFileSystem } from '../../adapters/file-system/node.ts';
import { openSegmentQueue, type SegmentQueue } from '../../adapters/queue/segment/segment-queue.ts';
import { loadConfig } from '../../config/load-config.ts';
import { manualClock } from '../../core/clock.ts';
import { silentLog } from '../../core/ports/log.ts';
import type { Accept } from '../../pipeline/accept/accept.ts';
import { Metrics } from '../../pipeline/metrics.ts';
import { platformMetrics } from '../../pipeline/platform-metrics.ts';
import type { ReceiptStatus, StoreApi, StoreStatus } from '../../pipeline/store-api.ts';
import { Canary } from './canary.ts';
import { HostHealth } from './health.ts';
import { settingsOfConfig } from './settings-of-config.ts';

let folder: string;
let queue: SegmentQueue;
const clock = manualClock(1_000_000);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'logdrive-health-'));
  queue = await openSegmentQueue({ folder, files: nodeFileSystem, clock, generation: 1 });
});
afterEach(async () => {
  await queue.close();
  await rm(folder, { recursive: true, force: true });
});

const quiet: StoreStatus = {
  partitions: [{ partition: 0, end: 10, indexed: 9, committed: 7, open: 3, oldestOpenS: 1 }],
  tableRows: 2,
  files: 4,
  deadLetters: 5,
  derived: 3,
  canary: { lastSeenMs: undefined, lagMs: undefined },
  halted: undefined,
};

/** What `health` asks of the store thread: whether it is up, and its status. */
const storeWith = (status: StoreStatus | Error, isReady = true) => ({
  isReady,
  api: { status: async () => (status instanceof Error ? Promise.reject(status) : status) } as unknown as StoreApi,
});

const closed = { done: 1, in_flight: 0, dead: 0, dropped: 0 };
const found: ReceiptStatus = { records: 1, hot: closed, warm: closed, dead: [] };
const accepting: Accept = async () => ({
  status: 202,
  receipt: { tenant: 'logdrive', generation: 1, partition: 0, runs: [[0, 1]] },
  accepted: 1,
  rejected: 0,
  items: [],
  replayed: false,
});

function canaryWith(answer: () => Promise<ReceiptStatus>): Canary {
  const store = { waitFor: answer } as unknown as StoreApi;
  return new Canary({ accept: accepting, store, clock, log: silentLog });
}

function healthOf(store: ReturnType<typeof storeWith>, canary = canaryWith(async () => found), ...pairs: string[]) {
  const settings = settingsOfConfig(loadConfig({ cwd: '/', argv: pairs.flatMap((pair) => ['--set', pair]) }), '1');
  const registry = new Metrics();
  return new HostHealth({ queue, store, canary, registry, metrics: platformMetrics(registry), settings, clock });
}

const statesOf = async (health: HostHealth) => {
  const { ready, dependencies } = await health.readiness();
  health.close();
  return { ready, states: Object.fromEntries(dependencies.map(({ name, state }) => [name, state])) };
};

describe('a host', () => {
  test('is ready when its queue, its store and its canary are well', async () => {
    expect(await statesOf(healthOf(storeWith(quiet)))).toEqual({ ready: true, states: { queue: 'ok', store: 'ok', canary: 'ok' } });
  });

  test('has no canary among its dependencies where it is switched off', async () => {
    const { states } = await statesOf(healthOf(storeWith(quiet), undefined, 'canary.enabled=false'));
    expect(states).toEqual({ queue: 'ok', store: 'ok' });
  });

  test.each([
    ['is not there', storeWith(quiet, false)],
    ['does not answer', storeWith(new Error('gone'))],
    ['is halted', storeWith({ ...quiet, halted: 'the log ends before what was finished' })],
  ])('is not ready while the store thread %s', async (_, store) => {
    expect(await statesOf(healthOf(store))).toMatchObject({ ready: false, states: { store: 'down' } });
  });

  test('is ready but degraded while a record is open for longer than its limit, and says how many and how long', async () => {
    const late = { ...quiet, partitions: [{ ...quiet.partitions[0]!, oldestOpenS: 400 }] };
    const health = healthOf(storeWith(late));
    const { dependencies } = await health.readiness();
    expect(dependencies.find(({ name }) => name === 'store')).toEqual({
      name: 'store',
      state: 'degraded',
      detail: expect.stringMatching(/3 records.*400 s/),
    });
    expect(await statesOf(health)).toMatchObject({ ready: true });
    expect((await statesOf(healthOf(storeWith(late), undefined, 'ledger.residueAfter=10m'))).states.store).toBe('ok');
  });

  test('is degraded when canaries in a row are not found, and well again with the next that is', async () => {
    let answer: ReceiptStatus = { ...found, hot: { ...closed, in_flight: 1 } };
    const canary = canaryWith(async () => answer);
    const health = healthOf(storeWith(quiet), canary);
    await canary.send();
    expect((await statesOf(health)).states.canary).toBe('ok');
    await canary.send();
    expect((await statesOf(health)).states.canary).toBe('degraded');
    answer = found;
    await canary.send();
    expect((await statesOf(health)).states.canary).toBe('ok');
    expect(canary.state).toMatchObject({ missed: 0, lagMs: 0, foundMs: 1_000_000 });
  });
});

describe('what a host measures', () => {
  test('is in its metrics, with the store up or down', async () => {
    const up = healthOf(storeWith(quiet));
    const text = await up.metrics();
    up.close();
    for (const line of [
      'logdrive_queue_depth_records{partition="0"} 1',
      'logdrive_ledger_in_flight_records{partition="0"} 3',
      'logdrive_ledger_oldest_open_seconds{partition="0"} 1',
      'logdrive_dead_letters 5',
      'logdrive_warm_files 4',
      'logdrive_table_rows 2',
      'logdrive_store_up 1',
      'logdrive_aggregation_runs_total 3',
    ])
      expect(text).toContain(line);
    const down = healthOf(storeWith(quiet, false));
    expect(await down.metrics()).toContain('logdrive_store_up 0');
    down.close();
  });

  test('is in its statistics', async () => {
    const health = healthOf(storeWith(quiet));
    clock.advance(5_000);
    expect(await health.stats()).toMatchObject({ uptime_s: 5, queue: { depth: 1, log_bytes: expect.any(Number) }, store: { files: 4 } });
    health.close();
    const down = healthOf(storeWith(quiet, false));
    expect(await down.stats()).toMatchObject({ queue: { depth: null }, store: null });
    down.close();
  });
});

test('a canary that cannot be sent counts as missed', async () => {
  const refusing: Accept = () => Promise.reject(new Error('full'));
  const canary = new Canary({ accept: refusing, store: storeWith(quiet).api, clock, log: silentLog });
  await canary.send();
  expect(canary.state).toMatchObject({ missed: 1, sentMs: clock.nowMs(), foundMs: undefined });
});
