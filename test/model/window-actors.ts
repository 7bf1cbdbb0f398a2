import { printIntervals } from '../../src/core/interval-text.ts';
import { firstGap, type Intervals, includes, offsetsOf, subtract, union } from '../../src/core/intervals.ts';
import { headKey } from '../../src/core/warm/keys.ts';
import type { SinkHead } from '../../src/core/warm/progress.ts';
import { statusOf } from '../../src/core/warm/status.ts';
import { read, type Step, type Steps } from '../../src/core/warm/steps.ts';
import { applyMinute, closeWindows, itemKey, readWindowHead } from '../../src/core/windows/apply.ts';
import { emptyItem, type WindowItem, type WindowRow, windowsOf } from '../../src/core/windows/item.ts';
import { dueUs, isLate, windowUs } from '../../src/core/windows/window.ts';
import type { Actor, Stage } from './actors.ts';
import type { Fault } from './explore.ts';
import { Violation } from './invariants.ts';
import { dropReason, type Fate, type World } from './world.ts';

const latenessUs = 5_000_000;
const tenant = 'even';
const minutes = [0, 1, 2, 3, 4].map((minute) => minute * windowUs);

/** Observed in the order of offsets, 40 seconds apart; every third happened two minutes before, and so is late. */
const observedOf = (offset: number): number => offset * 40_000_000;
const minuteOf = (offset: number): number => Math.max(0, Math.floor(observedOf(offset) / windowUs) - (offset % 3 === 2 ? 2 : 0)) * windowUs;
/** Each has a service of its own: so an item tells which are counted. */
const rowOf = (offset: number): WindowRow => ({
  offset,
  service: `s${offset}`,
  level: 'info',
  observedUs: observedOf(offset),
  latency: offset,
});

const within = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const group = (offsets: number[]): [number, number[]][] => [...Map.groupBy(offsets, minuteOf)];

/** Counts the offsets of a batch as the sink does: trims by the head, counts minute by minute, closes. */
export const windowConsumer = (from: number, to: number): Actor =>
  function* (stage) {
    const { closed } = yield* readWindowHead(0, 0);
    const open = within(from, to).filter((offset) => !includes(closed, offset));
    const of = (fate: Fate) => open.filter((offset) => stage.fateOf(offset) === fate);
    const [done, dropped, dead] = [of('keep'), of('drop'), of('poison')];
    const decided = offsetsOf([...done, ...dropped]);
    for (const [minuteUs, offsets] of group(done)) {
      yield* applyMinute(0, 0, { tenant, minuteUs, rows: offsets.map(rowOf), decided, latenessUs });
    }
    const batch = {
      done: offsetsOf(done),
      dropped: dropped.length > 0 ? { [dropReason]: offsetsOf(dropped) } : {},
      dead: offsetsOf(dead),
      redrive: false,
    };
    const observed = open.map((offset) => [offset, offset + 1, observedOf(offset)] as const);
    yield* closeWindows({ generation: 0, partition: 0, batch, minutes: [], observed });
  };

/** Brings dead offsets home: only those that are dead there. */
export const windowRedriver = (...offsets: number[]): Actor =>
  function* () {
    const { dead } = yield* statusOf(0, 0, offsetsOf(offsets), 'aggregate');
    const moved = offsets.filter((offset) => includes(dead, offset));
    for (const [minuteUs, of] of group(moved)) {
      const rows = of.map(rowOf);
      yield* applyMinute(0, 0, { tenant, minuteUs, rows, decided: offsetsOf(moved), latenessUs, redrivenUs: 1 });
    }
    const batch = { done: offsetsOf(moved), dropped: {}, dead: [], redrive: true };
    yield* closeWindows({ generation: 0, partition: 0, batch, minutes: [], observed: [] });
  };

/** Reads the watermark and then the windows: of those that are due, all that was observed in time is counted. */
export const windowReader = (end: number): Actor =>
  function* (stage) {
    const { closed, reachedUs } = yield* readWindowHead(0, 0);
    const watermarkUs = firstGap(closed) >= end ? Number.POSITIVE_INFINITY : reachedUs;
    for (const minuteUs of minutes) {
      const { value } = yield* read<WindowItem>(itemKey(tenant, minuteUs, 0, 0), emptyItem);
      if (watermarkUs < dueUs(minuteUs, latenessUs)) continue;
      const counted = new Set(windowsOf(value, minuteUs).map(({ service }) => service));
      for (const offset of within(0, end)) {
        if (minuteOf(offset) !== minuteUs || stage.fateOf(offset) !== 'keep' || isLate(minuteUs, observedOf(offset), latenessUs)) continue;
        if (!counted.has(`s${offset}`)) throw new Violation(`minute ${minuteUs} is due without offset ${offset}`);
      }
    }
  };

const itemsIn = (world: World): [number, WindowItem][] =>
  minutes.flatMap((minuteUs) => {
    const item = world.state.get(itemKey(tenant, minuteUs, 0, 0))?.value as WindowItem | undefined;
    return item ? [[minuteUs, item] as [number, WindowItem]] : [];
  });

/** No offset is counted twice, at any moment; what is counted as late came late. */
function checkItems(world: World): void {
  for (const [minuteUs, item] of itemsIn(world)) {
    for (const { service, count, late } of windowsOf(item, minuteUs)) {
      const offset = Number(service.slice(1));
      if (count !== 1) throw new Violation(`offset ${offset} is counted ${count} times`);
      if (minuteOf(offset) !== minuteUs) throw new Violation(`offset ${offset} is counted in minute ${minuteUs}`);
      if (late === 0 && isLate(minuteUs, observedOf(offset), latenessUs))
        throw new Violation(`offset ${offset} came late and is not said to`);
    }
  }
}

/** Once all is closed: every offset that is not dropped is counted. */
export function checkCounted({ world, end, fateOf }: { world: World; end: number; fateOf: Stage['fateOf'] }): void {
  const counted = new Set(itemsIn(world).flatMap(([minuteUs, item]) => windowsOf(item, minuteUs).map(({ service }) => service)));
  const wanted = within(0, end).filter((offset) => fateOf(offset) !== 'drop');
  const missing = wanted.filter((offset) => !counted.has(`s${offset}`));
  if (missing.length > 0) throw new Violation(`offsets ${missing} are not counted`);
  if (counted.size !== wanted.length) throw new Violation('what was dropped is counted');
}

/** Takes steps as they are, or as a planted fault has it, and looks at the items after each write. */
export const checked = (fault: Fault = {}): Fault => ({
  ...fault,
  take(world, step, actor) {
    const result = fault.take ? fault.take(world, step, actor) : world.take(step);
    if (step.kind === 'transact' && result) checkItems(world);
    return result;
  },
});

type Value = { value: unknown; version: number } | undefined;
const isItem = (key: string) => key.startsWith('windows-');
const highest = (set: Intervals): Intervals => [[0, set.at(-1)?.[1] ?? 0]];

const writing = (change: (key: string, value: unknown) => unknown): Fault => ({
  take: (world, step) =>
    step.kind === 'transact'
      ? world.transact(step.writes.map((write) => ({ ...write, value: change(write.key, write.value) })))
      : world.take(step),
});
const reading = (change: (key: string, value: unknown) => unknown): Fault => ({
  take: (world, step) => {
    const result = world.take(step) as Value;
    return step.kind === 'get' && result ? { ...result, value: change(step.key, result.value) } : result;
  },
});

/** An item remembers the highest offset that it counted, as consumer groups do. */
export const itemHighWaterMark = writing((key, value) => {
  if (!isItem(key)) return value;
  const item = value as WindowItem;
  const last = Math.max(...item.series.map(([service]) => Number(service.slice(1))));
  return { ...item, applied: printIntervals([[0, last + 1]], 0) };
});

/** The head remembers the highest offset that it closed. */
export const headHighWaterMark = writing((key, value) => {
  if (key !== headKey('aggregate', 0, 0)) return value;
  const head = value as SinkHead;
  return { ...head, closed: highest(head.closed) };
});

/** Items do not remember what they counted: the head alone is to tell. */
export const forgetfulItems = reading((key, value) => (isItem(key) ? { ...(value as WindowItem), applied: '' } : value));

/** What is dead counts as settled in items: when it comes home it is not counted. */
export const deadIsDecided: Fault = writing((key, value) => {
  if (!isItem(key)) return value;
  const item = value as WindowItem;
  return { ...item, applied: printIntervals(union([[0, 3]], subtract([[0, 9]], [[3, 9]])), 0) };
});

/** The head is closed before the items are written. */
export const headFirst: Fault = {
  wrap: function* (steps: Steps<unknown>): Steps<unknown> {
    const late: Step[] = [];
    let next = steps.next();
    while (!next.done) {
      const step: Step = next.value;
      if (step.kind === 'transact' && step.writes.some(({ key }) => isItem(key))) {
        late.push(step);
        next = steps.next(true);
        continue;
      }
      const result = yield step;
      if (step.kind === 'transact') while (late.length > 0) yield late.shift()!;
      next = steps.next(result);
    }
    return next.value;
  },
};

/** The watermark is what was read last, whatever is still open before it. */
export const eagerWatermark = reading((key, value) =>
  key === headKey('aggregate', 0, 0)
    ? { ...(value as SinkHead), reachedUs: observedOf((value as SinkHead).closed.at(-1)?.[1] ?? 0) }
    : value,
);
