import { setTimeout as delay } from 'node:timers/promises';
import { checkLedger, checkReceipt, count, type LedgerAnswer, walk } from './watcher.ts';
import { fault, type Witness } from './witness.ts';
import { isNoise } from './workload.ts';

/** Within this time fewer records are in flight than before. */
const patienceMs = 30_000;
const pageSize = 10_000;

/** When nothing is in flight any more: every acknowledged record is there once, and ledger, receipts and counts say the same. */
export async function verify(witness: Witness): Promise<LedgerAnswer | undefined> {
  const ledger = await settled(witness);
  if (!ledger) return undefined;
  await verifyRecords(witness);
  verifyLedger(witness, ledger);
  await verifyReceipts(witness, ledger);
  return ledger;
}

/** Waits until the ledger has nothing in flight, as long as it gets less. */
async function settled(witness: Witness): Promise<LedgerAnswer | undefined> {
  let least = Number.POSITIVE_INFINITY;
  let endMs = 0;
  for (;;) {
    const ledger = await checkLedger(witness, '*');
    if (ledger && ledger.warm.in_flight < least) {
      least = ledger.warm.in_flight;
      endMs = performance.now() + patienceMs;
    }
    if (ledger && ledger.warm.in_flight === 0 && ledger.hot.in_flight === 0 && ledger.unattributed === 0) return ledger;
    if (performance.now() > endMs) {
      fault(witness, `the ledger does not come to rest: ${JSON.stringify({ ...ledger, minutes: [] })}`);
      return ledger;
    }
    await delay(100);
  }
}

async function verifyRecords(witness: Witness): Promise<void> {
  const times = new Uint8Array(witness.nextNumber);
  const walked = await walk(witness, { limit: pageSize, pages: Number.POSITIVE_INFINITY, order: 'desc' }, (n) => {
    if (n >= 0 && n < times.length) times[n]!++;
    else fault(witness, `record ${n} was never sent`);
  });
  const expected = new Uint8Array(witness.nextNumber);
  for (const { from, to } of witness.acknowledged) for (let n = from; n < to; n++) expected[n] = isNoise(n) ? 0 : 1;
  const lost = indices(times, (n) => times[n]! < expected[n]!);
  const extra = indices(times, (n) => times[n]! > expected[n]!);
  if (lost.length > 0) fault(witness, `${lost.length} acknowledged records are lost: ${lost.slice(0, 10)}`);
  if (extra.length > 0) fault(witness, `${extra.length} records are there that should not be, or twice: ${extra.slice(0, 10)}`);
  const counted = await count(witness);
  if (counted !== walked) fault(witness, `${counted} records are counted, ${walked} were walked through`);
}

/** Every request was acknowledged in the end and stands in the log once: so the ledger can be told in advance. */
function verifyLedger(witness: Witness, ledger: LedgerAnswer): void {
  let accepted = 0;
  let rule = 0;
  let duplicate = 0;
  for (const { from, to, isResend } of witness.acknowledged) {
    for (let n = from; n < to; n++) {
      accepted++;
      if (isNoise(n)) rule++;
      else if (isResend) duplicate++;
    }
  }
  const expected = { accepted, done: accepted - rule - duplicate, rule, duplicate };
  for (const side of ['hot', 'warm'] as const) {
    const { done, dropped } = ledger[side];
    const said = { accepted: ledger.accepted, done, rule: dropped.rule ?? 0, duplicate: dropped.duplicate ?? 0 };
    if (JSON.stringify(said) !== JSON.stringify(expected))
      fault(witness, `the ledger says ${JSON.stringify(said)} of ${side}, it was ${JSON.stringify(expected)}`);
  }
  if (ledger.holes.length > 0) fault(witness, `the ledger names holes: ${JSON.stringify(ledger.holes)}`);
}

async function verifyReceipts(witness: Witness, ledger: LedgerAnswer): Promise<void> {
  const sums = { done: 0, dropped: 0 };
  for (const { receipt, from, to } of witness.acknowledged) {
    const status = await checkReceipt(witness, receipt, to - from);
    if (status && status.warm.in_flight > 0) fault(witness, `a receipt says that ${status.warm.in_flight} records are in flight`);
    sums.done += status?.warm.done ?? 0;
    sums.dropped += status?.warm.dropped ?? 0;
  }
  if (sums.done !== ledger.warm.done) fault(witness, `the receipts have ${sums.done} done, the ledger ${ledger.warm.done}`);
}

const indices = (of: Uint8Array, holds: (n: number) => boolean): number[] => {
  const found: number[] = [];
  for (let n = 0; n < of.length; n++) if (holds(n)) found.push(n);
  return found;
};
