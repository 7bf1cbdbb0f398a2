import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Answered, type Called, serve, start, until } from './cli-io.ts';

let folder = '';
let close = () => {};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'logdrive-send-'));
});
afterEach(() => {
  close();
  rmSync(folder, { recursive: true });
});

const recordsOf = ({ body, headers }: Called) =>
  (headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body)
    .toString()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const messagesOf = (calls: Called[]) =>
  calls.filter(({ path }) => path === '/logs').flatMap((call) => recordsOf(call).map(({ message }) => message));
const accepted = (call: Called): Answered => ({
  status: 202,
  body: { receipt: `r1.${recordsOf(call).length}.x`, accepted: recordsOf(call).length, rejected: 0 },
});
const stored = (path: string): Answered => {
  const records = Number(path.split('.')[1]);
  const counts = { done: records, in_flight: 0, dead: 0, dropped: 0 };
  return { body: { records, hot: counts, warm: { ...counts, done: 0, in_flight: records }, dead: [] } };
};

/** A server that takes everything, but for what `special` answers. */
async function server(special: (call: Called, nth: number) => Answered | undefined = () => undefined) {
  let nth = 0;
  const made = await serve((call) => (call.path === '/logs' ? (special(call, nth++) ?? accepted(call)) : stored(call.path)));
  close = made.close;
  return { ...made, posts: () => made.calls.filter(({ path }) => path === '/logs') };
}

const problem = (status: number, code: string, detail: string, headers: Record<string, string> = {}): Answered => ({
  status,
  headers,
  body: { code, detail },
});

describe('logdrive send', () => {
  it('sends JSON lines as they stand, other lines as messages, stack traces whole, in batches under keys of their own', async () => {
    const { url, posts } = await server();
    const lines = [
      '{"message":"a","n":1.50}',
      'plain',
      '',
      'ERROR boom',
      'java.lang.Error: x',
      '\tat a.B(C.java:1)',
      '{"broken"',
      '{"message":"z"}',
    ];
    const { code, out } = await start(['send', '--url', url, '--batch', '2', '--service', 'shop', '-k', 'ld_x'], {
      stdin: lines.join('\r\n'),
    }).done;
    expect(code).toBe(0);
    expect(messagesOf(posts()).sort()).toEqual(['ERROR boom\njava.lang.Error: x\n\tat a.B(C.java:1)', 'a', 'plain', 'z', '{"broken"']);
    expect(posts()[0]!.body.toString()).toContain('"n":1.50');
    expect(new Set(posts().map(({ headers }) => headers['idempotency-key'])).size).toBe(3);
    expect(posts()[0]!.headers).toMatchObject({ 'content-type': 'application/x-ndjson', authorization: 'Bearer ld_x' });
    expect(posts()[0]!.query.get('service')).toBe('shop');
    expect(out).toContain('5 records accepted in 3 requests');
    expect(out).toMatch(/hot {3}5 done\n {2}warm {2}0 done, 5 in flight/);
  });

  it('reads files compressed with gzip or zstd, and writes the receipts down', async () => {
    const { url, posts } = await server();
    writeFileSync(join(folder, 'a.log'), gzipSync('{"message":"1"}\n{"message":"2"}\n'));
    writeFileSync(join(folder, 'b'), zstdCompressSync(Buffer.from('{"message":"3"}')));
    writeFileSync(join(folder, 'c.log'), '');
    const files = ['a.log', 'b', 'c.log'].map((name) => join(folder, name));
    const { code, out } = await start(['send', ...files, '--url', url, '--json', '--compress', '--receipts', join(folder, 'r')]).done;
    expect(code).toBe(0);
    expect(messagesOf(posts())).toEqual(['1', '2', '3']);
    expect(posts()[0]!.headers['content-encoding']).toBe('gzip');
    expect(JSON.parse(out)).toMatchObject({ records: 3, rejected: 0, lost: 0, hot: { done: 3 } });
    expect(readFileSync(join(folder, 'r'), 'utf8')).toContain('{"receipt":"r1.2.x","accepted":2,"rejected":0}');
  });

  it('tries again under the same key after 429, 503 and a broken connection, never before Retry-After', async () => {
    const times: number[] = [];
    const { url, posts } = await server((_call, nth) => {
      times.push(performance.now());
      return [
        problem(429, 'RATE_LIMITED', 'slow down', { 'retry-after': '1' }),
        problem(503, 'QUEUE_UNAVAILABLE', 'busy'),
        { status: 200, body: '{"broken' },
      ][nth];
    });
    const { code, out, err } = await start(['send', '--url', url, '--json'], { stdin: '{"message":"a"}' }).done;
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ records: 1, requests: 1, retries: 3 });
    expect(new Set(posts().map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(990);
    expect(err).toContain('slow down: again in 1 s');
  });

  it('sends a body that is too large in halves, each record once', async () => {
    const { url, posts } = await server((call) => (recordsOf(call).length > 2 ? problem(413, 'BODY_TOO_LARGE', 'too large') : undefined));
    const lines = Array.from({ length: 7 }, (_, i) => `{"message":"${i}"}`);
    const { code } = await start(['send', '--url', url], { stdin: lines.join('\n') }).done;
    expect(code).toBe(0);
    expect(messagesOf(posts().filter((call) => recordsOf(call).length <= 2)).sort()).toEqual(['0', '1', '2', '3', '4', '5', '6']);
  });

  it('says what was rejected and why, and fails', async () => {
    const item = { index: 1, status: 400, code: 'INVALID_RECORD', detail: 'records[1].timestamp: "x" is not a time', retryable: false };
    const { url } = await server((call) => ({
      status: 207,
      body: { receipt: 'r1.1.x', accepted: recordsOf(call).length - 1, rejected: 1, items: [item] },
    }));
    const { code, out, err } = await start(['send', '--url', url], { stdin: '{"a":1}\n{"timestamp":"x"}' }).done;
    expect(code).toBe(1);
    expect(err).toContain('record 2 of a batch: records[1].timestamp: "x" is not a time');
    expect(out).toContain('1 records accepted in 1 requests');
  });

  it('gives up at once where the key is refused, and after its time where the server stays away', async () => {
    const { url, posts } = await server(() => problem(401, 'UNAUTHENTICATED', 'the API key is not known'));
    const refused = await start(['send', '--url', url], { stdin: 'a\nb' }).done;
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('the API key is not known; give one with --key') });
    expect(posts()).toHaveLength(1);
    const away = await start(['send', '--url', 'http://127.0.0.1:1', '--retry-for', '300ms'], { stdin: 'a' }).done;
    expect(away).toMatchObject({ code: 1, err: expect.stringMatching(/no server answers at .*given up after .* 1 not sent|1 not sent/s) });
  });

  it('follows files as they grow, are rotated, are cut short and come into being, and goes on where it stopped', async () => {
    const { url, calls, posts } = await server();
    const log = join(folder, 'app.log');
    const argv = ['send', '--follow', log, join(folder, 'later.log'), '--url', url, '--state', join(folder, 'state.json')];
    const seen = (message: string) => until(() => messagesOf(calls).includes(message));
    writeFileSync(log, 'one\ntwo\nhalf');
    const first = start(argv);
    await seen('two');
    appendFileSync(log, ' done\n');
    await seen('half done');
    renameSync(log, `${log}.1`);
    appendFileSync(`${log}.1`, 'late\n');
    writeFileSync(log, 'new file\n');
    await seen('new file');
    truncateSync(log);
    appendFileSync(log, 'cut\n');
    await seen('cut');
    writeFileSync(join(folder, 'later.log'), 'born late\n');
    await seen('born late');
    first.stop();
    expect((await first.done).code).toBe(0);
    appendFileSync(log, 'after the stop\n');
    const second = start(argv);
    await seen('after the stop');
    second.stop();
    await second.done;
    expect(messagesOf(posts())).toEqual(['one', 'two', 'half done', 'late', 'new file', 'cut', 'born late', 'after the stop']);
  });

  it.each([
    [['send', '--follow'], '--follow takes files'],
    [['send', 'nowhere.log'], 'nowhere.log: there is no such file'],
    [['send', '/'], '/ is a folder'],
    [['send', '--wait', 'cold', 'x'], 'give hot, warm or none'],
    [['send', '--retry-for', 'long', '/dev/null'], 'give a time span'],
  ])('refuses %j', async (argv, message) => {
    const { code, err } = await start(argv).done;
    expect(code).toBeGreaterThan(0);
    expect(err).toContain(message);
  });
});
