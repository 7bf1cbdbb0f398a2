import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiCall, apiEvent } from '../../../test/lambdas/api-gateway.ts';
import { arrayPlatform } from '../../../test/scenarios/array-platform.ts';
import { arrayOptions, type Host, serveArray } from '../../../test/scenarios/serve-array.ts';
import { createApp } from '../../http/app.ts';
import { requestOf, resultOf } from './api-event.ts';
import { serveIngest } from './serve-ingest.ts';

let host: Host;
beforeAll(async () => {
  host = await serveArray();
});
afterAll(() => host.stop());

const json = { 'content-type': 'application/json' };
const loopback = { host: '127.0.0.1' };

describe('an event of API Gateway is answered like a request to the embedded host', () => {
  const cases: [name: string, path: string, call: ApiCall][] = [
    ['one record', '/logs', { headers: json, body: '{"message":"a"}' }],
    ['an array, by the other path', '/ingest', { headers: json, body: '[{"message":"a"},{"message":"b"}]' }],
    ['NDJSON with defaults', '/logs?service=x&env=y', { headers: { 'content-type': 'application/x-ndjson' }, body: '{"message":"a"}\n' }],
    ['CSV', '/logs', { headers: { 'content-type': 'text/csv' }, body: 'path,userAgent\n/a,curl\n' }],
    ['a compressed body', '/logs', { headers: { ...json, 'content-encoding': 'gzip' }, body: gzipSync('[{"message":"\u00e4"},{}]') }],
    ['some bad records', '/logs', { headers: json, body: '[{"message":"a"},{"timestamp":"never"},3]' }],
    ['only bad records', '/logs', { headers: json, body: '[3]' }],
    ['a wait', '/logs?wait=hot&timeout=1s', { headers: json, body: '{"message":"a"}' }],
    ['nothing', '/logs', { headers: json, body: '[]' }],
    ['no body', '/logs', { headers: json }],
    ['broken JSON', '/logs', { headers: json, body: '{"a":' }],
    ['bytes that are no UTF-8', '/logs', { headers: json, body: Buffer.from([0x7b, 0xff, 0x7d]) }],
    ['a body that is not what its encoding says', '/logs', { headers: { ...json, 'content-encoding': 'gzip' }, body: 'plain' }],
    ['an unknown type', '/logs', { headers: { 'content-type': 'image/png' }, body: 'x' }],
    ['an unknown encoding', '/logs', { headers: { ...json, 'content-encoding': 'lzma' }, body: 'x' }],
    ['an unknown parameter', '/logs?sevice=x', { headers: json, body: '{"message":"a"}' }],
    ['a parameter given twice', '/logs?service=x&service=y', { headers: json, body: '{"message":"a"}' }],
    ['a parameter with odd characters', '/logs?service=a%26b%20%C3%A4%2B', { headers: json, body: '{"message":"a"}' }],
    ['a wrong wait', '/logs?wait=never', { headers: json, body: '{"message":"a"}' }],
    ['an answer nobody has', '/logs', { headers: { ...json, accept: 'text/html' }, body: '{"message":"a"}' }],
    ['a bad idempotency key', '/logs', { headers: { ...json, 'idempotency-key': 'k'.repeat(300) }, body: '{"message":"a"}' }],
    ['its own request id', '/logs', { headers: { ...json, 'x-request-id': 'mine-1' }, body: '{"message":"a"}' }],
  ];

  test.each(cases)('%s', async (_name, path, call) => {
    const platform = arrayPlatform();
    const options = arrayOptions(platform);
    const event = apiEvent(path, { ...call, headers: { ...loopback, ...call.headers } });
    const direct = await serveIngest(platform, options, event);
    const byApp = await resultOf(await createApp(platform, options).fetch(requestOf(event)));
    const raw = await fetch(host.address + path, {
      method: 'POST',
      headers: call.headers ?? {},
      body: (call.body ?? null) as string | null,
    });
    const overSocket = { statusCode: raw.status, headers: Object.fromEntries(raw.headers), body: await raw.text(), isBase64Encoded: false };
    expect(plain(direct)).toEqual(plain(overSocket));
    expect(plain(byApp)).toEqual(plain(overSocket));
  });
});

/** What only a connection has is left out, and what differs from request to request. */
function plain({ statusCode, headers, body }: { statusCode: number; headers?: object | undefined; body: string }) {
  const rest = { ...headers } as Record<string, string>;
  for (const name of ['connection', 'keep-alive', 'date', 'content-length', 'transfer-encoding']) delete rest[name];
  rest['x-request-id'] = rest['x-request-id'] === 'mine-1' ? 'mine-1' : 'any';
  return { statusCode, headers: rest, body: body.replaceAll(/"(request_id|receipt)":"[^"]+"/g, '"$1":"any"') };
}

test('the id of API Gateway is the request id of a caller that has none', async () => {
  const platform = arrayPlatform();
  const event = apiEvent('/logs', { headers: { ...loopback, ...json }, body: '{"message":"a"}' });
  const { headers } = await serveIngest(platform, arrayOptions(platform), event);
  expect(headers?.['x-request-id']).toBe(event.requestContext.requestId);
});

test('a fault of ours is answered as a problem that tells nothing of its inside', async () => {
  const platform = arrayPlatform();
  const broken = { ...platform, accept: () => Promise.reject(new Error('password is hunter2')) };
  const event = apiEvent('/logs', { headers: { ...loopback, ...json }, body: '{"message":"a"}' });
  const { statusCode, headers, body } = await serveIngest(broken, arrayOptions(platform), event);
  expect([statusCode, headers?.['content-type']]).toEqual([500, 'application/problem+json']);
  expect(body).toContain('"code":"INTERNAL"');
  expect(body).not.toContain('hunter2');
});

test('other methods are refused', async () => {
  const platform = arrayPlatform();
  const { statusCode, body } = await serveIngest(platform, arrayOptions(platform), apiEvent('/logs', { method: 'PUT', headers: loopback }));
  expect([statusCode, JSON.parse(body).code]).toEqual([405, 'METHOD_NOT_ALLOWED']);
});
