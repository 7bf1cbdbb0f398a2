import { setTimeout as delay } from 'node:timers/promises';
import { ask, fault, type Witness } from './witness.ts';
import { type Batch, bodyOf } from './workload.ts';

const maxBatch = 220;
const resendShare = 0.15;
/** A host with a planted bug may never acknowledge. */
const maxAttempts = 3_000;

export type Sending = {
  records: number;
  random: () => number;
  /** Numbers below may be sent now: raised with each life of the host, so that there is something to send in all of them. */
  limit: number;
};

/** A client that sends numbered records until there are no more, and sends each request again until it is acknowledged. */
export async function runClient(witness: Witness, sending: Sending, name: number): Promise<void> {
  const sent: Batch[] = [];
  let index = 0;
  while (!witness.isOver) {
    const batch = nextBatch(witness, sending, `${name}-${index++}`);
    if (!batch) {
      if (witness.nextNumber >= sending.records) return;
      await delay(5);
      continue;
    }
    await send(witness, batch);
    if (batch.hasIds) sent.push(batch);
    // An old one now and then, so that its records are in files already; more often the one just sent.
    const again = sending.random() < 0.5 ? batch : sent[Math.floor(sending.random() * sent.length)];
    if (again?.hasIds && sending.random() < resendShare) await send(witness, resendOf(again, `${batch.key}-again`, sending.random));
  }
}

function nextBatch(witness: Witness, { records, limit, random }: Sending, key: string): Batch | undefined {
  const from = witness.nextNumber;
  const to = Math.min(from + 1 + Math.floor(random() * maxBatch), records, limit);
  if (to <= from) return undefined;
  witness.nextNumber = to;
  return { key, from, to, hasIds: random() < 0.3, isResend: false };
}

/** Some of the same records, with the same ids, in a request of its own. */
function resendOf({ from, to }: Batch, key: string, random: () => number): Batch {
  const first = from + Math.floor(random() * (to - from));
  return { key, from: first, to: first + 1 + Math.floor(random() * (to - first)), hasIds: true, isResend: true };
}

async function send(witness: Witness, batch: Batch): Promise<void> {
  const body = bodyOf(batch, witness.startMs);
  const headers = { 'content-type': 'application/x-ndjson', 'idempotency-key': batch.key };
  for (let attempt = 0; attempt < maxAttempts && !witness.isOver; attempt++) {
    if (attempt > 0) witness.retries++;
    witness.requests++;
    const answer = await ask(witness, '/logs', { method: 'POST', headers, body });
    if (answer?.status === 202) {
      const { receipt, accepted } = JSON.parse(answer.body) as { receipt: string; accepted: number };
      if (accepted !== batch.to - batch.from) fault(witness, `${batch.key}: ${accepted} of ${batch.to - batch.from} were accepted`);
      if (answer.headers.get('idempotency-replayed')) witness.replayed++;
      witness.acknowledged.push({ ...batch, receipt });
      return;
    }
    if (answer && answer.status < 500 && ![409, 429].includes(answer.status)) {
      fault(witness, `${batch.key}: refused with ${answer.status} ${answer.body}`);
      return;
    }
    await delay(answer ? 20 : 8);
  }
  if (!witness.isOver) fault(witness, `${batch.key} was never acknowledged`);
}
