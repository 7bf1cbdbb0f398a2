import { readHot } from '../../src/core/hot/commit-hot.ts';
import { heldIn } from '../../src/core/hot/head.ts';
import { type Intervals, includes, intersect, intersects, sizeOf, subtract, union } from '../../src/core/intervals.ts';
import { minutesKey, partitionKey, type SinkName } from '../../src/core/warm/keys.ts';
import type { MinuteCounts } from '../../src/core/warm/minutes.ts';
import { checkLogEnd, emptyPartition, ledgerOf, type PartitionHead, type SinkHead } from '../../src/core/warm/progress.ts';
import { snapshot, type WarmSnapshot } from '../../src/core/warm/snapshot.ts';
import { type OffsetsStatus, statusOf } from '../../src/core/warm/status.ts';
import type { Steps } from '../../src/core/warm/steps.ts';
import { hotName, rowOf, tenants, timestampOf, type World } from './world.ts';

export class Violation extends Error {}

export const allTime = { fromUs: 0, toUs: Number.MAX_SAFE_INTEGER };

/** Runs steps with nothing in between. */
export function atOnce<T>(world: World, steps: Steps<T>): T {
  let next = steps.next();
  while (!next.done) next = steps.next(world.take(next.value));
  return next.value;
}

/** The offsets that a reader with this snapshot sees of its tenant, each as often as it sees it. */
export function seenBy(world: World, tenant: string, { files }: WarmSnapshot): number[] {
  return files.flatMap(({ name, only, time }) =>
    world
      .load(name)
      .rows.filter((row) => row.tenant === tenant)
      .filter(({ offset }) => !only || only.some(({ offsets }) => includes(offsets, offset)))
      .filter((row) => !time || (timestampOf(row) >= time.fromUs && timestampOf(row) < time.toUs))
      .map(({ offset }) => offset),
  );
}

export type BothStatus = { warm: OffsetsStatus; hot: OffsetsStatus };
export type Facts = { status: BothStatus; erased: Set<number>; end: number };

export const statusNow = (world: World, end: number): BothStatus => ({
  warm: atOnce(world, statusOf(0, 0, [[0, end]], 'warm')),
  hot: atOnce(world, statusOf(0, 0, [[0, end]], 'hot')),
});

/** The offsets of a tenant that the hot store gives of those it is asked for. */
export const seenInHot = (world: World, tenant: string, held: Intervals): number[] =>
  held
    .flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i))
    .filter((offset) => rowOf(offset).tenant === tenant && world.objects.has(hotName(offset)));

/**
 * Checks one state as if the world stood still: what is done is visible exactly once in each store and in both together, the sums hold, and
 * everything that is listed is there.
 */
export function checkState(world: World, end: number, erased: ReadonlySet<number>): Facts {
  const status = statusNow(world, end);
  const listed = tenants.map((tenant) => seenBy(world, tenant, atOnce(world, snapshot(tenant, allTime))));
  checkVisible('in the archive', listed.flat(), status.warm.done, end, erased);
  const head = atOnce(world, readHot(0, 0));
  const held = heldIn(head);
  checkHeld(world, status.hot, held);
  const both = tenants.flatMap((tenant, i) => [
    ...seenInHot(world, tenant, held),
    ...listed[i]!.filter((offset) => !includes(held, offset)),
  ]);
  checkVisible('in both stores', both, union(status.warm.done, intersect(held, status.hot.done)), end, erased);
  const archived = (world.state.get(partitionKey(0, 0))?.value as PartitionHead | undefined) ?? emptyPartition(0, 0);
  checkSums(world, archived, status.warm, end, 'warm');
  checkSums(world, head, status.hot, end, 'hot');
  return { status, erased: new Set(erased), end };
}

function checkVisible(where: string, offsets: number[], done: Intervals, end: number, erased: ReadonlySet<number>): void {
  const seen = offsets.sort((a, b) => a - b);
  const twice = seen.filter((offset, index) => seen[index - 1] === offset);
  if (twice.length > 0) throw new Violation(`offsets ${twice} are visible twice ${where}`);
  for (let offset = 0; offset < end; offset++) {
    if (erased.has(offset)) continue;
    if (includes(done, offset) && !seen.includes(offset)) throw new Violation(`offset ${offset} is done and not visible ${where}`);
    if (!includes(done, offset) && seen.includes(offset)) throw new Violation(`offset ${offset} is visible ${where} and not done`);
  }
}

/** What the hot store answers for is there, and nothing of it is open or dead. */
function checkHeld(world: World, hot: OffsetsStatus, held: Intervals): void {
  if (intersects(held, hot.open) || intersects(held, hot.dead)) throw new Violation('the hot store answers for what is open or dead');
  for (const [from, to] of intersect(held, hot.done))
    for (let offset = from; offset < to; offset++)
      if (!world.objects.has(hotName(offset))) throw new Violation(`offset ${offset} is held by the hot store and is not there`);
}

function checkSums(world: World, head: SinkHead, status: OffsetsStatus, end: number, sink: SinkName): void {
  checkLogEnd(head, end);
  const ledger = ledgerOf(head, end);
  const dropped = Object.values(status.dropped).reduce<Intervals>(union, []);
  const sets = [status.done, dropped, status.dead, status.open];
  if (sets.some((a, i) => sets.some((b, j) => i < j && intersect(a, b).length > 0))) throw new Violation('the sets of the ledger overlap');
  const counted = [ledger.done, Object.values(ledger.dropped).reduce((sum, n) => sum + n, 0), ledger.dead, ledger.inFlight];
  if (sets.some((set, i) => sizeOf(set) !== counted[i])) throw new Violation(`the counts ${counted} are not the sizes ${sets.map(sizeOf)}`);
  if (counted.reduce((sum, n) => sum + n, 0) !== ledger.accepted) throw new Violation(`the ledger adds up to ${counted}, not to ${end}`);
  const minutes = (world.state.get(minutesKey(sink, 0, 0, 0))?.value as MinuteCounts | undefined)?.even?.[0] ?? 0;
  if (minutes !== sizeOf(head.closed)) throw new Violation(`${sink} counted ${minutes} by minute and closed ${sizeOf(head.closed)}`);
}

/** Checks a move between two states: open to anything, dead to done or dropped by a redrive that names it, and nothing else. */
export function checkMove(before: OffsetsStatus, after: OffsetsStatus, redrives: ReadonlySet<number>): void {
  const dropped = (status: OffsetsStatus) => Object.values(status.dropped).reduce<Intervals>(union, []);
  if (subtract(before.done, after.done).length > 0) throw new Violation('a done offset moved');
  if (subtract(dropped(before), dropped(after)).length > 0) throw new Violation('a dropped offset moved');
  for (const [from, to] of subtract(before.dead, after.dead)) {
    for (let offset = from; offset < to; offset++) {
      if (includes(after.open, offset)) throw new Violation(`dead offset ${offset} was opened`);
      if (!redrives.has(offset)) throw new Violation(`dead offset ${offset} moved and no redrive named it`);
    }
  }
}
