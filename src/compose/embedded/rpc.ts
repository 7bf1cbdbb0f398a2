import type { MessagePort, Worker } from 'node:worker_threads';
import { AppError, errorFromPlain, errorToPlain, type PlainError } from '../../core/errors.ts';

/** `to` names whose method it is, where an end has several apis. */
type Call = { call: number; to: string; method: string; args: unknown[] };
type Reply = { call: number; value: unknown } | { call: number; error: PlainError };
type Endpoint = MessagePort | Worker;

// biome-ignore lint/suspicious/noExplicitAny: the arguments of a method that is only known by name
type Method = (...args: any[]) => Promise<unknown>;

/** Answers calls that arrive at this end of a channel with the methods of the api they are for; an error travels as its code and detail. */
export function serve(endpoint: Endpoint, apiOf: (to: string) => object | Promise<object>): void {
  endpoint.on('message', async (message: Call) => {
    if (message.call === undefined) return;
    const { call, to, method, args } = message;
    try {
      const api = await apiOf(to);
      const value = await (api as Record<string, Method>)[method]!(...args);
      endpoint.postMessage({ call, value } satisfies Reply);
    } catch (thrown) {
      endpoint.postMessage({ call, error: errorToPlain(thrown) } satisfies Reply);
    }
  });
}

export type RpcClient<T> = {
  /** The other side's api of a name: every property is a method that posts its arguments and awaits the reply. */
  apiOf(to: string): T;
  /** Fails every call that waits, and all later ones, as the other side is gone. */
  fail(why: string): void;
};

/** Makes the methods of the other side's apis callable here. */
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
      waiting.set(++last, { resolve, reject });
      endpoint.postMessage({ call: last, to, method, args } satisfies Call);
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
