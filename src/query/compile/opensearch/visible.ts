import { type Intervals, intervalsOf } from '../../../core/intervals.ts';
import type { PlanPositions, Snapshot } from '../../plan.ts';
import { all, allBounds, allOf, anyBounds, anyOf, type Bounds, type Dsl, exactly, none, range, term } from './dsl.ts';

/** Runs of offsets that a query names one by one; of more, the gaps that are smallest are closed for what may be meant. */
const maxRuns = 100;
const maxGroups = 200;

/** The positions a query sees, as `isVisible` has them. */
export function visibleQuery(snapshot: Snapshot | undefined, positions: PlanPositions | undefined): Bounds {
  return allBounds([snapshot ? snapshotQuery(snapshot) : exactly(all), positions ? positionsQuery(positions) : exactly(all)]);
}

/** Partitions that end at one offset are one condition. */
function snapshotQuery(snapshot: Snapshot): Bounds {
  const byEnd = new Map<number, number[]>();
  for (const [partition, end] of Object.entries(snapshot)) {
    if (end > 0) byEnd.set(end, [...(byEnd.get(end) ?? []), Number(partition)]);
  }
  if (byEnd.size > maxGroups) {
    const ends = [...byEnd.keys()];
    const partitions = [...byEnd.values()].flat();
    return { upper: ofPartitions(partitions, below(Math.max(...ends))), lower: ofPartitions(partitions, below(Math.min(...ends))) };
  }
  return exactly(anyOf([...byEnd].map(([end, partitions]) => ofPartitions(partitions, below(end)))));
}

const below = (end: number): Dsl => range('offset', { lt: Math.ceil(end) });
const ofPartitions = (partitions: number[], offsets: Dsl): Dsl => allOf([{ terms: { partition: partitions } }, offsets]);

function positionsQuery(positions: PlanPositions): Bounds {
  const groups = positions.filter(({ offsets }) => offsets.length > 0);
  if (groups.length > maxGroups) return { upper: all, lower: none };
  const perGroup = Math.max(1, Math.floor(maxRuns / groups.length));
  const bounds = groups.map(({ generation, partition, offsets }): Bounds => {
    const of = (intervals: Intervals): Dsl =>
      allOf([
        ...(generation === undefined ? [] : [term('generation', generation)]),
        term('partition', partition),
        anyOf(intervals.map(([from, to]) => range('offset', { gte: from, lt: to }))),
      ]);
    if (offsets.length <= perGroup) return exactly(of(offsets));
    return { upper: of(withGapsClosed(offsets, perGroup)), lower: of(longest(offsets, perGroup)) };
  });
  return anyBounds(bounds);
}

function withGapsClosed(offsets: Intervals, runs: number): Intervals {
  const gaps = offsets.slice(1).map(([from], i) => [offsets[i]![1], from] as const);
  const widest = gaps.toSorted((a, b) => b[1] - b[0] - (a[1] - a[0])).slice(0, runs - 1);
  const closed = new Set(gaps).difference(new Set(widest));
  return intervalsOf([...offsets, ...closed]);
}

const longest = (offsets: Intervals, runs: number): Intervals =>
  offsets
    .toSorted((a, b) => b[1] - b[0] - (a[1] - a[0]))
    .slice(0, runs)
    .toSorted((a, b) => a[0] - b[0]);
