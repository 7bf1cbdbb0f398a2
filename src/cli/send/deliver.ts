import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { type Client, type Query, type RefusedError, refusal, UnreachableError } from '../client.ts';
import { FailedError } from '../command.ts';

/** What the server said of one request. */
export type Delivered = {
  receipt: string | null;
  accepted: number;
  rejected: number;
  items: { index: number; detail: string }[];
  requests: number;
  retries: number;
};

export type DeliverOptions = {
  /** Where records of their kind are taken in. @default '/logs' */
  path?: string | undefined;
  client: Client;
  query: Query;
  /** How long a request is tried again; endless when following. */
  retryForMs: number;
  /** Whether the server has answered anything yet: where it never did, the address may be wrong. */
  contact: { isMade: boolean };
  compress: boolean;
  /** Aborted: no more patience than a few seconds. */
  signal: AbortSignal;
  /** Told before each wait, why and how long. */
  onRetry(why: string, waitMs: number): void;
};

const retryable = new Set([408, 409, 425, 429, 500, 502, 503, 504, 507]);
const patienceOnceStoppedMs = 5_000;
/** A server that is just being started answers within this. */
const firstContactMs = 30_000;
const maxWaitMs = 30_000;

/**
 * Sends records as one request under one idempotency key, again and again while that may help: with backoff and jitter, never before
 * `Retry-After`. A body that is too large is sent in halves.
 * @throws FailedError when retries ran out or the server refuses what is sent as such (401, 403)
 */
export async function deliver(options: DeliverOptions, body: string, key: string): Promise<Delivered> {
  const { compress, retryForMs, contact, signal, onRetry } = options;
  const isEndless = retryForMs === Number.POSITIVE_INFINITY;
  const startedMs = performance.now();
  const headers = { 'content-type': 'application/x-ndjson', 'idempotency-key': key, ...(compress ? { 'content-encoding': 'gzip' } : {}) };
  const payload = compress ? gzipSync(body, { level: 1 }) : body;
  for (let retries = 0; ; retries++) {
    const { refused, done, why, afterS } = await attempt(options, headers, payload);
    if (done) {
      const { receipt, accepted, rejected, items = [] } = done;
      return { receipt, accepted, rejected, items, requests: 1, retries };
    }
    if (refused?.status === 413) return halves(options, body, key);
    if (refused?.status === 400 || refused?.status === 422) return refusedWhole(refused, body, retries);
    if (refused) throw refused;
    const elapsedMs = performance.now() - startedMs;
    const backoffMs = Math.min(maxWaitMs, 200 * 2 ** Math.min(retries, 10)) * (0.5 + Math.random() / 2);
    const waitMs = Math.max(backoffMs, (afterS ?? 0) * 1_000);
    const limitMs = signal.aborted ? patienceOnceStoppedMs : contact.isMade || isEndless ? retryForMs : firstContactMs;
    const patienceMs = Math.min(retryForMs, limitMs);
    if (elapsedMs + waitMs > patienceMs)
      throw new FailedError(`${why}; given up after ${Math.round(elapsedMs / 1000)} s and ${retries + 1} attempts`);
    onRetry(why, waitMs);
    await sleep(waitMs, undefined, signal.aborted ? {} : { signal }).catch(() => {});
  }
}

type Attempt = { done?: Delivered; refused?: RefusedError; why: string; afterS?: number | undefined };

/** One try: what the server took, a refusal that no retry changes, or why to try again. */
async function attempt(
  { client, path = '/logs', query, contact }: DeliverOptions,
  headers: Record<string, string>,
  body: string | Uint8Array,
): Promise<Attempt> {
  try {
    const answer = await client.send('POST', path, { query, body, headers });
    contact.isMade = true;
    if (answer.ok) return { done: (await answer.json()) as Delivered, why: '' };
    const refused = await refusal(answer);
    if (!retryable.has(answer.status)) return { refused, why: refused.message };
    const afterS = Number(answer.headers.get('retry-after') ?? Number.NaN);
    return { why: refused.message, afterS: Number.isFinite(afterS) ? afterS : undefined };
  } catch (thrown) {
    if (thrown instanceof UnreachableError) return { why: thrown.message };
    // The answer broke off; the same key settles what became of the request.
    return { why: `the answer broke off (${(thrown as Error).message})` };
  }
}

/** None of the records will do; the server says why of the first. */
const refusedWhole = ({ message }: Error, body: string, retries: number): Delivered => {
  const count = body.split('\n').length;
  return { receipt: null, accepted: 0, rejected: count, items: [{ index: 0, detail: message }], requests: 1, retries };
};

async function halves(options: DeliverOptions, body: string, key: string): Promise<Delivered> {
  const lines = body.split('\n');
  if (lines.length === 1) return refusedWhole(new Error('the record is larger than the server takes'), body, 0);
  const middle = Math.ceil(lines.length / 2);
  const first = await deliver(options, lines.slice(0, middle).join('\n'), `${key}.0`);
  const second = await deliver(options, lines.slice(middle).join('\n'), `${key}.1`);
  const shifted = second.items.map((item) => ({ ...item, index: item.index + middle }));
  return {
    receipt: [first.receipt, second.receipt].filter(Boolean).join('\n') || null,
    accepted: first.accepted + second.accepted,
    rejected: first.rejected + second.rejected,
    items: [...first.items, ...shifted],
    requests: first.requests + second.requests,
    retries: first.retries + second.retries,
  };
}
