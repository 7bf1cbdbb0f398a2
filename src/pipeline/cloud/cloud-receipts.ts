import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../core/clock.ts';
import { type Intervals, intervalsOf, sizeOf, subtract, union } from '../../core/intervals.ts';
import type { DeadLetters } from '../../core/ports/dead-letters.ts';
import type { Receipt } from '../../core/receipt.ts';
import { headKey, type SinkName } from '../../core/warm/keys.ts';
import { emptyHead, entriesOf, type SinkHead } from '../../core/warm/progress.ts';
import { type OffsetsStatus, statusOf } from '../../core/warm/status.ts';
import { read } from '../../core/warm/steps.ts';
import { letterIdsOf } from '../deliver/letters.ts';
import type { StepRunner } from '../run-steps.ts';
import { indexOf, maxDeadListed, offsetsUpTo } from '../store/receipts.ts';
import type { ReceiptStatus } from '../store-api.ts';

export type ReceiptDeps = { runner: StepRunner; deadLetters: DeadLetters; clock: Clock; sinkOf(sink: SinkName): SinkName };

const firstPollMs = 50;
const lastPollMs = 1_000;

/** Says where a receipt's records are, for each sink. */
export async function receiptStatus({ runner, deadLetters, sinkOf }: ReceiptDeps, receipt: Receipt): Promise<ReceiptStatus> {
  const { tenant, generation, partition } = receipt;
  const runs = intervalsOf(receipt.runs);
  const hot = await runner.run(statusOf(generation, partition, runs, sinkOf('hot')));
  const warm = await runner.run(statusOf(generation, partition, runs));
  const dead: ReceiptStatus['dead'] = [];
  for (const offset of offsetsUpTo(union(hot.dead, warm.dead), maxDeadListed)) {
    const position = { generation, partition, offset };
    const ids = [...new Set([...letterIdsOf(position, 'hot'), ...letterIdsOf(position, 'warm')])];
    const letters = await Promise.all(ids.map((id) => deadLetters.get(tenant, id)));
    dead.push({ position: indexOf(runs, offset), code: letters.find((letter) => letter?.state === 'dead')?.code ?? 'UNKNOWN' });
  }
  return { records: sizeOf(runs), hot: countsOf(hot), warm: countsOf(warm), dead };
}

/** Looks at a sink's head, ever more rarely, until all of a receipt's records are closed there or time has run out. */
export async function waitForReceipt(deps: ReceiptDeps, receipt: Receipt, sink: SinkName, timeoutMs: number): Promise<ReceiptStatus> {
  const { clock } = deps;
  const endMs = clock.monotonicMs() + timeoutMs;
  for (let waitMs = firstPollMs; (await openOf(deps, receipt, sink)).length > 0; waitMs = Math.min(waitMs * 1.5, lastPollMs)) {
    const leftMs = endMs - clock.monotonicMs();
    if (leftMs <= 0) break;
    await sleep(Math.min(waitMs, leftMs));
  }
  return receiptStatus(deps, receipt);
}

async function openOf({ runner, sinkOf }: ReceiptDeps, { generation, partition, runs }: Receipt, sink: SinkName): Promise<Intervals> {
  const key = headKey(sinkOf(sink), generation, partition);
  const { value } = await runner.run(read<SinkHead>(key, emptyHead(generation, partition)));
  return subtract(intervalsOf(runs), value.closed);
}

const countsOf = ({ done, dropped, dead, open }: OffsetsStatus) => ({
  done: sizeOf(done),
  in_flight: sizeOf(open),
  dead: sizeOf(dead),
  dropped: entriesOf(dropped).reduce((sum, [, set]) => sum + sizeOf(set), 0),
});
