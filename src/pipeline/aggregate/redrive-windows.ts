import type { Clock } from '../../core/clock.ts';
import { offsetsOf } from '../../core/intervals.ts';
import type { DeadLetter } from '../../core/ports/dead-letters.ts';
import type { Outcome } from '../../core/record.ts';
import { applyMinute, closeWindows } from '../../core/windows/apply.ts';
import type { MinuteRows } from '../../core/windows/item.ts';
import { type WindowSettings, windowOf } from '../../core/windows/window.ts';
import { BatchAccount } from '../deliver/batch-account.ts';
import type { StepRunner } from '../run-steps.ts';
import { isKept, rowOf } from './window-writer.ts';

type Retried = { letter: DeadLetter; outcome: Outcome };

/** Counts records that are dead in the aggregate sink, of one partition, and closes them there. They amend their windows now, whenever they were observed. */
export async function redriveInWindows(
  { runner, clock, windows }: { runner: StepRunner; clock: Clock; windows: WindowSettings },
  tenant: string,
  items: Retried[],
): Promise<void> {
  if (items.length === 0) return;
  const { generation, partition } = items[0]!.letter.position;
  const account = new BatchAccount(true);
  const minutes = new Map<number, MinuteRows['rows'][number][]>();
  for (const { letter, outcome } of items) {
    const { position, observedUs } = letter;
    if (outcome.kind === 'drop') account.drop(tenant, observedUs, position.offset, outcome.reason);
    if (outcome.kind !== 'keep') continue;
    const minuteUs = windowOf(outcome.record.timestamp);
    const row = rowOf(outcome.record, position.offset, observedUs, windows);
    if (isKept(minuteUs, observedUs)) minutes.set(minuteUs, [...(minutes.get(minuteUs) ?? []), row]);
    account.keep(tenant, observedUs, position.offset);
  }
  const decided = offsetsOf(items.map(({ letter }) => letter.position.offset));
  const { latenessUs } = windows;
  for (const [minuteUs, rows] of minutes) {
    const redrivenUs = clock.nowMs() * 1_000;
    await runner.run(applyMinute(generation, partition, { tenant, minuteUs, rows, decided, latenessUs, redrivenUs }));
  }
  const { done, dropped, minutes: counts } = account;
  const batch = { done, dropped, dead: [], redrive: true };
  await runner.run(closeWindows({ generation, partition, batch, minutes: counts, observed: [] }));
}
