import { MessageChannel } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { connect, serve } from './rpc.ts';

type Api = {
  add(a: number, b: number): Promise<number>;
  refuse(): Promise<void>;
  hang(): Promise<void>;
  until(signal: AbortSignal): Promise<string>;
  aborted(): Promise<number>;
};

function channel() {
  const { port1, port2 } = new MessageChannel();
  let aborted = 0;
  const api = {
    add: async (a: number, b: number) => a + b,
    refuse: async () => {
      throw new AppError('DISK_FULL', 'no room', { retryAfterS: 3 });
    },
    hang: () => new Promise(() => {}),
    until: (signal: AbortSignal) => {
      const ended = Promise.withResolvers<string>();
      signal.addEventListener('abort', () => ended.resolve(`stopped ${++aborted}`));
      if (signal.aborted) ended.resolve(`stopped ${++aborted}`);
      return ended.promise;
    },
    aborted: async () => aborted,
  };
  serve(port1, () => api);
  const client = connect<Api>(port2);
  return { client: { ...client, api: client.apiOf('it') }, close: () => port1.close() };
}

test('a call crosses and its answer comes back, each to its own caller', async () => {
  const { client, close } = channel();
  expect(await Promise.all([client.api.add(1, 2), client.api.add(3, 4)])).toEqual([3, 7]);
  close();
});

test('an error keeps its code, detail and the time to retry after', async () => {
  const { client, close } = channel();
  await expect(client.api.refuse()).rejects.toMatchObject({ code: 'DISK_FULL', detail: 'no room', more: { retryAfterS: 3 } });
  close();
});

test('calls that wait when the other side is gone fail, and so do later ones', async () => {
  const { client, close } = channel();
  const waiting = client.api.hang();
  client.fail('the store thread ended');
  await expect(waiting).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  await expect(client.api.add(1, 2)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', detail: 'the store thread ended' });
  close();
});

test('a signal that aborts here aborts the one that the other side was given, once, and no other call', async () => {
  const { client, close } = channel();
  const [first, second] = [new AbortController(), new AbortController()];
  const stopped = client.api.until(first.signal);
  const other = client.api.until(second.signal);
  first.abort();
  expect(await stopped).toBe('stopped 1');
  expect(await client.api.aborted()).toBe(1);
  second.abort();
  expect(await other).toBe('stopped 2');
  const before = new AbortController();
  before.abort();
  expect(await client.api.until(before.signal)).toBe('stopped 3');
  close();
});
