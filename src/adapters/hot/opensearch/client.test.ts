import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type Auth, OpenSearchClient, Refused } from './client.ts';

const endings: (() => void)[] = [];
afterEach(() => {
  for (const end of endings.splice(0)) end();
});

type Answer = { status: number; text: string } | 'cut' | 'never';

/** A server that answers everything alike, and a client of it. */
async function clientOf(
  answer: Answer,
  options: { auth?: Auth; timeoutMs?: number } = {},
): Promise<{ client: OpenSearchClient; seen: IncomingHttpHeaders[] }> {
  const seen: IncomingHttpHeaders[] = [];
  const server: Server = createServer((incoming, outgoing) => {
    seen.push(incoming.headers);
    if (answer === 'cut') outgoing.writeHead(200, { 'content-length': 100 }).end('{"half":', () => outgoing.destroy());
    else if (answer !== 'never') outgoing.writeHead(answer.status).end(answer.text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new OpenSearchClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ...options });
  endings.push(() => {
    client.close();
    server.closeAllConnections();
    server.close();
  });
  return { client, seen };
}

test('sends a name and a password, or a signature with the credentials of the moment', async () => {
  const basic = await clientOf({ status: 200, text: '{}' }, { auth: { kind: 'basic', username: 'writer', password: 'sécret' } });
  await basic.client.json('GET', '/');
  expect(basic.seen[0]?.authorization).toBe(`Basic ${Buffer.from('writer:sécret').toString('base64')}`);
  let turn = 0;
  const credentials = async () => ({ accessKeyId: `KEY${turn++}`, secretAccessKey: 's', sessionToken: 't' });
  const signed = await clientOf({ status: 200, text: '{}' }, { auth: { kind: 'sigv4', region: 'eu-central-1', credentials } });
  await signed.client.json('POST', '/_bulk?filter_path=errors', Buffer.from('{}\n'));
  await signed.client.json('GET', '/');
  expect(signed.seen[0]?.authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=KEY0\/\d{8}\/eu-central-1\/es\/aws4_request, SignedHeaders=content-type;host;/,
  );
  expect(signed.seen[1]?.authorization).toContain('Credential=KEY1/');
  expect(signed.seen[0]).toMatchObject({ 'x-amz-security-token': 't', 'content-type': 'application/x-ndjson' });
});

test('what may pass later is STORE_UNAVAILABLE, what never can is refused with the reason of the node', async () => {
  const error = { type: 'mapper_parsing_exception', reason: 'failed to parse', caused_by: { reason: 'no such day' } };
  for (const status of [429, 500, 503, 504]) {
    const { client } = await clientOf({ status, text: JSON.stringify({ error, status }) });
    await expect(client.json('GET', '/')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      detail: expect.stringContaining('failed to parse'),
    });
  }
  const { client } = await clientOf({ status: 400, text: JSON.stringify({ error, status: 400 }) });
  const refused = await client.json('GET', '/').catch((thrown: unknown) => thrown);
  expect(refused).toBeInstanceOf(Refused);
  expect(refused).toMatchObject({ status: 400, type: 'mapper_parsing_exception', reason: 'failed to parse: no such day' });
  const proxied = await clientOf({ status: 403, text: '<html>forbidden</html>' });
  await expect(proxied.client.json('GET', '/')).rejects.toMatchObject({ status: 403, reason: '<html>forbidden</html>' });
});

test('an answer that is cut, or does not come in time, is STORE_UNAVAILABLE', async () => {
  const cut = await clientOf('cut');
  await expect(cut.client.json('GET', '/')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  const never = await clientOf('never', { timeoutMs: 50 });
  await expect(never.client.json('GET', '/')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
});
