import { afterEach, expect, test } from 'vitest';
import { serveArray } from '../../test/scenarios/serve-array.ts';

type ServedHost = Awaited<ReturnType<typeof serveArray>>;
const hosts: ServedHost[] = [];
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop();
});

async function serve(change: Parameters<typeof serveArray>[0] = {}): Promise<ServedHost> {
  const host = await serveArray(change);
  hosts.push(host);
  return host;
}

const send = (host: ServedHost, ...messages: string[]) =>
  fetch(`${host.address}/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(messages.map((message) => ({ service: 'tail', message }))),
  });

/** Opens a tail and collects what arrives; `until` resolves with it all once the text holds. */
async function tail(host: ServedHost, query = '', headers: Record<string, string> = {}) {
  const leave = new AbortController();
  const response = await fetch(`${host.address}/api/logs/tail${query}`, { headers, signal: leave.signal });
  let text = '';
  let ended = false;
  const reading = (async () => {
    try {
      for await (const chunk of response.body!) text += Buffer.from(chunk).toString();
    } catch (thrown) {
      if (!leave.signal.aborted) throw thrown;
    }
    ended = true;
  })();
  const until = async (holds: (text: string) => boolean) => {
    await expect.poll(() => holds(text), { timeout: 5_000 }).toBe(true);
    return text;
  };
  return { response, until, leave: () => leave.abort(), reading, ended: () => ended };
}

const messagesOf = (text: string) =>
  [...text.matchAll(/^data: (\{.*"message".*\})$/gm)].map(([, json]) => JSON.parse(json!).message as string);
const idsOf = (text: string) => [...text.matchAll(/^id: (.+)$/gm)].map(([, id]) => id!);

test('records that match are shown as they arrive, and others are not', async () => {
  const host = await serve();
  const { response, until, leave } = await tail(host, '?search=wanted');
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  await until((text) => idsOf(text).length > 0);
  await send(host, 'wanted one', 'other', 'wanted two');
  const text = await until((all) => messagesOf(all).length >= 2);
  expect(messagesOf(text)).toEqual(['wanted one', 'wanted two']);
  leave();
});

test('a tail that was cut off resumes behind any event without a gap or a repeat', async () => {
  const host = await serve();
  const first = await tail(host);
  await first.until((text) => idsOf(text).length > 0);
  await send(host, 'm1', 'm2', 'm3');
  const text = await first.until((all) => messagesOf(all).length === 3);
  first.leave();
  await send(host, 'm4');
  for (const [i, id] of idsOf(text).slice(-3).entries()) {
    const again = await tail(host, '', { 'last-event-id': id });
    expect(messagesOf(await again.until((all) => messagesOf(all).includes('m4')))).toEqual(['m1', 'm2', 'm3', 'm4'].slice(i + 1));
    again.leave();
  }
});

test('a silent tail is kept alive by heartbeats', async () => {
  const host = await serve({ heartbeatMs: 20 });
  const { until, leave } = await tail(host);
  await until((text) => text.split(': heartbeat').length > 3);
  leave();
});

test('a client that leaves frees its tail, and the number of tails is bounded', async () => {
  const host = await serve({ maxTails: 1 });
  const { until, leave } = await tail(host);
  await until((text) => idsOf(text).length > 0);
  const refused = await fetch(`${host.address}/api/logs/tail`);
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('5');
  leave();
  await expect
    .poll(async () => {
      const again = await tail(host);
      again.leave();
      return again.response.status;
    })
    .toBe(200);
});

test('a host that stops ends its tails with an event', async () => {
  const stopping = new AbortController();
  const host = await serve({ stopping: stopping.signal });
  const { until, reading } = await tail(host);
  await until((text) => idsOf(text).length > 0);
  stopping.abort();
  const text = await until((all) => all.includes('event: end'));
  await reading;
  expect(text).toMatch(/event: end\ndata: \{"reason":"the server stops"\}\n\n$/);
  const ready = await fetch(`${host.address}/ready`);
  expect(ready.status).toBe(503);
});

test('a position that is none is told as an event, not as a broken connection', async () => {
  const host = await serve();
  const { until, reading } = await tail(host, '', { 'last-event-id': 'nonsense' });
  await until((text) => text.includes('event: error') && text.includes('INVALID_PARAMETER'));
  await reading;
});
