import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { serveArray } from '../../test/scenarios/serve-array.ts';
import { AppError } from '../core/errors.ts';

type Served = Awaited<ReturnType<typeof serveArray>>;
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function serve(...given: Parameters<typeof serveArray>): Promise<Served> {
  const host = await serveArray(...given);
  ends.push(host.stop);
  return host;
}

async function raw(host: Served): Promise<{ socket: Socket; text: () => string; closed: Promise<unknown> }> {
  const socket = connect(Number(new URL(host.address).port), '127.0.0.1');
  ends.push(() => socket.destroy());
  let text = '';
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  const closed = once(socket, 'close');
  await once(socket, 'connect');
  return { socket, text: () => text, closed };
}

function session(host: Served): ClientHttp2Session {
  const client = connectHttp2(host.address);
  client.on('error', () => {});
  ends.push(() => client.destroy());
  return client;
}

/** One request over HTTP/2: its status, headers and body. */
async function ask(client: ClientHttp2Session, headers: Record<string, string>, body?: string) {
  const stream = client.request(headers);
  stream.on('error', () => {});
  if (body === undefined) stream.end();
  else stream.end(body);
  const [answer] = (await once(stream, 'response')) as [Record<string, string | number>];
  let text = '';
  for await (const chunk of stream) text += chunk;
  return { status: answer[':status'], headers: answer, text };
}

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

test('both versions of HTTP answer on one port, the whole API over each', async () => {
  const host = await serve();
  const client = session(host);
  const taken = await ask(client, { ':method': 'POST', ':path': '/logs', 'content-type': 'application/json' }, '{"message":"by h2"}');
  expect([taken.status, JSON.parse(taken.text).accepted]).toEqual([202, 1]);
  const found = await ask(client, { ':path': '/api/logs?search=h2' });
  expect(JSON.parse(found.text).items).toHaveLength(1);
  expect(await (await fetch(`${host.address}/api/logs?search=h2`)).json()).toMatchObject({ items: [{ message: 'by h2' }] });
});

test('a beginning that may still become either waits for its next byte', async () => {
  const host = await serve();
  const http1 = await raw(host);
  for (const byte of 'P') http1.socket.write(byte);
  http1.socket.write(
    'OST /logs HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n{"message":"a"}',
  );
  await expect.poll(http1.text).toContain('HTTP/1.1 202');
  const http2 = await raw(host);
  http2.socket.setNoDelay(true);
  for (const byte of preface) {
    http2.socket.write(byte);
    await new Promise(setImmediate);
  }
  http2.socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])); // an empty SETTINGS frame
  // The server's own SETTINGS: the type is the fourth byte of the first frame.
  await expect.poll(() => http2.text().charCodeAt(3)).toBe(4);
});

test('what almost begins like HTTP/2 is answered as the bad HTTP/1 that it is', async () => {
  const host = await serve();
  const { socket, text } = await raw(host);
  socket.write('PRI * HTTP/3.0\r\n\r\n');
  await expect.poll(text).toContain('HTTP/1.1 400');
});

test('a connection that says nothing, or stops in the middle of its beginning, is closed', async () => {
  const host = await serve({}, { headersTimeout: 150, connectionsCheckingInterval: 20 });
  const silent = await raw(host);
  const half = await raw(host);
  half.socket.write('PRI * HT');
  await Promise.all([silent.closed, half.closed]);
});

test('headers beyond the limit are refused, and the connection lives on', async () => {
  const host = await serve();
  const client = session(host);
  await once(client, 'remoteSettings');
  const refused = client.request({ ':path': '/live', 'x-large': 'x'.repeat(20_000) });
  const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toMatch(/ERR_HTTP2|ENHANCE/);
  expect((await ask(session(host), { ':path': '/live' })).status).toBe(200);
});

test('the answer to a refused body arrives while the body is still being sent', async () => {
  const host = await serve();
  const client = session(host);
  const stream = client.request({ ':method': 'POST', ':path': '/logs', 'content-type': 'text/csv', 'content-length': '99999999' });
  stream.on('error', () => {});
  stream.write('x'.repeat(1000));
  const [answer] = (await once(stream, 'response')) as [Record<string, number>];
  expect(answer[':status']).toBe(413);
  expect(answer.connection).toBeUndefined();
});

test('an open host looks at the authority of HTTP/2 as it looks at the host of HTTP/1', async () => {
  const host = await serve();
  const { status, text } = await ask(session(host), { ':path': '/api/logs', ':authority': 'evil.example' });
  expect([status, JSON.parse(text).code]).toEqual([403, 'FORBIDDEN_ORIGIN']);
});

test('an answer that breaks off resets its stream, and the host lives on', async () => {
  const host = await serve();
  await ask(session(host), { ':method': 'POST', ':path': '/logs?wait=hot', 'content-type': 'application/json' }, '{"message":"a"}');
  host.platform.store.search = async () => {
    throw new AppError('STORE_UNAVAILABLE', 'the disk is gone');
  };
  const client = session(host);
  const stream = client.request({ ':method': 'POST', ':path': '/api/export', 'content-type': 'application/json' });
  stream.end('{}');
  stream.resume();
  await once(stream, 'error');
  expect(stream.rstCode).not.toBe(constants.NGHTTP2_NO_ERROR);
  expect((await ask(client, { ':path': '/live' })).status).toBe(200);
});

test('a server that closes answers the calls under way and takes no new ones', async () => {
  const host = await serveArray();
  const search = host.platform.store.search;
  const held = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  host.platform.store.search = async (plan) => {
    asked.resolve();
    await held.promise;
    return search.call(host.platform.store, plan);
  };
  const client = session(host);
  const goaway = once(client, 'goaway');
  const answer = ask(client, { ':path': '/api/logs' });
  await asked.promise;
  const idle = await raw(host);
  const closed = host.close();
  expect((await goaway)[0]).toBe(constants.NGHTTP2_NO_ERROR);
  await idle.closed;
  held.resolve();
  expect((await answer).status).toBe(200);
  await closed;
});
