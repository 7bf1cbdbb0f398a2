import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arrayPlatform } from '../../test/scenarios/array-platform.ts';
import { arrayOptions, type Host, serveArray } from '../../test/scenarios/serve-array.ts';
import { stderrLog } from '../adapters/log/stderr.ts';
import { createApp } from './app.ts';

let host: Host;
beforeAll(async () => {
  host = await serveArray();
});
afterAll(() => host.stop());

describe('the raw way and the app answer alike', () => {
  const json = { 'content-type': 'application/json' };
  const cases: [name: string, path: string, init: RequestInit & { headers?: Record<string, string> }][] = [
    ['one record', '/logs', { headers: json, body: '{"message":"a"}' }],
    ['an array, by the other path', '/ingest', { headers: json, body: '[{"message":"a"},{"message":"b"}]' }],
    ['NDJSON with defaults', '/logs?service=x&env=y', { headers: { 'content-type': 'application/x-ndjson' }, body: '{"message":"a"}\n' }],
    ['some bad records', '/logs', { headers: json, body: '[{"message":"a"},{"timestamp":"never"},3]' }],
    ['only bad records', '/logs', { headers: json, body: '[3]' }],
    ['a wait', '/logs?wait=hot&timeout=1s', { headers: json, body: '{"message":"a"}' }],
    ['nothing', '/logs', { headers: json, body: '[]' }],
    ['no body', '/logs', { headers: json }],
    ['broken JSON', '/logs', { headers: json, body: '{"a":' }],
    ['an unknown type', '/logs', { headers: { 'content-type': 'image/png' }, body: 'x' }],
    ['an unknown encoding', '/logs', { headers: { ...json, 'content-encoding': 'lzma' }, body: 'x' }],
    ['an unknown parameter', '/logs?sevice=x', { headers: json, body: '{"message":"a"}' }],
    ['a wrong wait', '/logs?wait=never', { headers: json, body: '{"message":"a"}' }],
    ['a foreign page', '/logs', { headers: { ...json, origin: 'https://evil.example' }, body: '{"message":"a"}' }],
    ['an answer nobody has', '/logs', { headers: { ...json, accept: 'text/html' }, body: '{"message":"a"}' }],
    ['a bad idempotency key', '/logs', { headers: { ...json, 'idempotency-key': 'k'.repeat(300) }, body: '{"message":"a"}' }],
    ['its own request id', '/logs', { headers: { ...json, 'x-request-id': 'mine-1' }, body: '{"message":"a"}' }],
    ['a probe', '/live', { method: 'GET' }],
    ['readiness', '/ready', { method: 'GET' }],
    ['health', '/health', { method: 'GET' }],
    ['a probe that wants a page', '/ready', { method: 'GET', headers: { accept: 'text/html' } }],
  ];

  test.each(cases)('%s', async (_name, path, { headers = {}, ...init }) => {
    const platform = arrayPlatform();
    const app = createApp(platform, arrayOptions(platform));
    const request = { method: 'POST', ...init, headers };
    const raw = await fetch(host.address + path, request);
    const own = await app.fetch(new Request(`http://127.0.0.1${path}`, { ...request, headers: { host: '127.0.0.1', ...headers } }));
    const plain = async (response: Response) => ({
      status: response.status,
      headers: headersOf(response),
      body: unlike(await response.text()),
    });
    expect(await plain(raw)).toEqual(await plain(own));
  });

  /** What only a connection has is left out, and what differs from request to request. */
  const headersOf = (response: Response) => {
    const headers = Object.fromEntries(response.headers);
    for (const name of ['connection', 'keep-alive', 'date', 'content-length', 'transfer-encoding']) delete headers[name];
    return { ...headers, 'x-request-id': headers['x-request-id'] === 'mine-1' ? 'mine-1' : 'any' };
  };
  const unlike = (text: string) =>
    text
      .replaceAll(/"request_id":"[^"]+"/g, '"request_id":"any"')
      .replaceAll(/"receipt":"[^"]+"/g, '"receipt":"any"')
      .replace('0.0.0-array', 'any');
});

describe('a client that misbehaves', () => {
  const open = async (head: string, address = host.address): Promise<{ socket: Socket; text: () => string }> => {
    const { port } = new URL(address);
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    let text = '';
    socket.on('data', (chunk) => {
      text += String(chunk);
    });
    socket.on('error', () => {});
    socket.write(head);
    return { socket, text: () => text };
  };
  const closed = (socket: Socket) => new Promise<void>((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())));
  const bodyOf = (text: string) => JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)) as { code: string };

  test('an upload that announces too much is answered 413 before it is read, and the connection closes', async () => {
    const { socket, text } = await open('POST /logs HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999999\r\n\r\n[');
    await closed(socket);
    expect(text()).toMatch(/^HTTP\/1\.1 413 [\s\S]*connection: close/i);
    expect(bodyOf(text()).code).toBe('BODY_TOO_LARGE');
  });

  test('an upload of unknown length is stopped at the limit', async () => {
    const { socket, text } = await open('POST /logs HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n');
    const chunk = Buffer.alloc(65_536, ' ');
    let sent = 0;
    const send = () => {
      if (socket.destroyed || sent > 100 * 1024 * 1024) return;
      sent += chunk.length;
      socket.write(`${chunk.length.toString(16)}\r\n`);
      socket.write(chunk);
      if (socket.write('\r\n')) setImmediate(send);
      else socket.once('drain', send);
    };
    send();
    await closed(socket);
    expect(text()).toMatch(/^HTTP\/1\.1 413 /);
    expect(sent).toBeLessThan(40 * 1024 * 1024);
  });

  test('a large upload that asks first is refused without a go-ahead', async () => {
    const { socket, text } = await open(
      'POST /logs HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 99999999\r\n\r\n',
    );
    await closed(socket);
    expect(text()).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('an upload within the limit that asks first gets its go-ahead', async () => {
    const { socket, text } = await open(
      'POST /logs HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\nconnection: close\r\ncontent-length: 15\r\n\r\n',
    );
    await expect.poll(text).toContain('100 Continue');
    socket.write('{"message":"a"}');
    await closed(socket);
    expect(text()).toContain('HTTP/1.1 202');
  });

  test('bytes that are no request are answered as a problem', async () => {
    const { socket, text } = await open('HELLO\r\n\r\n');
    await closed(socket);
    expect(text()).toMatch(/^HTTP\/1\.1 400 /);
    expect(bodyOf(text()).code).toBe('INVALID_PARAMETER');
  });

  test('headers beyond the limit are answered as a problem', async () => {
    const { socket, text } = await open(`GET /live HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`);
    await closed(socket);
    expect(text()).toMatch(/^HTTP\/1\.1 400 [\s\S]*headers are larger/);
  });

  test('a Host header that is no loopback name is refused on an open host, however it is spelt', async () => {
    for (const name of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '[::1].evil', '']) {
      const { socket, text } = await open(`POST /logs HTTP/1.1\r\nhost: ${name}\r\nconnection: close\r\ncontent-length: 2\r\n\r\n[]`);
      await closed(socket);
      expect(text(), name).toMatch(/^HTTP\/1\.1 403 /);
    }
  });

  test('a client that leaves in the middle of its body takes nothing down', async () => {
    for (const head of ['content-length: 1000', 'content-length: 5000000', 'transfer-encoding: chunked']) {
      const { socket } = await open(`POST /logs HTTP/1.1\r\nhost: localhost\r\n${head}\r\n\r\n5\r\n[{"me`);
      socket.destroy();
      await closed(socket);
    }
    expect((await fetch(`${host.address}/live`)).status).toBe(200);
  });

  test('a head and a body that trickle in are cut off with a problem', async () => {
    const slow = await serveArray({}, { headersTimeout: 60, requestTimeout: 120, connectionsCheckingInterval: 20 });
    for (const head of ['GET /live HTTP/1.1\r\nhost: localh', 'POST /logs HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n[']) {
      const { socket, text } = await open(head, slow.address);
      await closed(socket);
      expect(text(), head).toMatch(/^HTTP\/1\.1 408 /);
      expect(bodyOf(text()).code).toBe('REQUEST_TIMEOUT');
    }
    await slow.stop();
  });

  test('a client that leaves while it waits for a store is not waited for', async () => {
    const lines: string[] = [];
    const waiting = await serveArray({ log: stderrLog({ level: 'debug', format: 'json', write: (line) => void lines.push(line) }) });
    let asked = () => {};
    const reached = new Promise<void>((resolve) => {
      asked = resolve;
    });
    waiting.platform.store.waitFor = () => {
      asked();
      return new Promise(() => {});
    };
    const { socket } = await open(
      'POST /logs?wait=hot HTTP/1.1\r\nhost: localhost\r\ncontent-length: 15\r\n\r\n{"message":"a"}',
      waiting.address,
    );
    await reached;
    socket.destroy();
    await expect.poll(() => lines.some((line) => line.includes('client closed the connection'))).toBe(true);
    await waiting.stop();
  });
});
