import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Host, serveArray } from '../../test/scenarios/serve-array.ts';

let host: Host;
beforeAll(async () => {
  host = await serveArray();
});
afterAll(() => host.stop());

/** 150 to 400 KB, so that it comes in several pieces, into memory that is used again or not. */
const bodyOf = (name: string, records: number) =>
  Array.from({ length: records }, (_, i) => JSON.stringify({ service: name, message: `${i} ${name.repeat(100)}` })).join('\n');

test('bodies that come at once, over and over, keep apart', async () => {
  for (let wave = 0; wave < 3; wave++) {
    const names = Array.from({ length: 12 }, (_, i) => `wave-${wave}-${i}`);
    const headers = { 'content-type': 'application/x-ndjson' };
    const answers = await Promise.all(
      names.map((name, i) => fetch(`${host.address}/logs`, { method: 'POST', headers, body: bodyOf(name, 150 + i * 22) })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    for (const [i, name] of names.entries()) {
      const page = await fetch(`${host.address}/api/logs?service=${name}&limit=1000&order=asc`);
      const { items } = (await page.json()) as { items: { message: string }[] };
      const expected = Array.from({ length: 150 + i * 22 }, (_, record) => `${record} ${name.repeat(100)}`);
      expect(items.map(({ message }) => message)).toEqual(expected);
    }
  }
});
