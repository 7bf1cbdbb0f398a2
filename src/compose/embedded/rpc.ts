import type { MessagePort, Worker } from 'node:worker_threads';
import { AppError, errorFromPlain, errorToPlain, type PlainError } from '../../core/errors.ts';

type Call = { call: number; method: string; args: unknown[] };
type Reply = { call: number; value: unknown } | { call: number; error: PlainError };
type Endpoint = MessagePort | Worker;

// biome-ignore lint/suspicious/noExplicitAny: the arguments of a method that is only known by name
type Method = (...args: any[]) => Promise<unknown>;

/** Answers calls that arrive at this end of a channel with the methods of `api`; an error travels as its code and detail. */
export function serve(endpoint: Endpoint, api: object): void {
  endpoint.on('message', async (message: Call) => {
    if (message.call === undefined) return;
    const { call, method, args } = message;
    try {
      const value = await (api as Record<string, Method>)[method]!(...args);
      endpoint.postMessage({ call, value } satisfies Reply);
    } catch (thrown) {
      endpoint.postMessage({ call, error: errorToPlain(thrown) } satisfies Reply);
    }
  });
}

export type RpcClient<T> = {
  api: T;
  /** Fails every call that waits, and all later ones, as the other side is gone. */
  fail(why: string): void;
};

/** Makes the other side's methods callable here: every property of `api` is a method that posts its arguments and awaits the reply. */
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

  const call = (method: string, args: unknown[]) =>
    new Promise((resolve, reject) => {
      if (broken !== undefined) return reject(new AppError('STORE_UNAVAILABLE', broken, { retryAfterS: 1 }));
      waiting.set(++last, { resolve, reject });
      endpoint.postMessage({ call: last, method, args } satisfies Call);
    });

  const api = new Proxy({} as T, {
    get: (_, method) => (typeof method === 'string' && method !== 'then' ? (...args: unknown[]) => call(method, args) : undefined),
  });
  return {
    api,
    fail(why) {
      broken = why;
      for (const { reject } of waiting.values()) reject(new AppError('STORE_UNAVAILABLE', why, { retryAfterS: 1 }));
      waiting.clear();
    },
  };
}
