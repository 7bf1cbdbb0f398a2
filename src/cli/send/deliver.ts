import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { type Client, type Query, refusal, UnreachableError } from '../client.ts';
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
  client: Client;
  query: Query;
  /** How long a request is tried again; endless when following. */
  retryForMs: number;
  compress: boolean;
  /** Aborted: no more patience than a few seconds. */
  signal: AbortSignal;
  /** Told before each wait, why and how long. */
  onRetry(why: string, waitMs: number): void;
};

const retryable = new Set([408, 409, 425, 429, 500, 502, 503, 504, 507]);
const patienceOnceStoppedMs = 5_000;
const maxWaitMs = 30_000;

/**
 * Sends records as one request under one idempotency key, again and again while that may help: with backoff and jitter, never before
 * `Retry-After`. A body that is too large is sent in halves.
 * @throws FailedError when retries ran out or the server refuses what is sent as such (401, 403)
 */
export async function deliver(options: DeliverOptions, body: string, key: string): Promise<Delivered> {
  const { client, query, compress, retryForMs, signal, onRetry } = options;
  const startedMs = performance.now();
  const headers = { 'content-type': 'application/x-ndjson', 'idempotency-key': key, ...(compress ? { 'content-encoding': 'gzip' } : {}) };
  const payload = compress ? gzipSync(body, { level: 1 }) : body;
  for (let retries = 0; ; retries++) {
    const { answer, why, afterS } = await attempt(client, query, headers, payload);
    if (answer?.ok) {
      const { receipt, accepted, rejected, items = [] } = (await answer.json()) as Delivered;
      return { receipt, accepted, rejected, items, requests: 1, retries };
    }
    if (answer?.status === 413) return halves(options, body, key);
    if (answer?.status === 400 || answer?.status === 422) return refusedWhole(await refusal(answer), body, retries);
    if (answer && !retryable.has(answer.status)) throw await refusal(answer);
    const elapsedMs = performance.now() - startedMs;
    const backoffMs = Math.min(maxWaitMs, 200 * 2 ** Math.min(retries, 10)) * (0.5 + Math.random() / 2);
    const waitMs = Math.max(backoffMs, (afterS ?? 0) * 1_000);
    const patienceMs = signal.aborted ? Math.min(retryForMs, patienceOnceStoppedMs) : retryForMs;
    if (elapsedMs + waitMs > patienceMs)
      throw new FailedError(`${why}; given up after ${Math.round(elapsedMs / 1000)} s and ${retries + 1} attempts`);
    onRetry(why, waitMs);
    await sleep(waitMs, undefined, signal.aborted ? {} : { signal }).catch(() => {});
  }
}

async function attempt(
  client: Client,
  query: Query,
  headers: Record<string, string>,
  body: string | Uint8Array,
): Promise<{ answer?: Response; why: string; afterS?: number | undefined }> {
  try {
    const answer = await client.send('POST', '/logs', { query, body, headers });
    if (answer.ok || !retryable.has(answer.status)) return { answer, why: '' };
    const afterS = Number(answer.headers.get('retry-after') ?? Number.NaN);
    return { answer, why: (await refusal(answer)).message, afterS: Number.isFinite(afterS) ? afterS : undefined };
  } catch (thrown) {
    if (thrown instanceof UnreachableError) return { why: thrown.message };
    throw thrown;
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
