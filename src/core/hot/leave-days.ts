import { parseIntervals } from '../interval-text.ts';
import { type Intervals, subtract } from '../intervals.ts';
import type { StateWrite } from '../ports/state-store.ts';
import type { Ages } from '../warm/collect.ts';
import { listPartition } from '../warm/heads.ts';
import { headKey, partitionKey } from '../warm/keys.ts';
import { emptyPartition } from '../warm/progress.ts';
import { read, type Steps, transact } from '../warm/steps.ts';
import { emptyHot, type HotHead, raiseFloor } from './head.ts';

/** Below which day every head has let go, and when that was first seen (epoch milliseconds). */
type Leaving = { floor: string; seenMs: number };

const leavingKey = 'hot/leaving';

/**
 * Retention of the hot store: lets every partition go of what was observed before `floor`, except what the warm store has not closed yet, and
 * tells below which day the store's data may be deleted now: every head had let go of it before the oldest reader began. `partitions` are all
 * that may ever bring records of such days. To be run again and again.
 */
export function* leaveDays(partitions: readonly (readonly [number, number])[], floor: string, ages: Ages): Steps<string | undefined> {
  const floors: string[] = [];
  for (const [generation, partition] of partitions) {
    floors.push(yield* dropDays(generation, partition, floor));
  }
  const common = floors.reduce((a, b) => (a < b ? a : b), floor);
  const { value: noted, version } = yield* read<Leaving | undefined>(leavingKey, undefined);
  const due = noted && noted.seenMs < ages.oldestReaderMs() ? noted.floor : undefined;
  if (common > (noted?.floor ?? '')) yield* transact([{ key: leavingKey, version, value: { floor: common, seenMs: ages.nowMs() } }]);
  return due;
}

/**
 * Lets one partition go of its days before `floor`: from now on no query asks the hot store for them, and nothing that comes late is held there.
 * What is archived is read before the hot head that it is compared with, and only grows. Returns the floor that the partition has now.
 */
function* dropDays(generation: number, partition: number, floor: string): Steps<string> {
  const key = headKey('hot', generation, partition);
  for (;;) {
    const { value: archived } = yield* read(partitionKey(generation, partition), emptyPartition(generation, partition));
    const { value: head, version } = yield* read(key, emptyHot(generation, partition));
    const next = raiseFloor(head, archivedFloor(head, archived.closed, floor));
    if (next === head) return head.floor;
    const writes: StateWrite[] = [{ key, version, value: next }];
    if (version === 0) writes.push(yield* listPartition(generation, partition, 'hot'));
    if (yield* transact(writes)) return next.floor;
  }
}

/** The floor, or the first day of which something is not archived yet. */
function archivedFloor({ days }: HotHead, archived: Intervals, floor: string): string {
  const waiting = Object.keys(days).filter((day) => day < floor && subtract(parseIntervals(days[day]!, 0), archived).length > 0);
  return waiting.reduce((a, b) => (a < b ? a : b), floor);
}
