import { type Intervals, intersect, intervalsOf, offsetsOf } from '../../src/core/intervals.ts';
import { type Ages, collectDay, collectFiles, condemnDayFiles, condemnFiles } from '../../src/core/warm/collect.ts';
import { commit } from '../../src/core/warm/commit.ts';
import { compactLevel0, rewriteFiles } from '../../src/core/warm/compact.ts';
import { readPartitions } from '../../src/core/warm/heads.ts';
import { hourFolder, tenantDayKey, tenantKey } from '../../src/core/warm/keys.ts';
import { snapshot } from '../../src/core/warm/snapshot.ts';
import { statusOf } from '../../src/core/warm/status.ts';
import { read, type Steps } from '../../src/core/warm/steps.ts';
import { emptyTenantDay } from '../../src/core/warm/tenant-day.ts';
import { allTime, seenBy, Violation } from './invariants.ts';
import { dropReason, type Fate, hashOf, infoOf, rowOf, tenants, type World } from './world.ts';

/** What an actor may look at besides taking steps: the clock, and what the checker knows. */
export type Stage = {
  world: World;
  fateOf(offset: number): Fate;
  /** The grace of collection is longer than any reader lives: here it is told when the oldest began. */
  ages: Ages;
  readerStarted(): () => void;
  doneNow(): Intervals;
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
      const here = names.filter((name) => name.startsWith(hourFolder(tenant, day, 8)));
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

/** Asks for a receipt: the four sets add up at any moment. */
export const asker = (end: number): Actor =>
  function* () {
    const { done, dropped, dead, open } = yield* statusOf(0, 0, [[0, end]]);
    const all = [...done, ...Object.values(dropped).flat(), ...dead, ...open];
    const size = all.reduce((sum, [from, to]) => sum + to - from, 0);
    const union = intervalsOf(all);
    if (size !== end || union.length !== 1) throw new Violation(`a receipt of ${end} offsets counts ${size}`);
  };
