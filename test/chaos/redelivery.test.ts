import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { firstGap } from '../../src/core/intervals.ts';
import type { StateStore } from '../../src/core/ports/state-store.ts';
import { partitionKey } from '../../src/core/warm/keys.ts';
import type { PartitionHead } from '../../src/core/warm/progress.ts';
import { randomOf } from '../faults/model-file-system.ts';
import { Consumer, type Fault, generation, idAt, isDropped, isPoison, partition, type Shared, share, tenant } from './consumers.ts';

const end = 600;

const patienceMs = 20_000;

/**
 * Two consumers at once over one log, each batch delivered twice to each with boundaries of its own, killed again and again between a file and
 * its commit, beside a third that begins in the middle; readers look all the time. Resolves to everything that was wrong.
 */
async function redeliver(
  seed: number,
  hasIds: boolean,
  fault?: Fault,
): Promise<{ faults: string[]; shared: Shared; kills: number; reads: number }> {
  const random = randomOf(seed);
  const shared = share(end, hasIds);
  const expected = expectedOf(hasIds);
  const faults: string[] = [];
  let [kills, reads] = [0, 0];
  let running: Consumer[] = [];
  const open = async (dies: boolean, start?: number) => {
    const diesAtTransaction = dies ? Math.floor(random() * 3) : undefined;
    const opening = { random, sealAfterMs: 1 + Math.floor(random() * 6), fault, ...(start === undefined ? {} : { start }) };
    const consumer = await Consumer.open(shared, { ...opening, ...(diesAtTransaction === undefined ? {} : { diesAtTransaction }) });
    consumer.sink.start();
    return consumer;
  };
  const look = async (consumer: Consumer) => {
    const seen = await consumer.visible();
    reads++;
    const twice = seen.filter((offset, i) => seen[i - 1] === offset);
    if (twice.length > 0) faults.push(`offsets ${twice.slice(0, 5)} are seen twice`);
    const ids = seen.flatMap((offset) => (hasIds ? (idAt(offset) ?? []) : []));
    if (new Set(ids).size < ids.length) faults.push('two records with one id are seen');
  };

  running = [await open(true), await open(true)];
  // Which of two records with one id comes first is only sure where offsets are taken in order.
  if (!hasIds) running.push(await open(true, end >> 1));
  const until = performance.now() + patienceMs;
  while (running.some(({ sink }) => sink.cursor < end || sink.open.length > 0)) {
    if (performance.now() > until) throw new Error(`the consumers do not come to an end: ${running.map(({ sink }) => sink.cursor)}`);
    await delay(2);
    for (const [i, consumer] of running.entries()) {
      if (consumer.isDead) {
        consumer.kill();
        kills++;
        running[i] = await open(kills < 12);
      } else if (random() < 0.3) await Promise.race([look(consumer), delay(50)]);
    }
  }
  for (const consumer of running) await consumer.sink.stop(true);
  const last = await open(false);
  const head = await shared.state.get<PartitionHead>(partitionKey(generation, partition));
  if (firstGap(head?.value.closed ?? []) !== end) faults.push(`closed are ${JSON.stringify(head?.value.closed)}`);
  await look(last);
  await expectAccount(last, faults, expected.before);

  shared.isMended = true;
  const causes = await shared.deadLetters.groups(tenant);
  await Promise.all(causes.flatMap(({ cause }) => [last.redrive(cause), last.redrive(cause)]));
  await look(last);
  await expectAccount(last, faults, expected.after);
  return { faults, shared, kills, reads };
}

type Account = { kept: number[]; rule: number; duplicate: number; dead: number };

/** What the workload comes to, before and after what is dead has been redriven: told without any of the code under test. */
function expectedOf(hasIds: boolean): { before: Account; after: Account } {
  const before: Account = { kept: [], rule: 0, duplicate: 0, dead: 0 };
  const after: Account = { kept: [], rule: 0, duplicate: 0, dead: 0 };
  const taken = new Set<string>();
  const isTaken = (offset: number) => hasIds && taken.has(idAt(offset) ?? '');
  const keep = (offset: number) => void (hasIds && taken.add(idAt(offset) ?? `no id ${offset}`));
  const dead: number[] = [];
  for (let offset = 0; offset < end; offset++) {
    if (isTaken(offset)) before.duplicate++;
    else if (isDropped(offset)) before.rule++;
    else if (isPoison(offset)) before.dead = dead.push(offset);
    else {
      before.kept.push(offset);
      keep(offset);
    }
  }
  Object.assign(after, before, { dead: 0, kept: [...before.kept] });
  for (const offset of dead) {
    if (isTaken(offset)) after.duplicate++;
    else {
      after.kept.push(offset);
      keep(offset);
    }
  }
  after.kept.sort((a, b) => a - b);
  return { before, after };
}

/** Compares what is seen, and the ledger, whole and by tenant, with what the workload comes to. */
async function expectAccount(consumer: Consumer, faults: string[], { kept, rule, duplicate, dead }: Account): Promise<void> {
  const seen = await consumer.visible();
  if (JSON.stringify(seen) !== JSON.stringify(kept)) faults.push(`${seen.length} offsets are seen, not the ${kept.length} that were kept`);
  const expected = [end, kept.length, 0, dead, rule, duplicate];
  for (const filter of [{}, { tenant }]) {
    const ledger = await consumer.ledger.read(filter);
    for (const side of ['hot', 'warm'] as const) {
      const { done, in_flight, dead: died, dropped } = ledger[side];
      const said = [ledger.accepted, done, in_flight, died, dropped.rule ?? 0, dropped.duplicate ?? 0];
      if (JSON.stringify(said) !== JSON.stringify(expected)) faults.push(`${side} of ${JSON.stringify(filter)}: ${said}, not ${expected}`);
    }
  }
}

describe('every batch twice, at once, with shifted boundaries, killed between file and commit', () => {
  test.each([
    [1, false],
    [2, false],
    [3, false],
    [4, true],
    [5, true],
    [6, true],
  ])('no position is there twice or lost, and the ledger says so (seed %i, with ids of clients: %s)', async (seed, hasIds) => {
    const { faults, kills, reads } = await redeliver(seed, hasIds);
    expect(faults).toEqual([]);
    expect(kills).toBeGreaterThan(2);
    expect(reads).toBeGreaterThan(2);
  });

  const head = partitionKey(generation, partition);
  const wrong: [name: string, fault: Fault][] = [
    ['the compare dropped', { state: (state) => wrapped(state, (writes) => forced(state, writes)) }],
    [
      'a high-water mark in place of intervals',
      {
        state: (state) =>
          wrapped(state, (writes) =>
            state.transact(writes.map((write) => (write.key === head ? { ...write, value: marked(write.value as PartitionHead) } : write))),
          ),
      },
    ],
    ["clients' ids not looked for in files", { idsUnchecked: true }],
  ];
  test.each(wrong)('finds a planted bug: %s', async (_, fault) => {
    const found: string[] = [];
    for (let seed = 1; seed <= 8 && found.length === 0; seed++)
      found.push(...(await redeliver(seed, fault.idsUnchecked ?? false, fault)).faults);
    expect(found).not.toEqual([]);
  });
});

const marked = (head: PartitionHead): PartitionHead => ({ ...head, closed: [[0, head.closed.at(-1)?.[1] ?? 0]] });

/** The store with another way to write. */
function wrapped(state: StateStore, transact: StateStore['transact']): StateStore {
  return {
    get: (key, known) => state.get(key, known),
    list: (prefix) => state.list(prefix),
    compareAndSet: (key, version, value) => state.compareAndSet(key, version, value),
    transact,
    close: () => state.close(),
  };
}

/** Writes whatever version the keys have. */
async function forced(state: StateStore, writes: Parameters<StateStore['transact']>[0]): Promise<boolean> {
  const versions = await Promise.all(writes.map(async ({ key }) => (await state.get(key))?.version ?? 0));
  return state.transact(writes.map((write, i) => ({ ...write, version: versions[i]! })));
}
