import type { MessagePort, Worker } from 'node:worker_threads';
import { AppError, errorFromPlain, errorToPlain, type PlainError } from '../../core/errors.ts';

/** `to` names whose method it is, where an end has several apis. With `cancellable`, the method gets a signal behind its arguments. */
type Call = { call: number; to: string; method: string; args: unknown[]; cancellable: boolean };
type Cancel = { cancel: number };
type Reply = { call: number; value: unknown } | { call: number; error: PlainError };
type Endpoint = MessagePort | Worker;

// biome-ignore lint/suspicious/noExplicitAny: the arguments of a method that is only known by name
type Method = (...args: any[]) => Promise<unknown>;

/** Answers calls that arrive at this end of a channel with the methods of the api they are for; an error travels as its code and detail. */
export function serve(endpoint: Endpoint, apiOf: (to: string) => object | Promise<object>): void {
  const running = new Map<number, AbortController>();
  endpoint.on('message', async (message: Call | Cancel) => {
    if ('cancel' in message) running.get(message.cancel)?.abort();
    if (!('call' in message)) return;
    const { call, to, method, args, cancellable } = message;
    const controller = cancellable ? new AbortController() : undefined;
    if (controller) running.set(call, controller);
    try {
      const api = await apiOf(to);
      const value = await (api as Record<string, Method>)[method]!(...args, ...(controller ? [controller.signal] : []));
      endpoint.postMessage({ call, value } satisfies Reply);
    } catch (thrown) {
      endpoint.postMessage({ call, error: errorToPlain(thrown) } satisfies Reply);
    } finally {
      running.delete(call);
    }
  });
}

export type RpcClient<T> = {
  /** The other side's api of a name: every property is a method that posts its arguments and awaits the reply. */
  apiOf(to: string): T;
  /** Fails every call that waits, and all later ones, as the other side is gone. */
  fail(why: string): void;
};

/** Makes the methods of the other side's apis callable here. A signal as the last argument stays here; when it aborts, the one that the other side was given does. */
export function connect<T extends object>(endpoint: Endpoint): RpcClient<T> {
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: AppError) => void }>();
  let last = 0;
  let broken: string | undefined;

  endpoint.on('message', (reply: Reply) => {
    const waiter = waiting.get(reply.call);
    if (!waiter) return;
    waiting.delete(reply.call);
    if ('error' in reply) waiter.reject(errorFromPlain(reply.error));
    else waiter.resolve(reply.value);
  });

  const call = (to: string, method: string, args: unknown[]) =>
    new Promise((resolve, reject) => {
      if (broken !== undefined) return reject(new AppError('STORE_UNAVAILABLE', broken, { retryAfterS: 1 }));
      const signal = args.at(-1) instanceof AbortSignal ? (args.at(-1) as AbortSignal) : undefined;
      const call = ++last;
      const cancel = () => endpoint.postMessage({ cancel: call } satisfies Cancel);
      const settle =
        <T>(how: (value: T) => void) =>
        (value: T) => {
          signal?.removeEventListener('abort', cancel);
          how(value);
        };
      waiting.set(call, { resolve: settle(resolve), reject: settle(reject) });
      endpoint.postMessage({ call, to, method, args: signal ? args.slice(0, -1) : args, cancellable: signal !== undefined } satisfies Call);
      if (signal?.aborted) cancel();
      signal?.addEventListener('abort', cancel, { once: true });
    });

  return {
    apiOf: (to) =>
      new Proxy({} as T, {
        get: (_, method) => (typeof method === 'string' && method !== 'then' ? (...args: unknown[]) => call(to, method, args) : undefined),
      }),
    fail(why) {
      broken = why;
      for (const { reject } of waiting.values()) reject(new AppError('STORE_UNAVAILABLE', why, { retryAfterS: 1 }));
      waiting.clear();
    },
  };
}
