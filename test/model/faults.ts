import { emptyHot, type HotHead } from '../../src/core/hot/head.ts';
import { printIntervals } from '../../src/core/interval-text.ts';
import { intersect } from '../../src/core/intervals.ts';
import { headKey, partitionKey } from '../../src/core/warm/keys.ts';
import type { PartitionHead } from '../../src/core/warm/progress.ts';
import type { Step, Steps } from '../../src/core/warm/steps.ts';
import type { Fault } from './explore.ts';
import { observedDayOf, type World } from './world.ts';

type Heads = Pick<PartitionHead, 'closed' | 'counts' | 'files' | 'salt' | 'condemned'>;
const head = partitionKey(0, 0);
const hotHead = headKey('hot', 0, 0);

/** Changes what is written to the partition's head. */
const writing = (change: (value: Heads, world: World) => Heads): Fault => ({
  take: (world, step) => {
    if (step.kind !== 'transact') return world.take(step);
    return world.transact(
      step.writes.map((write) => (write.key === head ? { ...write, value: change(write.value as Heads, world) } : write)),
    );
  },
});

/** Changes what is read from the partition's head. */
const reading = (change: (value: Heads) => Heads): Fault => ({
  take: (world, step) => {
    const result = world.take(step) as { value: Heads; version: number } | undefined;
    return step.kind === 'get' && step.key === head && result ? { ...result, value: change(result.value) } : result;
  },
});

/** Progress is the highest offset, as consumer groups keep it. */
export const highWaterMark = writing((value) => ({ ...value, closed: [[0, value.closed.at(-1)?.[1] ?? 0]] }));

/** Heads are written without comparing their version. */
export const noCompare: Fault = {
  take: (world, step) => {
    if (step.kind !== 'transact') return world.take(step);
    world.force(step.writes);
    return true;
  },
};

/** A dead offset counts as finished: a redrive is trimmed like any batch that was delivered before. */
export const deadIsFinished: Fault = { redriveAs: { redrive: false } };

/** Nothing but its name tells whether a file was committed: offsets are not trimmed, a file that is listed is not listed again. */
export const namesAlone: Fault = {
  take: (world, step) => {
    const result = world.take(step) as { value: Heads; version: number } | undefined;
    if (step.kind === 'get' && step.key === head && result) return { ...result, value: { ...result.value, closed: [] } };
    if (step.kind === 'transact') {
      const before = world.state.get(head)?.value as Heads | undefined;
      const written = step.writes.find(({ key }) => key === head)?.value as Heads | undefined;
      const names = written?.files.map(({ name }) => name.replace(/-\d+-\d+/, '')) ?? [];
      if (before && new Set(names).size < names.length) return true;
    }
    return result;
  },
};

/** The head is written before the file that it names. */
export const headFirst: Fault = {
  wrap: function* (steps: Steps<unknown>): Steps<unknown> {
    const late: Step[] = [];
    let next = steps.next();
    while (!next.done) {
      let result: unknown;
      if (next.value.kind === 'put') late.push(next.value);
      else result = yield next.value;
      if (next.value.kind === 'transact') while (late.length > 0) yield late.shift()!;
      next = steps.next(result);
    }
    return next.value;
  },
};

/** Compaction goes by the heads of level 0 as they were when it began: it then reads the day's head after them. */
export const levelZeroFirst = (compactors: number[]): Fault => {
  const first = new WeakMap<World, Map<number, unknown>>();
  return {
    take: (world, step, actor) => {
      if (step.kind !== 'get' || step.key !== head || !compactors.includes(actor)) return world.take(step);
      const known = first.get(world) ?? new Map<number, unknown>();
      first.set(world, known);
      if (!known.has(actor)) known.set(actor, world.take(step));
      return known.get(actor);
    },
  };
};

/** Readers take the days' heads before those of level 0: a file that is absorbed in between is neither here nor there. */
export const daysFirst = (readers: number[], days: string[]): Fault => {
  const first = new WeakMap<World, Map<string, unknown>>();
  return {
    take: (world, step, actor) => {
      if (step.kind !== 'get' || !readers.includes(actor)) return world.take(step);
      const known = first.get(world) ?? new Map(days.map((key) => [key, world.take({ kind: 'get', key })]));
      first.set(world, known);
      return known.has(step.key) ? known.get(step.key) : world.take(step);
    },
  };
};

/** Names are content and nothing else: a name that was condemned may come back. */
export const noSalt = reading((value) => ({ ...value, salt: 0, condemned: value.condemned }));

/** Files are deleted as soon as they are seen condemned, whoever reads them. */
export const noGrace: Fault = { impatient: true };

/** A file of which some rows were closed by others shows all of its rows. */
export const wholeFiles = writing((value) => ({ ...value, files: value.files.map(({ only: _, ...file }) => file) }));

/** The hot store's retention deletes without having told its head. */
export const silentRetention = (actors: number[]): Fault => ({
  take: (world, step, actor) => {
    if (!actors.includes(actor)) return world.take(step);
    if (step.kind === 'transact' && step.writes.some(({ key, value }) => key === hotHead && (value as HotHead).floor !== '')) return true;
    const result = world.take(step) as { value: HotHead; version: number } | undefined;
    return step.kind === 'get' && step.key === hotHead
      ? { ...result, value: { ...(result?.value ?? emptyHot(0, 0)), floor: '9' } }
      : result;
  },
});

/** Late records of a day that was dropped count as held. */
export const noFloor: Fault = {
  take: (world, step) => {
    if (step.kind !== 'transact') return world.take(step);
    const held = step.writes.map((write) => {
      const before = world.state.get(hotHead)?.value as HotHead | undefined;
      const after = write.value as HotHead;
      if (write.key !== hotHead || !before?.floor || after.counts.done === before.counts.done) return write;
      const day = observedDayOf(0);
      return { ...write, value: { ...after, days: { ...after.days, [day]: printIntervals(intersect(after.closed, [[0, 2]]), 0) } } };
    });
    return world.transact(held);
  },
};
