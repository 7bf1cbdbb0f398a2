import { Code, ConnectError, createContextKey, type HandlerContext } from '@connectrpc/connect';
import { AppError } from '../../core/errors.ts';
import type { Caller, Platform, Scope } from '../../pipeline/platform.ts';
import { authenticate } from '../authenticate.ts';
import { answerFailure, begin, ClientGone, type Exchange, exchangeHeaders, finish, type HeaderReader } from '../exchange.ts';
import type { HttpOptions } from '../options.ts';
import { goneError, rpcErrorOf } from './rpc-error.ts';

/** Reads the headers of the request that carries a call; set by whoever serves it, since HTTP/2 has `:authority` in place of `host`. */
export const headerKey = createContextKey<HeaderReader>(() => undefined, { description: 'headers of the request' });
const callKey = createContextKey<{ exchange: Exchange; caller: Caller } | undefined>(undefined, { description: 'who calls' });

/** One call whose caller has been told. */
export type Call = { platform: Platform; options: HttpOptions; exchange: Exchange; caller: Caller; gone: AbortSignal };

/** The scope that each method needs, by its path. */
export const scopeOf: Record<string, Scope> = {
  '/logdrive.v1.IngestService/IngestLogs': 'ingest',
  '/logdrive.v1.QueryService/QueryLogs': 'query',
  '/logdrive.v1.QueryService/TailLogs': 'query',
};

/** Makes the gate of all calls: who calls is known before a byte of the message is read. */
export function gateOf(platform: Platform, options: HttpOptions): (context: HandlerContext) => Promise<void> {
  return async (context) => {
    const path = pathOf(context);
    const exchange = begin(options, context.requestMethod, path, context.values.get(headerKey));
    try {
      if (options.stopping?.aborted) throw new AppError('SHUTTING_DOWN', 'the server is stopping; call again', { retryAfterS: 1 });
      const caller = await authenticate(platform, exchange.header, scopeOf[path]!);
      exchange.tenant = caller.tenant;
      exchange.keyId = caller.keyId;
      context.values.set(callKey, { exchange, caller });
    } catch (thrown) {
      throw failed(options, exchange, thrown, context);
    }
  };
}

/** Answers a call that the gate let pass. It fails with the table's code when the deadline passes first. */
export async function answer<T>(
  platform: Platform,
  options: HttpOptions,
  context: HandlerContext,
  work: (call: Call) => Promise<T>,
): Promise<T> {
  const call = callOf(platform, options, context);
  try {
    const result = await inTime(work(call), context);
    setHeaders(options, call.exchange, context);
    finish(options, call.exchange, 200);
    return result;
  } catch (thrown) {
    throw failed(options, call.exchange, thrown, context);
  }
}

/** The same for a call that is answered by many messages. */
export async function* answerMany<T>(
  platform: Platform,
  options: HttpOptions,
  context: HandlerContext,
  work: (call: Call) => AsyncIterable<T>,
): AsyncGenerator<T> {
  const call = callOf(platform, options, context);
  call.exchange.waits = true;
  setHeaders(options, call.exchange, context);
  try {
    yield* work(call);
    finish(options, call.exchange, 200);
  } catch (thrown) {
    throw failed(options, call.exchange, thrown, context);
  }
}

function callOf(platform: Platform, options: HttpOptions, context: HandlerContext): Call {
  const { exchange, caller } = context.values.get(callKey)!;
  return { platform, options, exchange, caller, gone: context.signal };
}

const pathOf = ({ service, method }: HandlerContext): string => `/${service.typeName}/${method.name}`;

function setHeaders(options: HttpOptions, exchange: Exchange, { responseHeader }: HandlerContext): void {
  for (const [name, value] of Object.entries(exchangeHeaders(options, exchange))) responseHeader.set(name, value);
}

/** Work that was begun goes on when nobody waits for it any more: what was accepted stays accepted. */
async function inTime<T>(work: Promise<T>, { signal }: HandlerContext): Promise<T> {
  let onAbort = () => {};
  const left = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(isDeadline(signal) ? passed() : new ClientGone());
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
  });
  work.catch(() => {}); // told below, unless time ran out first
  return Promise.race([work, left]).finally(() => signal.removeEventListener('abort', onAbort));
}

const isDeadline = ({ reason }: AbortSignal): boolean => reason instanceof ConnectError && reason.code === Code.DeadlineExceeded;

const passed = () =>
  new AppError('REQUEST_TIMEOUT', 'the deadline of the call passed before its answer; what it asked for may have been done all the same');

function failed(options: HttpOptions, exchange: Exchange, thrown: unknown, { signal }: HandlerContext): ConnectError {
  const problem = answerFailure(options, exchange, thrown);
  finish(options, exchange, problem.status);
  if (thrown instanceof ClientGone && !isDeadline(signal)) return goneError();
  return rpcErrorOf(problem, exchangeHeaders(options, exchange));
}
