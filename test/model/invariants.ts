import { type Intervals, includes, intersect, sizeOf, subtract, union } from '../../src/core/intervals.ts';
import { partitionKey } from '../../src/core/warm/keys.ts';
import { checkLogEnd, emptyPartition, ledgerOf, type PartitionHead } from '../../src/core/warm/progress.ts';
import { snapshot, type WarmSnapshot } from '../../src/core/warm/snapshot.ts';
import { type OffsetsStatus, statusOf } from '../../src/core/warm/status.ts';
import type { Steps } from '../../src/core/warm/steps.ts';
import { tenants, timestampOf, type World } from './world.ts';

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

export type Facts = { status: OffsetsStatus; erased: Set<number>; end: number };

/** Checks one state as if the world stood still: what is done is visible exactly once, the sums hold, and everything that is listed is there. */
export function checkState(world: World, end: number, erased: ReadonlySet<number>): Facts {
  const status = atOnce(world, statusOf(0, 0, [[0, end]]));
  const seen = tenants.flatMap((tenant) => seenBy(world, tenant, atOnce(world, snapshot(tenant, allTime)))).sort((a, b) => a - b);
  const twice = seen.filter((offset, index) => seen[index - 1] === offset);
  if (twice.length > 0) throw new Violation(`offsets ${twice} are visible twice`);
  for (let offset = 0; offset < end; offset++) {
    if (erased.has(offset)) continue;
    if (includes(status.done, offset) && !seen.includes(offset)) throw new Violation(`offset ${offset} is done and not visible`);
    if (!includes(status.done, offset) && seen.includes(offset)) throw new Violation(`offset ${offset} is visible and not done`);
  }
  checkSums(world, status, end);
  return { status, erased: new Set(erased), end };
}

function checkSums(world: World, status: OffsetsStatus, end: number): void {
  const head = (world.state.get(partitionKey(0, 0))?.value as PartitionHead | undefined) ?? emptyPartition(0, 0);
  checkLogEnd(head, end);
  const ledger = ledgerOf(head, end);
  const dropped = Object.values(status.dropped).reduce<Intervals>(union, []);
  const sets = [status.done, dropped, status.dead, status.open];
  if (sets.some((a, i) => sets.some((b, j) => i < j && intersect(a, b).length > 0))) throw new Violation('the sets of the ledger overlap');
  const counted = [ledger.done, Object.values(ledger.dropped).reduce((sum, n) => sum + n, 0), ledger.dead, ledger.inFlight];
  if (sets.some((set, i) => sizeOf(set) !== counted[i])) throw new Violation(`the counts ${counted} are not the sizes ${sets.map(sizeOf)}`);
  if (counted.reduce((sum, n) => sum + n, 0) !== ledger.accepted) throw new Violation(`the ledger adds up to ${counted}, not to ${end}`);
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
