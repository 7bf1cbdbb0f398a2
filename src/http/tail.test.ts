import { afterEach, expect, test } from 'vitest';
import { idsOf, messagesOf, openTail } from '../../test/scenarios/open-tail.ts';
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

test('records that match are shown as they arrive, and others are not', async () => {
  const host = await serve();
  const { response, until, leave } = await openTail(host.address, '?search=wanted');
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  await until((text) => idsOf(text).length > 0);
  await send(host, 'wanted one', 'other', 'wanted two');
  const text = await until((all) => messagesOf(all).length >= 2);
  expect(messagesOf(text)).toEqual(['wanted one', 'wanted two']);
  leave();
});

test('a tail that was cut off resumes behind any event without a gap or a repeat', async () => {
  const host = await serve();
  const first = await openTail(host.address);
  await first.until((text) => idsOf(text).length > 0);
  await send(host, 'm1', 'm2', 'm3');
  const text = await first.until((all) => messagesOf(all).length === 3);
  first.leave();
  await send(host, 'm4');
  for (const [i, id] of idsOf(text).slice(-3).entries()) {
    const again = await openTail(host.address, '', { 'last-event-id': id });
    expect(messagesOf(await again.until((all) => messagesOf(all).includes('m4')))).toEqual(['m1', 'm2', 'm3', 'm4'].slice(i + 1));
    again.leave();
  }
});

test('a silent tail is kept alive by heartbeats', async () => {
  const host = await serve({ heartbeatMs: 20 });
  const { until, leave } = await openTail(host.address);
  await until((text) => text.split(': heartbeat').length > 3);
  leave();
});

test('a client that leaves frees its tail, and the number of tails is bounded', async () => {
  const host = await serve({ maxTails: 1 });
  const { until, leave } = await openTail(host.address);
  await until((text) => idsOf(text).length > 0);
  const refused = await fetch(`${host.address}/api/logs/tail`);
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('5');
  leave();
  await expect
    .poll(async () => {
      const again = await openTail(host.address);
      again.leave();
      return again.response.status;
    })
    .toBe(200);
});

test('a host that stops ends its tails with an event', async () => {
  const stopping = new AbortController();
  const host = await serve({ stopping: stopping.signal });
  const { until, reading } = await openTail(host.address);
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
  const { until, reading } = await openTail(host.address, '', { 'last-event-id': 'nonsense' });
  await until((text) => text.includes('event: error') && text.includes('INVALID_PARAMETER'));
  await reading;
});
