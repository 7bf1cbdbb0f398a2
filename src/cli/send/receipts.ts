import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, RefusedError } from '../client.ts';

type Counts = { done: number; in_flight: number; dead: number; dropped: number };
export type Checked = { records: number; hot: Counts; warm: Counts; dead: { position: number; code: string }[] };

const parallel = 4;
const firstWaitMs = 50;
const maxWaitMs = 1_000;

/** Asks where the records of all receipts are, again until each is closed in the sink or time runs out; the sums. Undefined where the key may not ask. */
export async function checkReceipts(
  client: Client,
  receipts: string[],
  sink: 'hot' | 'warm',
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Checked | undefined> {
  const endMs = performance.now() + timeoutMs;
  const found: Checked[] = [];
  let next = 0;
  const worker = async () => {
    while (next < receipts.length) found.push(await check(client, receipts[next++]!, sink, endMs, signal));
  };
  try {
    await Promise.all(Array.from({ length: parallel }, worker));
  } catch (thrown) {
    if (thrown instanceof RefusedError && thrown.status === 403) return undefined;
    throw thrown;
  }
  return found.reduce(add, { records: 0, hot: none, warm: none, dead: [] });
}

async function check(client: Client, receipt: string, sink: 'hot' | 'warm', endMs: number, signal: AbortSignal): Promise<Checked> {
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(maxWaitMs, waitMs * 2)) {
    const status = await client.call<Checked>('GET', `/api/receipts/${receipt}`);
    if (status[sink].in_flight === 0 || performance.now() + waitMs > endMs || signal.aborted) return status;
    await sleep(waitMs, undefined, { signal }).catch(() => {});
  }
}

const none: Counts = { done: 0, in_flight: 0, dead: 0, dropped: 0 };

const add = (a: Checked, b: Checked): Checked => ({
  records: a.records + b.records,
  hot: addCounts(a.hot, b.hot),
  warm: addCounts(a.warm, b.warm),
  dead: [...a.dead, ...b.dead],
});

const addCounts = (a: Counts, b: Counts): Counts => ({
  done: a.done + b.done,
  in_flight: a.in_flight + b.in_flight,
  dead: a.dead + b.dead,
  dropped: a.dropped + b.dropped,
});
