import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { OpenSearchClient } from '../client.ts';
import { importSavedObjects } from './import-saved-objects.ts';
import { savedObjects } from './saved-objects.ts';

type Seen = { path: string; headers: IncomingHttpHeaders; body: string };

/** A server that answers an import as the API's documentation says. */
async function importInto(answer: { status: number; json: unknown }): Promise<{ result: unknown; seen: Seen }> {
  let seen: Seen | undefined;
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      seen = { path: incoming.url ?? '', headers: incoming.headers, body: Buffer.concat(chunks).toString() };
      outgoing.writeHead(answer.status).end(JSON.stringify(answer.json));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const auth = { kind: 'basic', username: 'u', password: 'p' } as const;
  const client = new OpenSearchClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, auth });
  const result = await importSavedObjects(client, { prefix: 'dev-', basePath: '/_dashboards' }).catch((error: unknown) => error);
  client.close();
  server.close();
  return { result, seen: seen! };
}

test('sends all objects as one file, over what is there', async () => {
  const { result, seen } = await importInto({ status: 200, json: { success: true, successCount: 17 } });
  expect(result).toBe(17);
  expect(seen.path).toBe('/_dashboards/api/saved_objects/_import?overwrite=true');
  expect(seen.headers).toMatchObject({ 'osd-xsrf': 'true', authorization: expect.stringMatching(/^Basic /) });
  const boundary = /boundary=(.+)$/.exec(seen.headers['content-type']!)![1]!;
  const [, part] = seen.body.split(`--${boundary}`);
  const lines = part!.split('\r\n\r\n')[1]!.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual(JSON.parse(JSON.stringify(savedObjects('dev-'))));
  expect(lines[0]).toContain('"title":"dev-logs.*"');
});

test('says which objects were not taken', async () => {
  const errors = [{ id: 'logdrive-volume', type: 'visualization', error: { type: 'missing_references' } }];
  const { result } = await importInto({ status: 200, json: { success: false, successCount: 0, errors } });
  expect(result).toMatchObject({
    code: 'STORE_UNAVAILABLE',
    detail: expect.stringContaining('visualization logdrive-volume (missing_references)'),
  });
  const { result: refused } = await importInto({ status: 401, json: { error: 'Unauthorized' } });
  expect(refused).toMatchObject({ code: 'STORE_UNAVAILABLE', detail: expect.stringContaining('401') });
});
