import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readEvents } from './events.ts';

async function* chunks(text: string, sizes: number[]): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  let at = 0;
  for (const size of sizes) {
    yield bytes.subarray(at, at + size);
    at += size;
  }
  yield bytes.subarray(at);
}

async function read(text: string, sizes: number[] = []) {
  const ids: string[] = [];
  const events = [];
  for await (const event of readEvents(chunks(text, sizes), (id) => ids.push(id))) events.push(event);
  return { events, ids };
}

const stream = 'retry: 2000\n: hello\n\nid: 1\ndata: {"a":"é"}\n\nevent: missed\ndata: x\ndata: y\n\nid: 2\n\ndata:z\r\n\r\ndata: cut off';

test('events, comments, ids without data and several lines of data are read as the standard says', async () => {
  const { events, ids } = await read(stream);
  expect(events).toEqual([
    { event: 'message', data: '{"a":"é"}', id: '1' },
    { event: 'missed', data: 'x\ny', id: '1' },
    { event: 'message', data: 'z', id: '2' },
  ]);
  expect([...new Set(ids)]).toEqual(['1', '2']);
});

test('events are the same whatever chunks they come in', async () => {
  const whole = await read(stream);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9 })), async (sizes) => {
      expect(await read(stream, sizes)).toEqual(whole);
    }),
  );
});
