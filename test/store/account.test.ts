import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { intervalsOf, offsetsOf, sizeOf } from '../../src/core/intervals.ts';
import type { StateStore } from '../../src/core/ports/state-store.ts';
import { LedgerBook } from '../../src/pipeline/store/ledger.ts';
import { PartitionProgress } from '../../src/pipeline/store/progress.ts';
import { statusOf } from '../../src/pipeline/store/receipts.ts';
import type { Ledger, SinkCounts } from '../../src/pipeline/store-api.ts';
import { type Given, generation, minuteUs, openStores } from './stores.ts';

function openAccount(partitions = 1, wrap?: (state: StateStore) => StateStore) {
  const stores = openStores(partitions, wrap);
  const progress = stores.sinks.map((sink, partition) => new PartitionProgress(generation, partition, stores.archive, sink));
  const ledger = new LedgerBook({
    catalogue: stores.catalogue,
    deadLetters: stores.deadLetters,
    progress,
    unread: () => stores.sinks.reduce((total, { end, cursor }) => total + end - cursor, 0),
    holes: () => [],
    nowUs: () => 100 * minuteUs,
  });
  return { ...stores, progress, ledger };
}

const given = fc.record({
  tenant: fc.constantFrom('acme', 'beta', 'gamma'),
  minute: fc.integer({ min: 1, max: 25 }),
  fate: fc.constantFrom('keep', 'keep', 'keep', 'rule', 'duplicate', 'dead'),
  partition: fc.constantFrom(0, 1),
});
type Drawn = { tenant: string; minute: number; fate: string; partition: number };

const asGiven = ({ tenant, minute, fate }: Drawn, offset: number): Given => ({
  offset,
  tenant,
  observedUs: minute * minuteUs + 17,
  ...(fate === 'dead' ? { dead: true } : fate === 'keep' ? {} : { drop: fate as 'rule' | 'duplicate' }),
});

/** Counts as the workload says, of what `counts` and is committed where `isCommitted`; without zeros. */
function countsOf(drawn: Drawn[], isCommitted: boolean[] | undefined): SinkCounts {
  const of = (fate: string) => drawn.filter((item, i) => item.fate === fate && (isCommitted?.[i] ?? true)).length;
  const dropped = { rule: of('rule'), duplicate: of('duplicate') };
  const done = of('keep');
  const dead = of('dead');
  return { done, dead, dropped, in_flight: drawn.length - done - dead - dropped.rule - dropped.duplicate };
}

const plain = ({ done, dead, dropped, in_flight }: SinkCounts) => ({
  done,
  dead,
  in_flight,
  dropped: { rule: dropped.rule ?? 0, duplicate: dropped.duplicate ?? 0 },
});
const sides = ({ accepted, hot, warm }: Ledger) => ({ accepted, hot: plain(hot), warm: plain(warm) });

describe('the ledger', () => {
  test('whole, by tenant and by range it is the workload, whatever is committed and whatever is in memory', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(given, { maxLength: 60 }), fc.double({ min: 0, max: 1, noNaN: true }), async (drawn, share) => {
        const { read, commit, ledger, deadLetters } = openAccount(2);
        const cuts = [0, 1].map((partition) => {
          const own = drawn.filter((item) => item.partition === partition);
          return { own, cut: Math.floor(own.length * share) };
        });
        for (const [partition, { own, cut }] of cuts.entries()) {
          const offsets = own.map(asGiven);
          const first = await read(partition, offsets.slice(0, cut));
          await read(partition, offsets.slice(cut));
          await commit(partition, first);
        }
        const all = cuts.flatMap(({ own }) => own);
        const isCommitted = cuts.flatMap(({ own, cut }) => own.map((_, i) => i < cut));
        const expected = (matches: (item: Drawn) => boolean) => {
          const chosen = all.flatMap((item, i) => (matches(item) ? [{ item, isCommitted: isCommitted[i]! }] : []));
          const items = chosen.map(({ item }) => item);
          const warm = countsOf(
            items,
            chosen.map((item) => item.isCommitted),
          );
          return { accepted: items.length, hot: countsOf(items, undefined), warm };
        };
        expect(sides(await ledger.read({}))).toEqual(expected(() => true));
        for (const tenant of ['acme', 'beta', 'gamma'])
          expect(sides(await ledger.read({ tenant }))).toEqual(expected((item) => item.tenant === tenant));
        const range = { fromUs: 5 * minuteUs, toUs: 15 * minuteUs };
        expect(sides(await ledger.read(range))).toEqual(expected(({ minute }) => minute >= 5 && minute < 15));
        const minutes = (await ledger.read({ tenant: 'acme' })).minutes;
        expect(minutes.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(all.filter(({ tenant }) => tenant === 'acme').length);
        await deadLetters.close();
      }),
      { numRuns: 25 },
    );
  });

  test('a commit between two of its reads is counted once', async () => {
    let onList = async () => {};
    const wrap = (state: StateStore): StateStore => ({
      get: (key, known) => state.get(key, known),
      list: async (prefix) => {
        const rows = await state.list<never>(prefix);
        await onList();
        return rows;
      },
      compareAndSet: (key, version, value) => state.compareAndSet(key, version, value),
      transact: (writes) => state.transact(writes),
      close: () => state.close(),
    });
    const { read, commit, ledger } = openAccount(1, wrap);
    const batch = await read(0, [{ offset: 0 }, { offset: 1, drop: 'rule' }, { offset: 2, dead: true }]);
    onList = async () => {
      onList = async () => {};
      await commit(0, batch);
    };
    const closed = { done: 1, dead: 1, in_flight: 0, dropped: { rule: 1, duplicate: 0 } };
    expect(sides(await ledger.read({ tenant: 'acme' }))).toEqual({ accepted: 3, hot: closed, warm: closed });
  });

  test('says how old the oldest open record is, and what nobody has read', async () => {
    const { read, sinks, ledger } = openAccount();
    expect(await ledger.read({})).toMatchObject({ accepted: 0, oldest_in_flight_s: null, unattributed: 0, minutes: [] });
    await read(0, [{ offset: 0, observedUs: 40 * minuteUs }]);
    sinks[0]!.end = 5;
    const { oldest_in_flight_s, unattributed, warm } = await ledger.read({});
    expect([oldest_in_flight_s, unattributed, warm.in_flight]).toEqual([60 * 60, 4, 5]);
  });

  test('a letter that was given up for good still counts as dead', async () => {
    const { read, commit, ledger, deadLetters } = openAccount();
    await commit(0, await read(0, [{ offset: 0 }, { offset: 1, dead: true }]));
    const [letter] = await deadLetters.list({ tenant: 'acme' });
    await deadLetters.mark(letter!.id, 'dead', 'discarded', 1);
    const whole = sides(await ledger.read({}));
    expect(whole.warm).toMatchObject({ done: 1, dead: 1 });
    expect(sides(await ledger.read({ tenant: 'acme' }))).toEqual(whole);
  });
});

describe("a partition's progress", () => {
  test('tells hot from warm while a batch is in memory, and both alike when it is committed', async () => {
    const { read, commit, progress } = openAccount();
    const [of] = progress as [PartitionProgress];
    const batch = await read(0, [{ offset: 0 }, { offset: 1, drop: 'rule' }, { offset: 2, dead: true }, { offset: 3 }]);
    const offsets = intervalsOf([[0, 4]]);
    expect([await of.isClosed(offsets, 'hot'), await of.isClosed(offsets, 'warm')]).toEqual([true, false]);
    const open = await of.sets([[0, 6]]);
    expect(open.hot).toEqual({ done: offsetsOf([0, 3]), dropped: [[1, 2]], dead: [[2, 3]] });
    expect(open.warm).toEqual({ done: [], dropped: [], dead: [] });
    expect(of.oldestOpenUs).toBe(minuteUs);
    await commit(0, batch);
    const closed = await of.sets([[0, 6]]);
    expect(closed.hot).toEqual(open.hot);
    expect(closed.warm).toEqual(open.hot);
    expect([await of.isClosed(offsets, 'warm'), of.oldestOpenUs]).toEqual([true, undefined]);
  });

  test('a batch that somebody else has committed meanwhile is counted once', async () => {
    const { read, archive, progress } = openAccount();
    const [of] = progress as [PartitionProgress];
    const batch = await read(0, [{ offset: 0 }, { offset: 1 }, { offset: 2 }]);
    const { minutes } = batch;
    await archive.commit({ generation, partition: 0, part: undefined, done: [], dropped: { rule: [[0, 1]] }, dead: [], minutes });
    const { hot, warm } = await of.counts();
    expect(hot).toEqual({ done: 2, dead: 0, dropped: { rule: 1 }, in_flight: 0 });
    expect(warm).toEqual({ done: 0, dead: 0, dropped: { rule: 1 }, in_flight: 2 });
    expect(sizeOf((await of.sets([[0, 3]])).hot.dropped)).toBe(1);
  });
});

describe('a receipt', () => {
  test('says of its own records alone where they are, and which died why', async () => {
    const { read, commit, progress, deadLetters } = openAccount();
    await commit(0, await read(0, [{ offset: 0 }, { offset: 1, dead: true }, { offset: 2, drop: 'rule' }, { offset: 3 }]));
    await read(0, [{ offset: 4 }, { offset: 5, dead: true }, { offset: 6 }]);
    const receipt = {
      tenant: 'acme',
      generation,
      partition: 0,
      runs: [[1, 3] as [number, number], [4, 6] as [number, number], [8, 9] as [number, number]],
    };
    expect(await statusOf(receipt, progress[0]!, deadLetters)).toEqual({
      records: 5,
      hot: { done: 1, in_flight: 1, dead: 2, dropped: 1 },
      warm: { done: 0, in_flight: 3, dead: 1, dropped: 1 },
      dead: [
        { position: 0, code: 'PROCESS_FAILED' },
        { position: 3, code: 'PROCESS_FAILED' },
      ],
    });
  });

  test('a dead record whose letter is gone is of unknown cause', async () => {
    const { read, commit, progress, deadLetters } = openAccount();
    await commit(0, await read(0, [{ offset: 0, dead: true, tenant: 'beta' }]));
    const receipt = { tenant: 'acme', generation, partition: 0, runs: [[0, 1] as [number, number]] };
    expect((await statusOf(receipt, progress[0]!, deadLetters)).dead).toEqual([{ position: 0, code: 'UNKNOWN' }]);
  });
});
