import { commitHot, readHot } from '../../src/core/hot/commit-hot.ts';
import { heldIn } from '../../src/core/hot/head.ts';
import { leaveDays } from '../../src/core/hot/leave-days.ts';
import { type Intervals, includes, intersect, intervalsOf, offsetsOf, union } from '../../src/core/intervals.ts';
import { type Ages, collectDay, collectFiles, condemnDayFiles, condemnFiles } from '../../src/core/warm/collect.ts';
import { commit } from '../../src/core/warm/commit.ts';
import { compactLevel0, rewriteFiles } from '../../src/core/warm/compact.ts';
import { readPartitions } from '../../src/core/warm/heads.ts';
import { hourFolder, type SinkName, tenantDayKey, tenantKey } from '../../src/core/warm/keys.ts';
import { type Batch, offsetsIn } from '../../src/core/warm/progress.ts';
import { snapshot } from '../../src/core/warm/snapshot.ts';
import { statusOf } from '../../src/core/warm/status.ts';
import { put, read, remove, type Steps } from '../../src/core/warm/steps.ts';
import { emptyTenantDay } from '../../src/core/warm/tenant-day.ts';
import { allTime, atOnce, type BothStatus, seenBy, seenInHot, Violation } from './invariants.ts';
import { dropReason, type Fate, hashOf, hotName, infoOf, observedDayOf, rowOf, tenants, type World } from './world.ts';

/** What an actor may look at besides taking steps: the clock, and what the checker knows. */
export type Stage = {
  world: World;
  fateOf(offset: number): Fate;
  /** The grace of collection is longer than any reader lives: here it is told when the oldest began. */
  ages: Ages;
  readerStarted(): () => void;
  doneNow(): Intervals;
  statusNow(): BothStatus;
  erased: Set<number>;
  /** What a planted fault may change. */
  redriveAs: { redrive: boolean };
};
export type Actor = (stage: Stage) => Steps<unknown>;

const minutes = (offsets: Intervals) => [{ tenant: 'even', minute: 0, offsets }];

/** Delivers the offsets of a batch as a consumer does: process, write, commit. */
export const consumer = (from: number, to: number): Actor =>
  function* (stage) {
    const offsets = Array.from({ length: to - from }, (_, i) => from + i);
    const of = (fate: Fate) => offsetsOf(offsets.filter((offset) => stage.fateOf(offset) === fate));
    yield* commitRows(of('keep'), of('drop'), of('poison'), false);
  };

/** Redrives offsets after what poisoned them was mended. */
export const redriver = (...offsets: number[]): Actor =>
  function* (stage) {
    yield* commitRows(offsetsOf(offsets), [], [], stage.redriveAs.redrive);
  };

function* commitRows(done: Intervals, dropped: Intervals, dead: Intervals, redrive: boolean): Steps<void> {
  const rows = done.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => rowOf(from + i)));
  const file = rows.length > 0 ? { hash: hashOf(rows), content: { rows }, info: infoOf(rows), tenants } : undefined;
  const batch = { done, dropped: dropped.length > 0 ? { [dropReason]: dropped } : {}, dead, redrive };
  yield* commit({ generation: 0, partition: 0, batch, file, minutes: redrive ? [] : minutes(intervalsOf([...done, ...dropped, ...dead])) });
}

/** Brings the offsets of a batch into the hot store as its consumer does: what retention has overtaken is dropped, the rest written, then closed. */
export const hotConsumer = (from: number, to: number): Actor =>
  function* (stage) {
    const offsets = Array.from({ length: to - from }, (_, i) => from + i);
    const { floor } = yield* readHot(0, 0);
    const isLate = (offset: number) => observedDayOf(offset) < floor;
    const of = (fate: Fate) => offsetsOf(offsets.filter((offset) => !isLate(offset) && stage.fateOf(offset) === fate));
    yield* writeRows(of('keep'), { [dropReason]: of('drop'), expired: offsetsOf(offsets.filter(isLate)) }, of('poison'), false);
  };

/** Redrives offsets in the hot store alone: only what is dead is written. */
export const hotRedriver = (...offsets: number[]): Actor =>
  function* (stage) {
    const { dead } = yield* statusOf(0, 0, offsetsOf(offsets), 'hot');
    yield* writeRows(dead, {}, [], stage.redriveAs.redrive);
  };

function* writeRows(done: Intervals, dropped: Batch['dropped'], dead: Intervals, redrive: boolean): Steps<void> {
  const rows = done.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => rowOf(from + i)));
  for (const row of rows) yield* put(hotName(row.offset), { rows: [row] });
  const batch = { done, dropped, dead, redrive };
  const all = offsetsIn(batch);
  const observed = [
    ...Map.groupBy(
      all.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i)),
      observedDayOf,
    ),
  ].map(([day, offsets]) => [day, offsetsOf(offsets)] as const);
  yield* commitHot({ generation: 0, partition: 0, batch, observed, minutes: redrive ? [] : minutes(all) });
}

/** A pass of the hot store's retention: lets go of the first day, and deletes what was let go of before the oldest reader began. */
export const hotRetention: Actor = function* ({ ages, world }) {
  const due = yield* leaveDays([[0, 0]], '2026-11-21', ages);
  if (due === undefined) return;
  const names = [...world.objects.keys()].filter((name) => name.startsWith('hot/') && name.split('/')[1]! < due);
  for (const name of names) yield* remove(name);
};

/** Compacts all level-0 files that it finds. */
export const compactor: Actor = function* () {
  const heads = yield* readPartitions();
  const inputs = heads.flatMap(({ generation, partition, files }) => files.map((file) => ({ generation, partition, file })));
  if (inputs.length > 0) yield* compactLevel0(inputs);
};

/** Merges each day's files into one, or takes one offset out of them. */
export const merger = (erase?: number): Actor =>
  function* ({ erased }) {
    if (erase !== undefined) erased.add(erase);
    for (const tenant of tenants) {
      for (const day of (yield* read<string[]>(tenantKey(tenant), [])).value) {
        const { files } = (yield* read(tenantDayKey(tenant, day), emptyTenantDay(tenant, day))).value;
        const names = files.map(({ name }) => name);
        if (erase === undefined ? names.length > 1 : names.length > 0) yield* rewriteFiles(tenant, day, names, erase);
      }
    }
  };

/** Deletes what was condemned before the oldest reader began. */
export const collector: Actor = function* (stage) {
  yield* collectFiles(0, 0, stage.ages);
  for (const tenant of tenants) {
    for (const day of (yield* read<string[]>(tenantKey(tenant), [])).value) yield* collectDay(tenant, day, stage.ages);
  }
};

/** Condemns all objects that no head seems to list, as after a crash. */
export const sweeper: Actor = function* ({ world }) {
  const names = [...world.objects.keys()];
  yield* condemnFiles(
    0,
    0,
    names.filter((name) => name.startsWith('level0/')),
    'unlisted',
  );
  for (const tenant of tenants) {
    for (const day of ['2026-11-20', '2026-11-21']) {
      const here = names.filter((name) => name.startsWith(hourFolder('logs', tenant, day, 8)));
      if (here.length > 0) yield* condemnDayFiles(tenant, day, here, 'unlisted');
    }
  }
};

/** Lists and reads files one at a time; sees each offset at most once, and all that were done when it began. */
export const reader = (tenant: string): Actor =>
  function* (stage) {
    const ended = stage.readerStarted();
    const before = intersect(stage.doneNow(), offsetsOf(Array.from({ length: 64 }, (_, i) => i).filter((i) => rowOf(i).tenant === tenant)));
    const listed = yield* snapshot(tenant, allTime);
    const seen: number[] = [];
    for (const file of listed.files) {
      yield { kind: 'get', key: 'pause' };
      seen.push(...seenBy(stage.world, tenant, { ...listed, files: [file] }));
    }
    ended();
    if (new Set(seen).size < seen.length) throw new Violation(`a reader saw ${seen}: an offset twice`);
    for (const [from, to] of before)
      for (let offset = from; offset < to; offset++)
        if (!seen.includes(offset) && !stage.erased.has(offset))
          throw new Violation(`a reader saw ${seen}, without ${offset} that was done`);
  };

/** Asks both stores, split by position: what the hot store holds, and the rest of the archive. The hot head is read first, unless it is done wrongly. */
export const splitReader = (tenant: string, archiveFirst = false): Actor =>
  function* ({ world, readerStarted, statusNow, erased }) {
    const ended = readerStarted();
    const start = statusNow();
    const before = union(start.warm.done, intersect(start.hot.done, heldIn(atOnce(world, readHot(0, 0)))));
    const early = archiveFirst ? yield* snapshot(tenant, allTime) : undefined;
    const held = heldIn(yield* readHot(0, 0));
    const listed = early ?? (yield* snapshot(tenant, allTime));
    const seen: number[] = [];
    for (const file of listed.files) {
      yield { kind: 'get', key: 'pause' };
      seen.push(...seenBy(world, tenant, { ...listed, files: [file] }).filter((offset) => !includes(held, offset)));
    }
    yield { kind: 'get', key: 'pause' };
    seen.push(...seenInHot(world, tenant, held));
    ended();
    if (new Set(seen).size < seen.length) throw new Violation(`a reader of both saw ${seen}: an offset twice`);
    const dead = union(start.warm.dead, statusNow().warm.dead);
    for (const [from, to] of before)
      for (let offset = from; offset < to; offset++)
        if (rowOf(offset).tenant === tenant && !seen.includes(offset) && !erased.has(offset) && !includes(dead, offset))
          throw new Violation(`a reader of both saw ${seen}, without ${offset} that was done`);
  };

/** Asks for a receipt: the four sets add up at any moment. */
export const asker = (end: number, sink: SinkName = 'warm'): Actor =>
  function* () {
    const { done, dropped, dead, open } = yield* statusOf(0, 0, [[0, end]], sink);
    const all = [...done, ...Object.values(dropped).flat(), ...dead, ...open];
    const size = all.reduce((sum, [from, to]) => sum + to - from, 0);
    const union = intervalsOf(all);
    if (size !== end || union.length !== 1) throw new Violation(`a receipt of ${end} offsets counts ${size}`);
  };
