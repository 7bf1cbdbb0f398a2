import { afterAll, beforeAll, expect, test } from 'vitest';
import { idsOf, messagesOf, openTail } from './open-tail.ts';
import type { Host } from './serve-array.ts';
import { serveEmbedded } from './serve-embedded.ts';

let host: Host;
beforeAll(async () => {
  host = await serveEmbedded();
});
afterAll(() => host.stop());

const send = async (service: string, messages: string[]) => {
  const body = JSON.stringify(messages.map((message) => ({ service, message })));
  const response = await fetch(`${host.address}/logs?wait=hot`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  expect(response.status).toBe(200);
};

test('a whole host shows matching records as they arrive, and a cut tail resumes behind any event', async () => {
  const first = await openTail(host.address, '?service=t1');
  await first.until((text) => idsOf(text).length > 0);
  await send('t1', ['m1', 'm2']);
  await send('other', ['not this']);
  await send('t1', ['m3']);
  const text = await first.until((all) => messagesOf(all).length >= 3);
  expect(messagesOf(text)).toEqual(['m1', 'm2', 'm3']);
  first.leave();
  await send('t1', ['m4']);
  for (const [i, id] of idsOf(text).slice(-3).entries()) {
    const again = await openTail(host.address, '?service=t1', { 'last-event-id': id });
    expect(messagesOf(await again.until((all) => messagesOf(all).includes('m4')))).toEqual(['m1', 'm2', 'm3', 'm4'].slice(i + 1));
    again.leave();
  }
});

test('nothing that a tail shows is shown twice or left out while records stream in and it is cut again and again', async () => {
  const total = 60;
  const sending = (async () => {
    for (let i = 0; i < total; i += 3) await send('t2', [`n${i}`, `n${i + 1}`, `n${i + 2}`]);
  })();
  const seen: string[] = [];
  let last = '1.0.0';
  while (seen.length < total) {
    const tail = await openTail(host.address, '?service=t2', { 'last-event-id': last });
    last = take(await tail.until((all) => messagesOf(all).length >= 1));
    tail.leave();
  }
  await sending;
  expect(seen).toEqual(Array.from({ length: total }, (_, i) => `n${i}`));

  /** Notes the whole events of a text and answers the id of the last. */
  function take(text: string): string {
    const events = text.split('\n\n').filter((event) => event.includes('"message"') && text.includes(`${event}\n\n`));
    seen.push(...events.flatMap(messagesOf));
    return idsOf(events.at(-1)!)[0]!;
  }
});
