import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/core/errors.ts';
import type { AcceptRequest } from '../../src/pipeline/accept/types.ts';
import expected from '../corpus/malformed.json' with { type: 'json' };
import { accepting, decoded, requestOf } from './accepting.ts';
import { KeptQueue } from './kept-queue.ts';

const folder = new URL('../corpus/malformed/', import.meta.url);
const mediaTypes: Record<string, string | undefined> = {
  ...{ json: 'application/json', ndjson: 'application/x-ndjson', csv: 'text/csv', txt: 'text/plain', bin: undefined },
};

/** What becomes of a body, in a word: the error's code, or how many were accepted and rejected. Anything but a 4xx or an answer is a failure. */
async function outcome(request: AcceptRequest): Promise<string> {
  const subject = accepting();
  try {
    const { status, accepted, rejected, items } = await subject.accept(request);
    expect(items.length).toBe(rejected);
    expect(status).toBe(rejected === 0 ? 202 : 207);
    const kept = decoded(subject);
    expect(kept.filter((item) => 'record' in item).length).toBe(accepted);
    expect(kept.length).toBe(accepted);
    return `${status} ${accepted}/${rejected}`;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(error.status >= 400 && error.status < 500).toBe(true);
    expect(subject.queue.batches).toEqual([]);
    return error.code;
  }
}

describe('a malformed body', () => {
  it.each(readdirSync(folder))('%s comes to what is expected of it', async (name) => {
    const [, extension = '', gz] = name.split('.');
    const contentEncoding = gz === 'gz' ? 'gzip' : undefined;
    const request = requestOf(readFileSync(new URL(name, folder)), { contentType: mediaTypes[extension], contentEncoding });
    expect(await outcome(request)).toBe((expected as Record<string, string>)[name]);
  });

  it('never brings anything but an answer or an error of 4xx, whatever it is, and what is accepted can be decoded', {
    timeout: 3_600_000,
  }, async () => {
    const seeds = readdirSync(folder).map((name) => readFileSync(new URL(name, folder)).subarray(0, 2000));
    const words = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"',
        '\\',
        '\n',
        '\r\n',
        '\t',
        ' ',
        '\0',
        '\ufeff',
        '\\ud800',
        '\\u0000',
        '💥',
        '""',
        '{}',
        '[]',
        '-',
        '1e999',
      ],
      ...[
        '"message"',
        '"timestamp":',
        '"2026-11-20T00:00:00Z"',
        '"__proto__":',
        '"attributes":{',
        '"level":"x"',
        '{"message":"a"}',
        '12345678901234567890',
      ],
      ...['timestamp,path,userAgent\n', 'null', 'true', '"password":"secretsecret"', 'at a.b(C.java:1)', '4111111111111111'],
    );
    const bodies = fc.oneof(
      fc.array(words, { maxLength: 30 }).map((parts) => Buffer.from(parts.join(''))),
      fc.tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 })).map(([seed, edits]) => {
        const bytes = Buffer.from(seed);
        for (const [at, byte] of edits) if (bytes.length > 0) bytes[at % bytes.length] = byte;
        return bytes;
      }),
      fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((json) => Buffer.from(json)),
      fc.array(fc.json({ maxDepth: 2 }), { maxLength: 5 }).map((lines) => Buffer.from(lines.join('\n'))),
    );
    const types = fc.constantFrom(...Object.values(mediaTypes), 'application/xml');
    const encodings = fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, fc.constantFrom('gzip', 'deflate', 'br', 'zstd', 'lzw'));
    const property = fc.asyncProperty(bodies, types, encodings, async (body, contentType, contentEncoding) => {
      await outcome(requestOf(body, { contentType, contentEncoding }));
    });
    await fc.assert(property, { numRuns: 100 });
    globalThis.gc?.();
    const beforeBytes = process.memoryUsage.rss();
    await fc.assert(property, { numRuns: Number(process.env.LOGDRIVE_FUZZ_RUNS ?? 3000) });
    expect(process.memoryUsage.rss() - beforeBytes).toBeLessThan(256 * 2 ** 20);
  });

  it('takes no more than its own size in memory when it is nothing but nesting, or nothing but line ends', async () => {
    const bytes = 10 * 2 ** 20;
    for (const [piece, contentType] of [
      ['[', 'application/json'],
      ['{"":', 'application/json'],
      ['\n', 'application/x-ndjson'],
      ['[],', 'text/csv'],
    ] as const) {
      const body = Buffer.alloc(bytes, piece);
      const beforeBytes = process.memoryUsage.rss();
      const { accept } = accepting({}, new KeptQueue(1, false));
      await accept(requestOf(body, { contentType })).catch((error: unknown) => expect(error).toBeInstanceOf(AppError));
      expect(process.memoryUsage.rss() - beforeBytes).toBeLessThan(200 * 2 ** 20);
    }
  });
});
