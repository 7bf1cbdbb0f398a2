import { AppError } from '../core/errors.ts';
import type { LogFields } from '../core/ports/log.ts';
import { type Answer, problemAnswer } from './answer.ts';
import type { HttpOptions } from './options.ts';
import { requestIdOf, traceOf } from './request-id.ts';

/** Reads a request's header by its lower-case name. */
export type HeaderReader = (name: string) => string | undefined;

/** One request from its head to its answer, whatever library carries it. */
export type Exchange = {
  method: string;
  /** The route's path as it is defined, a bounded label; `unmatched` where there is none. */
  route: string;
  requestId: string;
  header: HeaderReader;
  startedMs: number;
  /** For the log line; filled in as it becomes known. */
  tenant: string | undefined;
  keyId: string | undefined;
  /** It was asked to take long (a live tail, `?wait=`): left out of durations and of the slow log. */
  waits: boolean;
};

export function begin(options: HttpOptions, method: string, route: string, header: HeaderReader): Exchange {
  return {
    method,
    route,
    requestId: requestIdOf(header('x-request-id')),
    header,
    startedMs: options.clock.monotonicMs(),
    tenant: undefined,
    keyId: undefined,
    waits: false,
  };
}

/** Whoever asked has gone: there is nobody to answer, and nothing failed. */
export class ClientGone extends Error {}

/**
 * Turns what a handler threw into its answer, counted by code. What nobody expected is counted as a panic, logged with its stack, and answered
 * without its words: an error of a store thread arrives as INTERNAL.
 */
export function answerFailure(options: HttpOptions, exchange: Exchange, thrown: unknown): Answer {
  const { metrics, log } = options;
  const fields = describe(exchange);
  if (thrown instanceof ClientGone || (thrown instanceof AppError && thrown.more.cause instanceof ClientGone)) {
    log.debug(fields, 'client closed the connection');
    return problemAnswer(new AppError('REQUEST_TIMEOUT', 'the client closed the connection'), exchange.requestId);
  }
  if (!(thrown instanceof AppError) || thrown.code === 'INTERNAL') {
    metrics.panics.add(1, 'http');
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    log.error({ ...fields, error }, 'request failed unexpectedly');
    return problemAnswer(undefined, exchange.requestId);
  }
  if (thrown.status >= 500) log.warn({ ...fields, code: thrown.code, detail: thrown.detail, ...causeOf(thrown) }, 'request failed');
  else metrics.invalidRequests.add(1, thrown.code);
  if (thrown.code === 'RATE_LIMITED') metrics.rateLimited.add();
  return problemAnswer(thrown, exchange.requestId);
}

/** Counts an answered request and writes its log line: at debug, or at info when it was slow. */
export function finish(options: HttpOptions, exchange: Exchange, status: number): void {
  const { metrics, log, clock, slowMs = 1000 } = options;
  const ms = clock.monotonicMs() - exchange.startedMs;
  metrics.httpRequests.add(1, exchange.method, exchange.route, String(status));
  if (!exchange.waits) metrics.httpSeconds.observe(ms / 1000, exchange.method, exchange.route);
  const slow = ms >= slowMs && !exchange.waits;
  if (!slow && !log.keeps('debug')) return;
  const fields = { ...describe(exchange), status, ms: Math.round(ms * 10) / 10 };
  if (slow) log.info(fields, 'request was slow');
  else log.debug(fields, 'request answered');
}

/** Headers that depend on the exchange: the id, and the rate left to its key. */
export function exchangeHeaders(options: HttpOptions, { requestId, tenant, keyId }: Exchange): Record<string, string> {
  const rate = tenant !== undefined && keyId !== undefined ? options.rate?.(tenant, keyId) : undefined;
  if (!rate) return { 'x-request-id': requestId };
  return {
    'x-request-id': requestId,
    ratelimit: `"${rate.policy}";r=${Math.max(0, Math.floor(rate.remaining))};t=${Math.ceil(rate.resetS)}`,
    'ratelimit-policy': `"${rate.policy}";q=${rate.quota};w=${rate.windowS}`,
  };
}

function describe({ method, route, requestId, tenant, header }: Exchange): LogFields {
  return { request_id: requestId, method, route, ...(tenant === undefined ? {} : { tenant }), ...traceOf(header('traceparent')) };
}

const causeOf = (error: AppError): LogFields => (error.more.cause instanceof Error ? { error: error.more.cause } : {});
