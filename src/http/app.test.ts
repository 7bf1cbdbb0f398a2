import { expect, test } from 'vitest';
import { arrayPlatform } from '../../test/scenarios/array-platform.ts';
import { arrayOptions } from '../../test/scenarios/serve-array.ts';
import { stderrLog } from '../adapters/log/stderr.ts';
import { manualClock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import { createApp } from './app.ts';
import type { HttpOptions } from './options.ts';

function open(change: Partial<HttpOptions> = {}) {
  const platform = arrayPlatform();
  const lines: Record<string, unknown>[] = [];
  const log = stderrLog({ level: 'debug', format: 'json', write: (text) => void lines.push(JSON.parse(text)) });
  const app = createApp(platform, { ...arrayOptions(platform), log, ...change });
  const get = (path: string, headers: Record<string, string> = {}) =>
    app.fetch(new Request(`http://localhost${path}`, { headers: { host: 'localhost', ...headers } }));
  return { platform, app, lines, get };
}

test('what nobody expected is a 500 that tells nothing of its inside, is counted and logged with its stack and request id', async () => {
  const { platform, lines, get } = open();
  platform.store.services = async () => {
    throw new TypeError('secret inside');
  };
  const response = await get('/api/services', {
    'x-request-id': 'r-7',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  });
  const text = await response.text();
  expect(response.status).toBe(500);
  expect(JSON.parse(text)).toMatchObject({ code: 'INTERNAL', request_id: 'r-7' });
  expect(text).not.toContain('secret inside');
  expect(platform.metricsOf.panics.value('http')).toBe(1);
  expect(lines.find(({ level }) => level === 'error')).toMatchObject({
    request_id: 'r-7',
    trace_id: '0af7651916cd43dd8448eb211c80319c',
    tenant: 'default',
    'error.message': 'secret inside',
    'error.stack': expect.stringContaining('app.test.ts'),
  });
});

test('an unexpected error of another thread is a panic too, and keeps its words to the log', async () => {
  const { platform, get } = open();
  platform.store.services = async () => {
    throw new AppError('INTERNAL', 'secret of a worker');
  };
  const response = await get('/api/services');
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain('secret of a worker');
  expect(platform.metricsOf.panics.value('http')).toBe(1);
});

test('a store that does not answer is a 503 with Retry-After, logged as a warning', async () => {
  const { platform, lines, get } = open();
  platform.store.search = async () => {
    throw new AppError('STORE_UNAVAILABLE', 'the hot store does not answer', { retryAfterS: 2.5 });
  };
  const response = await get('/api/logs');
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '3']);
  expect(lines.find(({ level }) => level === 'warn')).toMatchObject({ code: 'STORE_UNAVAILABLE', route: '/api/logs' });
});

test('a quick request is logged at debug, a slow one at info', async () => {
  const clock = manualClock(Date.UTC(2026, 10, 21));
  const { platform, lines, get } = open({ clock });
  await get('/api/services');
  platform.store.services = async () => {
    clock.advance(1500);
    return [];
  };
  await get('/api/services');
  const answered = lines.filter(({ status }) => status === 200).map(({ level, message, ms }) => ({ level, message, ms }));
  expect(answered).toEqual([
    { level: 'debug', message: 'request answered', ms: 0 },
    { level: 'info', message: 'request was slow', ms: 1500 },
  ]);
});

test('the rate that is left is told where there is a limit', async () => {
  const { get } = open({ rate: () => ({ policy: 'tenant', quota: 100, windowS: 60, remaining: 41.7, resetS: 29.2 }) });
  const { headers } = await get('/api/services');
  expect(headers.get('ratelimit')).toBe('"tenant";r=41;t=30');
  expect(headers.get('ratelimit-policy')).toBe('"tenant";q=100;w=60');
});

test('a body beyond the limit of a call is refused, announced or not', async () => {
  const { app } = open({ maxJsonBytes: 100 });
  const post = (body: string | ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>) =>
    app.fetch(
      new Request('http://localhost/api/dlq/redrive', {
        method: 'POST',
        body,
        duplex: 'half',
        headers: { host: 'localhost', 'content-type': 'application/json' },
      } as RequestInit),
    );
  expect((await post(JSON.stringify({ cause: 'x'.repeat(200) }))).status).toBe(413);
  const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(64).fill(0x20)) });
  expect((await post(endless)).status).toBe(413);
  expect((await post(new Uint8Array([0xff, 0xfe]))).status).toBe(400);
});

test('codes of refused requests are counted', async () => {
  const { platform, get } = open();
  await get('/api/logs?nope=1');
  await get('/nothing');
  expect(platform.metricsOf.invalidRequests.value('INVALID_PARAMETER')).toBe(1);
  expect(platform.metricsOf.httpRequests.value('GET', 'unmatched', '404')).toBe(1);
});
