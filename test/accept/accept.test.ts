import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/core/errors.ts';
import type { AcceptRequest } from '../../src/pipeline/accept/types.ts';
import { accepting, recordsIn, requestOf, startMs } from './accepting.ts';

/** The error of a request that is refused, as `CODE: detail`. */
async function refusal(body: AcceptRequest['body'] | string, over: Partial<AcceptRequest> = {}, limits = {}): Promise<string> {
  const answer = await accepting(limits)
    .accept(requestOf(body, over))
    .catch((error: unknown) => error);
  if (!(answer instanceof AppError)) throw new Error(`not refused: ${JSON.stringify(answer)}`);
  return answer.message;
}

async function messages(body: AcceptRequest['body'] | string, over: Partial<AcceptRequest> = {}): Promise<(string | undefined)[]> {
  const subject = accepting();
  await subject.accept(requestOf(body, over));
  return recordsIn(subject).map(({ message }) => message);
}

const ndjson = { contentType: 'application/x-ndjson' };
const csv = { contentType: 'text/csv' };

describe('accept', () => {
  it('takes an object, an array and NDJSON, and answers with the positions they took', async () => {
    const subject = accepting();
    const receipt = (from: number, to: number) => ({ tenant: 'acme', generation: 1, partition: 0, runs: [[from, to]] });
    expect(await subject.accept(requestOf('{"message":"a"}'))).toEqual({
      ...{ status: 202, receipt: receipt(0, 1), accepted: 1, rejected: 0, items: [], replayed: false },
    });
    expect(await subject.accept(requestOf(' [ {"message":"b"} ,\n{"message":"c"}]\n'))).toMatchObject({
      receipt: receipt(1, 3),
      accepted: 2,
    });
    expect(await subject.accept(requestOf('{"message":"d"}\r\n\n{"message":"e"}', ndjson))).toMatchObject({ receipt: receipt(3, 5) });
    expect(recordsIn(subject).map(({ message }) => message)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(subject.metrics.logsIngested.value()).toBe(5);
    expect(recordsIn(subject)[0]).toMatchObject({ timestamp: startMs * 1000, observed_timestamp: startMs * 1000 });
  });

  it('takes an object over several lines, and lines of objects under another name or none', async () => {
    expect(await messages('{\n  "message":\n "a"\n}\n')).toEqual(['a']);
    expect(await messages('[\n{\n"message":"a"},\n\n{"message"\n:"b"\n}\n]')).toEqual(['a', 'b']);
    for (const contentType of ['application/json', undefined, 'application/octet-stream', 'application/x-www-form-urlencoded']) {
      expect(await messages('{"message":"a"}\n{"message":"b"}\n', { contentType })).toEqual(['a', 'b']);
    }
    expect(await messages('\ufeff{"message":"a"}', { contentType: 'Application/JSON ; charset=utf-8' })).toEqual(['a']);
  });

  it('takes nothing for an answer of 0', async () => {
    for (const [body, over] of [
      ['[]', {}],
      [' [ ] ', {}],
      ['', ndjson],
      ['\n \r\n', ndjson],
      ['timestamp,path', csv],
      ['', csv],
    ] as const) {
      const subject = accepting();
      expect(await subject.accept(requestOf(body, over))).toMatchObject({ status: 202, receipt: undefined, accepted: 0, rejected: 0 });
      expect(subject.queue.batches).toEqual([]);
    }
  });

  it('answers 207 for some, with the index, the path and what to do, and stores the others in order', async () => {
    const subject = accepting();
    const array = '[{"message":"a"},{"timestamp":"yesterday"},5,{"message":"b"},{}]';
    const answer = await subject.accept(requestOf(array));
    expect(answer).toMatchObject({ status: 207, accepted: 2, rejected: 3 });
    expect(answer.items.map(({ index, code, detail }) => [index, code, detail])).toEqual([
      [1, 'INVALID_RECORD', 'records[1].timestamp: "yesterday" is not a time; give RFC 3339 or epoch'],
      [2, 'INVALID_RECORD', 'records[2]: 5 is not a record; give a JSON object'],
      [4, 'INVALID_RECORD', 'records[4]: the record is empty; give at least a message'],
    ]);
    expect(answer.items[0]?.errors).toEqual([
      { path: 'records[1].timestamp', code: 'INVALID_TIMESTAMP', detail: '"yesterday" is not a time; give RFC 3339 or epoch' },
    ]);
    const lines = await subject.accept(requestOf('{"message":"c"}\n\n{"message":\n{"message":"d"} x\n{"message":"e"}', ndjson));
    expect(lines.items.map(({ index, detail }) => [index, detail])).toEqual([
      [1, 'records[1]: the line is not JSON at column 12; give one JSON object a line'],
      [2, 'records[2]: the line is not JSON at column 17; give one JSON object a line'],
    ]);
    expect(recordsIn(subject).map(({ message }) => message)).toEqual(['a', 'b', 'c', 'e']);
    expect(subject.metrics.logsRejected.value()).toBe(5);
  });

  it('refuses a request of which nothing will do, with all its faults', async () => {
    const subject = accepting();
    const error = await subject.accept(requestOf('[{"time":"soon"},[]]')).catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: 'INVALID_RECORD',
      detail: 'records[0].time: "soon" is not a time; give RFC 3339 or epoch (and 1 more of 2 records)',
    });
    expect((error as AppError).more.errors?.map(({ path }) => path)).toEqual(['records[0].time', 'records[1]']);
    expect(subject.queue.batches).toEqual([]);
  });

  it.each([
    ['[{"message":"a"},\n  {"message" "b"}]', {}, 'INVALID_BODY: line 2, column 14: unexpected "\\""; the body is not JSON'],
    ['[{"message":"a"}', {}, 'INVALID_BODY: line 1, column 17: the body ends too early; the body is not JSON'],
    ['[{"message":"a"},]', {}, 'INVALID_BODY: line 1, column 18: unexpected "]"; the body is not JSON'],
    ['[] []', {}, 'INVALID_BODY: line 1, column 4: unexpected "["; the body is not JSON'],
    ['{"message":"a"} {"message":"b"}', {}, 'INVALID_BODY: line 1, column 17: unexpected "{"; the body is not JSON'],
    ['', {}, 'INVALID_BODY: the body is empty; give a JSON object or an array of them'],
    ['hello', { contentType: undefined }, 'INVALID_BODY: the body is not JSON; for CSV or text give its Content-Type'],
    ['a=b', { contentType: 'application/x-www-form-urlencoded' }, /^MEDIA_TYPE: the content type "application\/x-www-form-urlencoded"/],
    ['{}', { contentType: 'application/xml' }, /^MEDIA_TYPE: .*use application\/json/],
    ['{}', { contentType: 'constructor' }, /^MEDIA_TYPE/],
    ['{}', { contentEncoding: 'compress' }, /^MEDIA_TYPE: the content encoding "compress" is not known; use gzip/],
    [Buffer.from('7b2261223a22c3a9c3287d', 'hex'), {}, 'INVALID_BODY: the body is not UTF-8 at byte offset 8; send text as UTF-8'],
    ['a,b\n1,"2\n', csv, 'INVALID_BODY: line 2: a quote is not closed; double the quotes inside a field'],
    ['{}', { idempotencyKey: 'ключ' }, /^INVALID_PARAMETER: the Idempotency-Key is not 1 to 255 printable/],
  ] as const)('refuses %j', async (body, over, expected) => {
    expect(await refusal(body, over)).toMatch(expected);
  });

  it('names each limit that was passed by its setting', async () => {
    expect(await refusal('[{"m":1},{"m":2},{"m":3}]', {}, { records: 2 })).toMatch(
      /^BODY_TOO_LARGE: .*more than 2 records.*limits\.records$/,
    );
    expect(await refusal('{"m":1}\n{"m":2}\n{"m":3}', ndjson, { records: 2 })).toMatch(/limits\.records$/);
    expect(await refusal('m\n1\n2\n3\n', csv, { records: 2 })).toMatch(/limits\.records$/);
    expect(await refusal('a\nb\nc\n', { contentType: 'text/plain' }, { records: 2 })).toMatch(/limits\.records$/);
    expect(await refusal('{"message":"0123456789"}', {}, { recordBytes: 20 })).toBe(
      'BODY_TOO_LARGE: records[0]: the record has 24 bytes of at most 20; shorten it, or raise limits.recordBytes',
    );
    expect(await refusal(`{"a":${'['.repeat(40)}${']'.repeat(40)}}`)).toMatch(
      /^INVALID_RECORD: .*nested 41 deep of at most 32.*limits\.depth$/,
    );
    expect(await refusal('{"message":"0123456789"}', {}, { sentBytes: 20 })).toMatch(/^BODY_TOO_LARGE: .*limits\.sentBytes$/);
    expect(await refusal('{}', { contentLength: 21 }, { sentBytes: 20 })).toMatch(/limits\.sentBytes$/);
    const zeros = gzipSync(Buffer.alloc(3_000_000));
    const gzip = { contentEncoding: 'gzip' };
    expect(await refusal(zeros, gzip, { decodedBytes: 1_000_000 })).toMatch(/^BODY_TOO_LARGE: .*limits\.decodedBytes$/);
    expect(await refusal(zeros, gzip)).toMatch(/^BODY_TOO_LARGE: .*more than 100 times.*limits\.ratio$/);
  });

  it('stores what is within the limits beside a record that is not', async () => {
    const subject = accepting({ recordBytes: 50 });
    const answer = await subject.accept(
      requestOf(`[{"message":"a"},{"message":"${'x'.repeat(100)}"},{"a":${'['.repeat(33)}${']'.repeat(33)}}]`),
    );
    expect(answer.items.map(({ status, code }) => [status, code])).toEqual([
      [413, 'BODY_TOO_LARGE'],
      [413, 'BODY_TOO_LARGE'],
    ]);
    expect(recordsIn(subject).map(({ message }) => message)).toEqual(['a']);
  });

  it('undoes every content encoding, for small bodies and large', async () => {
    const lines = Array.from({ length: 2000 }, (_, i) => `{"message":"${(i * 2_654_435_761) % 2 ** 32} ${i}"}`);
    for (const count of [3, 2000]) {
      const body = Buffer.from(lines.slice(0, count).join('\n'));
      const encodings = {
        ...{ gzip: gzipSync(body), 'x-gzip': gzipSync(body), deflate: deflateSync(body), br: brotliCompressSync(body) },
        ...{ zstd: zstdCompressSync(body), identity: body },
      };
      for (const [contentEncoding, bytes] of [...Object.entries(encodings), ['deflate', deflateRawSync(body)] as const]) {
        const found = await messages(Buffer.from(bytes), { ...ndjson, contentEncoding });
        expect(found.length).toBe(count);
        expect(found.at(-1)).toBe((JSON.parse(lines[count - 1]!) as { message: string }).message);
        if (contentEncoding === 'identity') continue;
        const damaged = { ...ndjson, contentEncoding };
        expect(await refusal(bytes.subarray(0, bytes.length - 9), damaged)).toMatch(/^INVALID_BODY: the body is not whole or not/);
        expect(await refusal(Buffer.from('not compressed at all'), damaged)).toMatch(/^INVALID_BODY: the body is not whole or not/);
      }
    }
  });

  it('reads a body as it comes, and stops at the limit', async () => {
    let taken = 0;
    async function* chunks() {
      for (;;) {
        taken++;
        yield Buffer.from('{"message":"x"}\n'.repeat(64));
      }
    }
    expect(await refusal(chunks(), ndjson, { sentBytes: 10_000 })).toMatch(/limits\.sentBytes$/);
    expect(taken).toBe(10);
    async function* pieces() {
      for (const c of '{"message":"héllo"}') yield Buffer.from(c);
    }
    expect(await messages(pieces())).toEqual(['héllo']);
    async function* broken() {
      yield Buffer.from('{"mess');
      throw new Error('aborted');
    }
    expect(await refusal(broken())).toBe('INVALID_BODY: the body broke off before its end; send it again');
  });

  it('keeps a compressed bomb of a gigabyte out of memory', async () => {
    const mebibyte = gzipSync(Buffer.alloc(2 ** 20));
    const bomb = Buffer.concat(Array<Buffer>(1024).fill(mebibyte));
    const beforeBytes = process.memoryUsage.rss();
    expect(await refusal(bomb, { contentEncoding: 'gzip' })).toMatch(/^BODY_TOO_LARGE: the body decodes to more than 52428800 bytes/);
    expect(process.memoryUsage.rss() - beforeBytes).toBeLessThan(160 * 2 ** 20);
  });

  it('turns CSV into records: quotes, numbers, empty fields, and commas in the last column', async () => {
    const subject = accepting();
    const body = [
      'timestamp,path,userAgent',
      '2026-11-20T08:00:00Z,/index.html,Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko)',
      '2026-11-20T08:00:01Z,"/a ""b"", c","two\r\nlines"',
      '2026-11-20T08:00:02Z,/x',
      '',
      'soon,/y,z',
    ].join('\r\n');
    const answer = await subject.accept(requestOf(body, csv));
    expect(answer).toMatchObject({ status: 207, accepted: 3 });
    expect(answer.items[0]?.detail).toBe('records[3].timestamp: "soon" is not a time; give RFC 3339 or epoch');
    expect(recordsIn(subject).map(({ attributes }) => attributes)).toEqual([
      { path: '/index.html', userAgent: 'Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko)' },
      { path: '/a "b", c', userAgent: 'two\r\nlines' },
      { path: '/x' },
    ]);
    const typed = accepting();
    await typed.accept(requestOf('level,status,zip,version,quoted,,big\nwarn,200,01234,1.10,"5",x,12345678901234567890\n', csv));
    expect(recordsIn(typed)[0]).toMatchObject({
      level: 'warn',
      attributes: { status: 200, zip: '01234', version: '1.10', quoted: '5', column_6: 'x', big: '12345678901234567890' },
    });
  });

  it('turns text into messages, a line each, and keeps a stack trace together', async () => {
    const text = 'started\r\n\njava.lang.IllegalStateException: no\n\tat a.B.c(B.java:1)\n\tat a.B.d(B.java:2)\nsaid "x" \\ done';
    expect(await messages(text, { contentType: 'text/plain' })).toEqual([
      'started',
      'java.lang.IllegalStateException: no\n\tat a.B.c(B.java:1)\n\tat a.B.d(B.java:2)',
      'said "x" \\ done',
    ]);
  });

  it('keeps to the policies for numbers and characters that JSON allows and nobody can keep', async () => {
    const subject = accepting();
    const lines = [
      '{"timestamp":1795161600123456789,"order":12345678901234567890,"neg":-9007199254740993,"safe":9007199254740992,"far":1e400}',
      '{"message":"half \\ud83d of","k\\udc00":"\\ud83d\\ude00"}',
      '{"message":"a","message":"b"}',
      '{"t\\u0069mestamp":"2026-11-20T08:00:00Z","message":"escaped name"}',
    ];
    await subject.accept(requestOf(lines.join('\n'), ndjson));
    const [big, half, twice, escaped] = recordsIn(subject);
    expect(big).toMatchObject({ timestamp: 1795161600123456, timestamp_ns: 789 });
    expect(big!.attributes).toEqual({ order: '12345678901234567890', neg: '-9007199254740993', safe: 9007199254740992, far: '1e400' });
    expect(half).toMatchObject({ message: 'half \ufffd of', attributes: { 'k\ufffd': '😀' } });
    expect(twice!.message).toBe('b');
    expect(escaped!.timestamp).toBe(Date.UTC(2026, 10, 20, 8) * 1000);
  });

  it('masks before anything is appended, in every format', async () => {
    for (const [body, over] of [
      ['[{"message":"x","password":"hunter2hunter2"}]', {}],
      ['{"message":"login password=hunter2hunter2 ok"}', ndjson],
      ['message,password\nx,hunter2hunter2', csv],
      ['login password=hunter2hunter2 ok', { contentType: 'text/plain' }],
    ] as const) {
      const subject = accepting();
      await subject.accept(requestOf(body, over));
      expect(Buffer.from(subject.queue.batches[0]!.payload).toString()).not.toContain('hunter2');
      expect(subject.metrics.secretsMasked.value('name')).toBe(1);
    }
  });

  it('gives all of a request to one partition, by tenant and request', async () => {
    const subject = accepting({}, new (await import('./kept-queue.ts')).KeptQueue(8));
    for (let i = 0; i < 200; i++) await subject.accept(requestOf('[{"message":"a"},{"message":"b"}]'));
    const counts = (await subject.queue.ranges()).map(({ end }) => end);
    expect(counts.every((count) => count >= 20)).toBe(true);
    expect(counts.reduce((sum, count) => sum + count)).toBe(400);
  });

  it('says 503 where the queue fails for a reason unknown, and passes on one that is known', async () => {
    const subject = accepting();
    subject.queue.failure = new Error('EIO');
    await expect(subject.accept(requestOf('{"m":1}'))).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE', more: { retryAfterS: 1 } });
    subject.queue.failure = new AppError('DISK_FULL', 'the disk is full');
    await expect(subject.accept(requestOf('{"m":1}'))).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(subject.metrics.publishFailures.value('DISK_FULL')).toBe(1);
    expect(await subject.accept(requestOf('{"m":1}'))).toMatchObject({ accepted: 1 });
  });
});
