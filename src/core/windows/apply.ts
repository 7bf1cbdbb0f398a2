import { firstGap, type Intervals } from '../intervals.ts';
import { type CloseRequest, type CloseResult, closeIn } from '../warm/close.ts';
import { headKey } from '../warm/keys.ts';
import { emptyHead, type SinkHead } from '../warm/progress.ts';
import { read, type Steps, transact } from '../warm/steps.ts';
import { applyRows, emptyItem, type MinuteRows, type WindowItem } from './item.ts';

const hourUs = 3_600_000_000;

/** Items of one tenant lie together by hour of event time: what a reader lists, and what retention removes. */
export const hourPrefix = (tenant: string, hourStartUs: number): string =>
  `windows-${tenant}/${new Date(hourStartUs / 1_000).toISOString().slice(0, 13)}/`;

export const itemKey = (tenant: string, minuteUs: number, generation: number, partition: number): string => {
  const minute = Math.floor(minuteUs / 60e6) % 60;
  return `${hourPrefix(tenant, Math.floor(minuteUs / hourUs) * hourUs)}${String(minute).padStart(2, '0')}/${generation}/${partition}`;
};

/** Counts rows in the item of their minute. Repeats when somebody else was first; true where anything was new. */
export function* applyMinute(generation: number, partition: number, rows: MinuteRows): Steps<boolean> {
  const key = itemKey(rows.tenant, rows.minuteUs, generation, partition);
  for (;;) {
    const { value, version } = yield* read<WindowItem>(key, emptyItem);
    const next = applyRows(value, rows);
    if (!next) return false;
    if (yield* transact([{ key, version, value: next }])) return true;
  }
}

/** The progress of the aggregate sink. `reachedUs`: no offset at or behind the first open one was observed before, but for what requests overtake one another by. */
export type WindowHead = SinkHead & { reachedUs: number };

export const emptyWindowHead = (generation: number, partition: number): WindowHead => ({
  ...emptyHead(generation, partition),
  reachedUs: 0,
});

/** Offsets with when they were observed, epoch microseconds. */
export type ObservedRuns = readonly (readonly [from: number, to: number, observedUs: number])[];

/** Closes a batch in the aggregate sink's head. To be called when its rows are counted in the items of their minutes: the head never says more than they hold. */
export function* closeWindows({ observed, ...request }: CloseRequest & { observed: ObservedRuns }): Steps<CloseResult<WindowHead>> {
  const add = (closed: WindowHead, before: WindowHead) => ({ head: { ...closed, reachedUs: reachedBy(closed.closed, before, observed) } });
  return yield* closeIn({ name: 'aggregate', empty: emptyWindowHead, add }, request);
}

/** When the last of the batch's offsets below the first open one was observed: what is open comes after it. */
function reachedBy(closed: Intervals, before: WindowHead, observed: ObservedRuns): number {
  const end = firstGap(closed);
  if (end <= firstGap(before.closed)) return before.reachedUs;
  const below = observed.filter(([from]) => from < end);
  const last = below.reduce((a, b) => (b[1] > a[1] ? b : a), below[0] ?? [0, 0, before.reachedUs]);
  return Math.max(before.reachedUs, last[2]);
}

/** The aggregate head of one partition. */
export function* readWindowHead(generation: number, partition: number): Steps<WindowHead> {
  return (yield* read(headKey('aggregate', generation, partition), emptyWindowHead(generation, partition))).value;
}
