import { AppError } from '../core/errors.ts';
import type { RecordDefaults } from '../core/ports/queue.ts';
import type { AcceptAnswer, AcceptRequest } from '../pipeline/accept/types.ts';
import type { Caller, Platform } from '../pipeline/platform.ts';
import type { ReceiptStatus } from '../pipeline/store-api.ts';
import { type Answer, json } from './answer.ts';
import { ClientGone, type Exchange } from './exchange.ts';
import type { HttpOptions } from './options.ts';
import { mediaTypeOf } from './read-body.ts';

/** The query of `POST /logs`, read. `timeout` is in microseconds. */
export type IngestQuery = {
  service?: string | undefined;
  env?: string | undefined;
  host?: string | undefined;
  wait?: 'hot' | 'warm' | undefined;
  timeout?: number | undefined;
};

export type IngestRequest = Pick<AcceptRequest, 'signal' | 'translate' | 'impliesKey'> & {
  exchange: Exchange;
  caller: Caller;
  query: IngestQuery;
  body: AsyncIterable<Uint8Array> | Uint8Array;
  /** Aborted when the client has gone, so that nobody waits for nobody. */
  gone: AbortSignal | undefined;
};

export const ingestPaths = ['/logs', '/ingest'] as const;

/** Files are committed every 20 s by default, so a wait for one takes longer than a wait for the memory. */
const defaultWaitMs = { hot: 10_000, warm: 30_000 };
const noDefaults: RecordDefaults = {};

/** Takes one ingest request in and answers once its records are durable (202, 207), or with `wait` once they are in the store (200). */
export async function ingest(platform: Platform, options: HttpOptions, request: IngestRequest): Promise<Answer> {
  const answer = await takeIn(platform, options, request);
  const { wait } = request.query;
  return wait ? waited(platform, options, request, answer, wait) : json(summaryOf(options, answer), answer.status, headersOf(answer));
}

/** Takes one ingest request in, and counts it. Resolves once what was accepted is durable. @throws AppError where nothing was */
export async function takeIn(platform: Platform, options: HttpOptions, request: IngestRequest): Promise<AcceptAnswer> {
  const { exchange, caller, query, body, signal, translate, impliesKey } = request;
  const { metrics, clock } = options;
  const { header } = exchange;
  const length = header('content-length');
  try {
    const answer = await platform.accept({
      ...(signal ? { signal } : {}),
      ...(translate ? { translate } : {}),
      ...(impliesKey ? { impliesKey } : {}),
      tenant: caller.tenant,
      keyId: caller.keyId,
      requestId: exchange.requestId,
      contentType: mediaTypeOf(header('content-type')),
      contentEncoding: header('content-encoding')?.trim().toLowerCase(),
      contentLength: length === undefined ? undefined : Number(length),
      body,
      idempotencyKey: header('idempotency-key'),
      defaults: defaultsOf(query),
    });
    metrics.ingestSeconds.observe((clock.monotonicMs() - exchange.startedMs) / 1000);
    return answer;
  } catch (thrown) {
    const code = thrown instanceof AppError ? thrown.code : 'INTERNAL';
    if (!(thrown instanceof ClientGone) && (!(thrown instanceof AppError) || thrown.status >= 500)) metrics.ingestErrors.add(1, code);
    throw thrown;
  }
}

function defaultsOf({ service, env, host }: IngestQuery): RecordDefaults {
  if (service === undefined && env === undefined && host === undefined) return noDefaults;
  return { ...(service ? { service } : {}), ...(env ? { env } : {}), ...(host ? { host } : {}) };
}

const summaryOf = ({ receipts }: HttpOptions, { receipt, accepted, rejected, items, status }: AcceptAnswer) => ({
  receipt: receipt ? receipts.print(receipt) : null,
  accepted,
  rejected,
  ...(status === 207 ? { items } : {}),
});

const headersOf = ({ replayed }: AcceptAnswer): Record<string, string> => (replayed ? { 'idempotency-replayed': 'true' } : {});

/** 200 with where the records are once all are closed in the sink; the plain status with `"waited": false` when time ran out. */
async function waited(
  platform: Platform,
  options: HttpOptions,
  request: IngestRequest,
  answer: AcceptAnswer,
  sink: 'hot' | 'warm',
): Promise<Answer> {
  const timeoutMs = request.query.timeout === undefined ? defaultWaitMs[sink] : request.query.timeout / 1000;
  const state = answer.receipt
    ? await unlessGone(platform.storeOf(answer.receipt.signal ?? 'logs').waitFor(answer.receipt, sink, timeoutMs), request.gone)
    : nothing;
  const closed = state[sink].in_flight === 0;
  const status = closed && answer.status === 202 ? 200 : answer.status;
  const { hot, warm, dead } = state;
  return json({ ...summaryOf(options, answer), waited: closed, hot, warm, dead }, status, headersOf(answer));
}

const none = { done: 0, in_flight: 0, dead: 0, dropped: 0 };
const nothing: ReceiptStatus = { records: 0, hot: none, warm: none, dead: [] };

async function unlessGone<T>(work: Promise<T>, gone: AbortSignal | undefined): Promise<T> {
  if (!gone) return work;
  let onAbort = () => {};
  const left = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(new ClientGone());
    gone.addEventListener('abort', onAbort);
    if (gone.aborted) onAbort();
  });
  return Promise.race([work, left]).finally(() => gone.removeEventListener('abort', onAbort));
}
