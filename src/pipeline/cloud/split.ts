import { type HotHead, heldIn } from '../../core/hot/head.ts';
import { firstGap, type Intervals, intersect, noOffsets, sizeOf, subtract, union } from '../../core/intervals.ts';
import { dayStartUs, dayUs, hourUs } from '../../core/warm/file.ts';
import type { PartitionHead } from '../../core/warm/progress.ts';
import { offsetsIn } from '../../query/compile/scan/visible.ts';
import type { PlanPositions, Snapshot } from '../../query/plan.ts';
import type { ListedFile } from '../catalogue.ts';

/** The heads of both sinks on one partition; the hot one was read first. */
export type BothHeads = { generation: number; partition: number; hot: HotHead | undefined; warm: PartitionHead | undefined };

/**
 * Who answers for which positions: the hot store for what it holds, the warm store for all other. The parts are disjoint, whatever is late, so
 * lists merge and counts add up. `warmFiles` are those that may hold anything of the warm part; `onlyHot` counts what no file holds yet.
 */
export type Split = {
  hot: PlanPositions;
  warm: PlanPositions;
  all: PlanPositions;
  warmFiles: ListedFile[];
  warmHasAll: boolean;
  onlyHot: number;
};

const everOffset: Intervals = [[0, Number.MAX_SAFE_INTEGER]];

/** Accept stamps the observed time before it appends, so offsets are in its order but for what a slow append takes. */
const skewUs = hourUs;

/** Splits what a plan asks for. What was observed before `firstDay` is the warm store's, whatever the hot heads say. */
export function splitOf(
  heads: BothHeads[],
  files: ListedFile[],
  plan: { snapshot?: Snapshot; positions?: PlanPositions },
  firstDay = '',
): Split {
  const parts = heads.map((head) => partOf(head, plan, firstDay));
  const positions = (of: (part: Part) => Intervals): PlanPositions =>
    parts.flatMap((part) => (of(part).length > 0 ? [{ generation: part.generation, partition: part.partition, offsets: of(part) }] : []));
  return {
    hot: positions(({ held }) => held),
    warm: positions(({ rest }) => rest),
    all: positions(({ base }) => base),
    warmFiles: files.filter((file) => mayHold(file, parts)),
    warmHasAll: parts.every(({ warm, onlyHot }) => onlyHot === 0 && !isLacking(warm)),
    onlyHot: parts.reduce((total, { onlyHot }) => total + onlyHot, 0),
  };
}

/** Offsets below which a walk sees records: all below are closed in one store at least. Former generations are seen whole. */
export function snapshotOf(heads: BothHeads[], generation: number): Snapshot {
  const snapshot: Record<number, number> = {};
  for (const head of heads) {
    const closed = union(head.hot?.closed ?? noOffsets, head.warm?.closed ?? noOffsets);
    const end = head.generation < generation ? (closed.at(-1)?.[1] ?? 0) : firstGap(closed);
    snapshot[head.partition] = Math.max(snapshot[head.partition] ?? 0, end);
  }
  return snapshot;
}

type Part = {
  generation: number;
  partition: number;
  base: Intervals;
  held: Intervals;
  rest: Intervals;
  onlyHot: number;
  /** What of the rest is closed in the warm store. */
  wanted: Intervals;
  warm: PartitionHead | undefined;
  /** All of the wanted that lies below what the hot store holds was observed before this time, epoch microseconds. */
  heldSinceUs: number;
};

function partOf(
  { generation, partition, hot, warm }: BothHeads,
  { snapshot, positions }: { snapshot?: Snapshot; positions?: PlanPositions },
  firstDay: string,
): Part {
  const below: Intervals = snapshot ? [[0, snapshot[partition] ?? 0]] : everOffset;
  const base = positions ? intersect(below, offsetsIn(positions, generation, partition)) : below;
  const all = hot ? heldIn(hot, firstDay) : noOffsets;
  const held = intersect(base, all);
  const rest = subtract(base, held);
  const wanted = intersect(rest, warm?.closed ?? noOffsets);
  const days = Object.keys(hot?.days ?? {}).filter((day) => day >= firstDay);
  const [firstHeld] = days.sort();
  const isBelow = firstHeld !== undefined && (wanted.at(-1)?.[1] ?? 0) <= (all[0]?.[0] ?? 0);
  const heldSinceUs = isBelow
    ? dayStartUs(firstHeld) + dayUs + skewUs
    : wanted.length === 0
      ? Number.NEGATIVE_INFINITY
      : Number.POSITIVE_INFINITY;
  const onlyHot = sizeOf(subtract(held, warm?.closed ?? noOffsets));
  return { generation, partition, base, held, rest, wanted, warm, heldSinceUs, onlyHot };
}

/** Whether a file may hold rows that the hot store does not answer for: told by the heads, before it is opened. */
function mayHold({ file, info }: ListedFile, parts: Part[]): boolean {
  for (const { warm, wanted } of parts) {
    const level0 = warm?.files.find(({ name }) => name === file);
    if (level0) return intersect(wanted, [[level0.from, level0.to]]).length > 0;
  }
  return parts.some(({ wanted, heldSinceUs }) => wanted.length > 0 && info.minObserved < heldSinceUs);
}

/** Whether the warm store closed offsets without a row that the hot store may have a row of. */
const isLacking = (warm: PartitionHead | undefined): boolean =>
  warm !== undefined && warm.counts.dead + (warm.counts.dropped.expired ?? 0) + (warm.counts.dropped.corrupt ?? 0) > 0;
