import { setTimeout as delay } from 'node:timers/promises';
import { askUntil, fault, type Witness } from './witness.ts';
import { type Batch, isNoise } from './workload.ts';

export type Item = { id: string; attributes: { n: number } };
type Counts = { done: number; in_flight: number; dead: number; dropped: Record<string, number> };
export type LedgerAnswer = { accepted: number; hot: Counts; warm: Counts; unattributed: number; holes: unknown[] };

const pagesAWalk = 12;

/** Asks all the time, over every kill: walks pages, counts, reads the ledger and receipts. Nothing may ever be there twice, every sum must hold. */
export async function watch(witness: Witness, random: () => number): Promise<void> {
  while (!witness.isOver) {
    await walk(witness, { limit: 20 + Math.floor(random() * 400), pages: pagesAWalk, order: random() < 0.5 ? 'desc' : 'asc' }, () => {});
    await checkCount(witness);
    await checkLedger(witness, '*');
    await checkLedger(witness, 'default');
    const { acknowledged } = witness;
    const known = acknowledged[Math.floor(random() * acknowledged.length)];
    if (known) await checkFound(witness, known, known.from + Math.floor(random() * (known.to - known.from)));
    await delay(5);
  }
}

/** Walks pages from the newest (or oldest) record on; no id and no number may come twice. Resolves to how many records came. */
export async function walk(
  witness: Witness,
  { limit, pages, order }: { limit: number; pages: number; order: string },
  see: (n: number) => void,
): Promise<number> {
  const seen = new Set<string>();
  const numbers = new Set<number>();
  witness.walks++;
  let cursor: string | null = null;
  for (let page = 0; page < pages; page++) {
    const next: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const answer = await askUntil(witness, `/api/logs?limit=${limit}&order=${order}${next}`);
    if (!answer) break;
    if (answer.status !== 200) {
      fault(witness, `a page was refused with ${answer.status} ${answer.body.slice(0, 300)}`);
      break;
    }
    witness.pages++;
    const { items, next_cursor } = JSON.parse(answer.body) as { items: Item[]; next_cursor: string | null };
    for (const { id, attributes } of items) {
      if (seen.has(id)) fault(witness, `id ${id} was seen twice in one walk`);
      if (numbers.has(attributes.n)) fault(witness, `record ${attributes.n} was seen twice in one walk, once as ${id}`);
      seen.add(id);
      numbers.add(attributes.n);
      see(attributes.n);
    }
    cursor = next_cursor;
    if (cursor === null) break;
  }
  return seen.size;
}

/** How many records there are, by an aggregate. */
export async function count(witness: Witness): Promise<number | undefined> {
  const query = { from: 'logs', aggregate: { n: ['count'] } };
  const headers = { 'content-type': 'application/json' };
  const answer = await askUntil(witness, '/api/query', { method: 'POST', headers, body: JSON.stringify(query) });
  if (!answer) return undefined;
  if (answer.status !== 200) fault(witness, `a count was refused with ${answer.status} ${answer.body.slice(0, 300)}`);
  return Number((JSON.parse(answer.body) as { items?: { n: number }[] }).items?.[0]?.n ?? 0);
}

async function checkCount(witness: Witness): Promise<void> {
  const counted = await count(witness);
  if (counted !== undefined && counted > witness.nextNumber)
    fault(witness, `${counted} records are counted, only ${witness.nextNumber} were ever sent`);
}

/** Reads the ledger; each side must add up. */
export async function checkLedger(witness: Witness, tenant: string): Promise<LedgerAnswer | undefined> {
  const answer = await askUntil(witness, `/api/ledger?tenant=${encodeURIComponent(tenant)}`);
  if (!answer) return undefined;
  if (answer.status !== 200) {
    fault(witness, `the ledger was refused with ${answer.status} ${answer.body.slice(0, 300)}`);
    return undefined;
  }
  const ledger = JSON.parse(answer.body) as LedgerAnswer;
  for (const side of ['hot', 'warm'] as const) {
    const { done, in_flight, dead, dropped } = ledger[side];
    const sum = done + in_flight + dead + Object.values(dropped).reduce((total, n) => total + n, 0);
    if (sum !== ledger.accepted || Math.min(done, in_flight, dead) < 0)
      fault(witness, `the ledger of ${tenant} does not add up: ${ledger.accepted} accepted, ${side} ${JSON.stringify(ledger[side])}`);
  }
  return ledger;
}

type Closed = { done: number; in_flight: number; dead: number; dropped: number };
export type ReceiptAnswer = { records: number; hot: Closed; warm: Closed };

/** Asks for a receipt; its parts must add up to what was acknowledged. */
export async function checkReceipt(witness: Witness, receipt: string, records: number): Promise<ReceiptAnswer | undefined> {
  const answer = await askUntil(witness, `/api/receipts/${receipt}`);
  if (!answer) return undefined;
  if (answer.status !== 200) {
    fault(witness, `a receipt was refused with ${answer.status} ${answer.body.slice(0, 300)}`);
    return undefined;
  }
  const status = JSON.parse(answer.body) as ReceiptAnswer;
  const { done, in_flight, dead, dropped } = status.warm;
  if (status.records !== records || done + in_flight + dead + dropped !== records)
    fault(witness, `a receipt of ${records} records says ${answer.body}`);
  return status;
}

/** Where a receipt says that all its records are in the hot store, each of them is found, once. */
async function checkFound(witness: Witness, batch: Batch & { receipt: string }, n: number): Promise<void> {
  const { kills } = witness;
  const status = await checkReceipt(witness, batch.receipt, batch.to - batch.from);
  if (status?.hot.in_flight !== 0) return;
  const answer = await askUntil(witness, `/api/logs?q=${encodeURIComponent(`n:${n}`)}`);
  // A host that was started since may still be reading the log again.
  if (answer?.status !== 200 || witness.kills !== kills) return;
  const { items, partial } = JSON.parse(answer.body) as { items: Item[]; partial: boolean };
  // It says itself that a store did not answer.
  if (partial) return;
  const expected = isNoise(n) ? 0 : 1;
  if (items.length !== expected) fault(witness, `record ${n}, done in hot, is found ${items.length} times`);
}
