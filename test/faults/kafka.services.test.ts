import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { freePorts } from '../../scripts/services/ports.ts';
import { signalService, startService, stopService } from '../../scripts/services/run.ts';
import type { KafkaConnection } from '../../src/adapters/queue/kafka/connection.ts';
import { KafkaQueue } from '../../src/adapters/queue/kafka/kafka-queue.ts';
import { KafkaReader } from '../../src/adapters/queue/kafka/kafka-reader.ts';
import { MemoryStateStore } from '../../src/adapters/state/memory/memory-state-store.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { seeded } from '../contract/faulty-proxy.ts';
import { deleteTopic, freshTopic, testBroker } from '../contract/kafka-topic.ts';
import { batchOf } from '../contract/queue.contract.ts';
import { CuttingProxy } from './cutting-proxy.ts';
import { faultsIn, runWorkload, type Workload } from './kafka-workload.ts';

const partitions = 2;
const ending: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

/** A wall clock that can be put forward, so that nobody waits for the lease of a key. */
function skewedClock(): Clock & { skewMs: number } {
  const clock = { skewMs: 0, nowMs: () => Date.now() + clock.skewMs, monotonicMs: systemClock.monotonicMs };
  return clock;
}

const workloadOf = (clock: { skewMs: number }, more: Partial<Workload> = {}): Workload => ({
  clients: 6,
  requestsEach: 40,
  recordsOf: (request) => (request === 5 ? 4_000 : 1 + (request % 7)),
  leaseOver: () => {
    clock.skewMs += 41_000;
  },
  ...more,
});

type Subject = { queue: KafkaQueue; reader: KafkaReader; topic: string };

async function open(connection: KafkaConnection, clock: Clock, options: object = {}, direct = connection): Promise<Subject> {
  const topic = await freshTopic(direct, { partitions });
  ending.push(() => deleteTopic(direct, topic));
  const queue = new KafkaQueue({ ...connection, topic, partitions, generation: 1, clock, ...options }, new MemoryStateStore());
  const reader = new KafkaReader({ ...direct, topic, partitions, generation: 1, budgetMs: 30_000 });
  ending.push(() => queue.close());
  ending.push(() => reader.close());
  return { queue, reader, topic };
}

/** A broker of the test's own, that it may kill. */
async function ownBroker() {
  const root = await mkdtemp(join(tmpdir(), 'logdrive-broker-'));
  ending.push(async () => {
    await stopService(root, 'kafka', { graceMs: 0 });
    await rm(root, { recursive: true });
  });
  const { ports, endpoint } = await startService(root, 'kafka', { ports: [0, 0, 0] });
  return {
    connection: { brokers: [endpoint] },
    signal: (name: NodeJS.Signals) => signalService(root, 'kafka', name),
    killAndRestart: async () => {
      await stopService(root, 'kafka', { graceMs: 0 });
      // The threads of a killed JVM end one by one, and the last has its ports.
      while ((await freePorts(ports)).some((port, i) => port !== ports[i])) await setTimeout(50);
      await startService(root, 'kafka', { ports, exact: true });
    },
  };
}

test('a broker that is killed in the middle of many appends loses nothing that was acknowledged, and keyed requests stand once', async () => {
  const broker = await ownBroker();
  const clock = skewedClock();
  const { queue, reader } = await open(broker.connection, clock, { requestTimeoutMs: 1_000, connectionTimeoutMs: 500, budgetMs: 1_500 });
  const restarts: Promise<unknown>[] = [];
  const killAt = new Set([50]);
  const workload = workloadOf(clock, {
    requestsEach: 25,
    acknowledged: (count) => {
      if (!killAt.delete(count)) return;
      expect(broker.signal('SIGKILL')).toBe(true);
      restarts.push(broker.killAndRestart());
    },
  });
  const witness = await runWorkload(queue, workload);
  await Promise.all(restarts);
  expect(restarts).toHaveLength(1);
  expect(witness.codes.get('QUEUE_UNAVAILABLE')).toBeGreaterThan(0);
  expect(queue.stats().breakersOpened).toBeGreaterThan(0);
  expect(witness.acknowledged.size).toBe(6 * 25);
  expect(await faultsIn(reader, partitions, workload, witness)).toEqual([]);
  expect(queue.stats()).toMatchObject({ pendingBytes: 0, requests: 0, breakers: { closed: partitions, open: 0, 'half-open': 0 } });
}, 120_000);

test.each([1, 2, 3, 4])(
  'connections that are cut anywhere lose nothing and double nothing (seed %i)',
  async (seed) => {
    const proxy = await CuttingProxy.start(testBroker().brokers[0]!);
    ending.push(() => proxy.close());
    const random = seeded(seed);
    proxy.cutAfter = () => Math.floor(200 + random() ** 3 * 200_000);
    const clock = skewedClock();
    const throughProxy = { ...testBroker(), socketFactory: proxy.socketFactory, requestTimeoutMs: 2_000, connectionTimeoutMs: 1_000 };
    const { queue, reader } = await open(throughProxy, clock, { budgetMs: 3_000 }, testBroker());
    const workload = workloadOf(clock, { requestsEach: 20 });
    const witness = await runWorkload(queue, workload);
    expect(proxy.cuts).toBeGreaterThan(5);
    expect(await faultsIn(reader, partitions, workload, witness)).toEqual([]);
    proxy.cutAfter = () => undefined;
  },
  120_000,
);

test('a broker that is silent is answered for within the budget, what is under way is bounded, and it all goes on when it speaks again', async () => {
  const broker = await ownBroker();
  const clock = skewedClock();
  const limits = { requestTimeoutMs: 500, connectionTimeoutMs: 500, budgetMs: 1_000, maxInFlightRequests: 8 };
  const { queue, reader } = await open(broker.connection, clock, { ...limits, breakerOpenMs: 200 });
  await queue.append(0, batchOf('before', 3));
  broker.signal('SIGSTOP');
  const startedMs = performance.now();
  const answers = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => queue.append(0, batchOf(`silent ${i}`, 2))));
  expect(performance.now() - startedMs).toBeLessThan(4_000);
  const reasons = answers.map((answer) => (answer.status === 'rejected' ? (answer.reason as { code: string; detail: string }) : undefined));
  expect(reasons.every((reason) => reason?.code === 'QUEUE_UNAVAILABLE')).toBe(true);
  expect(reasons.filter((reason) => reason!.detail.startsWith('more is under way'))).toHaveLength(12);
  expect(queue.stats()).toMatchObject({ pendingBytes: 0, requests: 0 });
  broker.signal('SIGCONT');
  await expect
    .poll(
      () =>
        queue.append(0, batchOf('after', 1)).then(
          ({ count }) => count,
          (error: { code: string }) => error.code,
        ),
      { timeout: 20_000 },
    )
    .toBe(1);
  const batches = await reader.read(0, 0, 100_000);
  expect(batches[0]).toMatchObject({ requestId: 'before', baseOffset: 0, count: 3 });
  expect(batches.filter(({ requestId }) => requestId === 'after')).toHaveLength(1);
}, 90_000);
