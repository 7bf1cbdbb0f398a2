import { includes } from '../core/intervals.ts';
import type { StoredRecord } from '../core/record.ts';
import { recordsOf } from './materialise.ts';
import { loadGroup, type MergeGroup, sortKeyAt } from './merge-group.ts';
import type { MergeSource } from './merge-plan.ts';
import { noReads } from './rows.ts';
import { run } from './steps.ts';
import { visibilityOf } from './visibility.ts';

/** All records of a part, in the order of the file, read window by window. The part must stay open meanwhile. */
export async function* rowsOf({ source: part, only }: MergeSource): AsyncGenerator<StoredRecord> {
  const stats = noReads();
  const visibility = visibilityOf(undefined, only);
  const isSeen = ({ generation, partition, offset }: MergeGroup, row: number): boolean =>
    !visibility || visibility(generation[row]!, partition[row]!).every((set) => includes(set, offset[row]!));
  for (const group of part.groups) {
    const keys = await run(loadGroup(group, stats));
    for (const window of group.windows) {
      const rows = Array.from({ length: window.to - window.from }, (_, i) => window.from + i).filter((row) => isSeen(keys, row));
      yield* await run(
        recordsOf(
          rows.map((row) => ({ group, window, row, ...sortKeyAt(keys, row) })),
          stats,
        ),
      );
    }
  }
}
