import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { encodeTable } from '../../src/columnar/encode.ts';
import { Table } from '../../src/columnar/table.ts';
import type { QueueBatch } from '../../src/core/ports/queue.ts';
import { formOf } from '../../src/pipeline/auto-parse.ts';
import { isPlain } from '../../src/pipeline/is-plain.ts';
import { createProcess } from '../../src/pipeline/process.ts';
import { BatchRecords } from '../../src/pipeline/records-of.ts';

const observedUs = Date.UTC(2026, 10, 20, 12) * 1000;
const position = { generation: 3, partition: 1 };
const process = createProcess({ version: 1, parse: 'auto', steps: [] });

function batchOf(payload: Buffer, count: number, over: Partial<QueueBatch> = {}): QueueBatch {
  const request = { tenant: 'acme', requestId: 'r', defaults: {}, rulesVersion: 1, idempotency: undefined, accepted: undefined };
  return { ...request, ...position, total: count, count, baseOffset: 40, observedUs, format: 'ndjson', payload, ...over };
}

/** Brings batches into a table, from their bytes where that can be done, or all by parsing; tells how many went from their bytes. */
function fill(batches: QueueBatch[], way: 'bytes' | 'objects'): { table: Table; straight: number } {
  const table = new Table();
  let straight = 0;
  for (const batch of batches) {
    const records = new BatchRecords(batch, { hash: (text) => text });
    for (let i = 0; i < batch.count; ) {
      const added = way === 'bytes' ? table.addLines(records.lines, i, batch.baseOffset + i, process.isPlain!) : 0;
      straight += added;
      i += added;
      if (added > 0) continue;
      if (i === batch.count) break;
      const item = records.at(i++);
      if ('fault' in item) continue;
      const at = { ...position, offset: item.offset };
      const outcome = process(item.record, { tenant: batch.tenant, position: at });
      if (outcome.kind === 'keep') table.add(batch.tenant, at, outcome.record);
    }
  }
  return { table, straight };
}

function fileOf(table: Table): Buffer {
  const steps = encodeTable(table);
  let step = steps.next();
  while (!step.done) step = steps.next();
  return Buffer.concat(step.value.bytes);
}

/** Fills two tables, expects them to be the same in all that can be seen, and tells how many records went from their bytes. */
function expectSame(batches: QueueBatch[]): number {
  const { table: expected } = fill(batches, 'objects');
  const { table, straight } = fill(batches, 'bytes');
  expect(table.rows).toBe(expected.rows);
  for (let row = 0; row < table.rows; row++) expect(table.record(row)).toEqual(expected.record(row));
  expect(table.attributes.map(({ name }) => name)).toEqual(expected.attributes.map(({ name }) => name));
  const { bytes, minTimestamp, maxTimestamp } = table;
  expect({ bytes, minTimestamp, maxTimestamp }).toEqual({
    bytes: expected.bytes,
    minTimestamp: expected.minTimestamp,
    maxTimestamp: expected.maxTimestamp,
  });
  if (table.rows > 0) expect(fileOf(table).equals(fileOf(expected))).toBe(true);
  return straight;
}

const oneOf = (...texts: string[]) => fc.constantFrom(...texts);
const hex = 'a1b2c3d4e5f60718';
const texts = oneOf(
  ...[
    '',
    'a',
    'GET /items 200',
    'ünit',
    '😀 ok',
    '日本語のログ',
    'x'.repeat(300),
    'abc',
    'abd',
    'with "quotes"',
    'two\nlines',
    'tab\t',
    '\\',
    '/',
  ],
  ...['level=info msg=hi', '{"level":"warn","x":1}', '<13>Oct 11 22:14:15 h app: m', 'Oct 11 22:14:15 h app: m', 'abc - - x', 'ab - x'],
  ...['2026-11-20 10:00:00 INFO x', '2026-11-20T10:00:00.123456+01:00 host program: m', 'é=1', 'é 1', 'ab é', 'Ünï 012345:78:9', '=', ' x'],
  ...['10.0.0.7 - - [20/Nov/2026:00:00:01 +0000] "GET / HTTP/1.1" 200 5', '\ud83d', 'a\u0000b', 'trace', 'null'],
  ...[hex, hex + hex, (hex + hex).toUpperCase(), '0'.repeat(32), '0'.repeat(16), `${hex}${hex.slice(1)}g`],
);
const times = oneOf(
  ...['2026-11-20T00:00:01.825Z', '2026-11-20T00:00:01Z', '2026-11-20T11:59:59.999999Z', '2026-11-22T00:00:00Z', '2026-02-30T00:00:00Z'],
  ...['2026-11-20T00:00:01.825+01:00', '2026-11-20T00:00:01.8Z', '20/Nov/2026:00:00:01 +0000', 'soon', ''],
);
const levelTexts = oneOf('info', 'INFO', 'Warning', 'error', ' err ', 'loud', '', '3', 'fatal');
const spell = (value: unknown): string => JSON.stringify(value);
/** With escapes that need not be. */
const spelt = (text: fc.Arbitrary<string>) =>
  fc.oneof({ weight: 8, arbitrary: text.map(spell) }, { weight: 1, arbitrary: text.map((t) => spell(t).replace('a', '\\u0061')) });
const numberTexts = oneOf(
  ...['0', '-0', '1', '200', '-12', '3.25', '0.1', '-0.0', '12.000', '123456789012345', '-123456789012345', '0.30000000000000004'],
  ...['1234567890123456', '12345678901234567890', '1e3', '1E-7', '1e999', '9007199254740993', '1.7976931348623157e308', '0.000001', '4.35'],
);
const plainValue = fc.oneof(spelt(texts), numberTexts, oneOf('true', 'false'), oneOf('null'));
const anyValue = fc.oneof(
  { weight: 10, arbitrary: plainValue },
  { weight: 1, arbitrary: oneOf('[]', '[1,"a"]', '{}', '{"a":{"b":1}}', '{"trace_id":"x"}') },
);
const attributeKeys = oneOf(
  ...['status', 'path', 'latency_ms', 'ok', 'Ok', 'user.id', 'schlüssel', '1', '0', '__proto__', 'constructor', 'k"ey', 'k\\', 'service'],
  ...['trace_id', 'span_id', 'message', '', 'a":"b","c', 'x'.repeat(40)],
);
const blanks = fc.oneof({ weight: 6, arbitrary: fc.constant('') }, { weight: 1, arbitrary: oneOf(' ', '  ', '\t', ' \t ') });
/** An object of members as they are spelt; keys may come again. */
const objectOf = (members: fc.Arbitrary<[string, string]>, maxLength: number) =>
  fc
    .array(fc.tuple(members, blanks, blanks), { maxLength })
    .map((items) => `{${items.map(([[key, value], before, after]) => `${before}${key}${before}:${after}${value}${after}`).join(',')}}`);
const member = (key: fc.Arbitrary<string> | string, value: fc.Arbitrary<string>): fc.Arbitrary<[string, string]> =>
  fc.tuple(typeof key === 'string' ? fc.constant(spell(key)) : spelt(key), value);
const attributesOf = objectOf(member(attributeKeys, anyValue), 6);
const commonMember = fc.oneof(
  member('timestamp', times.map(spell)),
  member('level', levelTexts.map(spell)),
  member(oneOf('service', 'env', 'host'), spelt(oneOf('api', 'web', 'ünit', ''))),
  member('message', spelt(texts)),
  member(oneOf('trace_id', 'span_id'), spelt(texts)),
  member('attributes', attributesOf),
);
const oddMember = fc.oneof(
  member(attributeKeys, anyValue),
  member(oneOf('msg', 'ts', 'severity', 'severity_number', 'id', 'log', 'log.level', 'traceId', 'source', 'attributes.trace_id'), anyValue),
  member(oneOf('timestamp', 'level', 'service', 'message', 'trace_id', 'attributes'), anyValue),
);
const oddRecord = objectOf(fc.oneof({ weight: 4, arbitrary: commonMember }, { weight: 1, arbitrary: oddMember }), 6);
const commonRecord = fc
  .record({
    timestamp: oneOf('2026-11-20T00:00:01.825Z', '2026-11-20T00:00:02Z'),
    level: oneOf('info', 'WARN', 'error'),
    service: oneOf('api', 'web', 'ünit'),
    host: oneOf('h1', 'h2'),
    message: oneOf('GET /items 200', 'opened file für alle', 'x'.repeat(300), ''),
    attributes: fc.record(
      { status: fc.constantFrom(200, 404, 12.5), path: oneOf('/a', '/b', ''), ok: fc.boolean(), trace_id: fc.constant(hex + hex) },
      { requiredKeys: [] },
    ),
  })
  .map(spell);
/** A record whose bytes were changed somewhere: mostly no JSON any more. */
const brokenRecord = fc
  .tuple(fc.oneof(commonRecord, oddRecord), fc.nat(400), oneOf('"', '\\', '{', '}', ',', ':', ' ', '0', 'x', '\u0001', '-', '.'))
  .map(([text, at, c]) => text.slice(0, at % text.length) + c + text.slice((at % text.length) + 1))
  .filter((text) => text.trim() !== '');
const record = fc.oneof(
  { weight: 3, arbitrary: commonRecord },
  { weight: 5, arbitrary: oddRecord },
  { weight: 1, arbitrary: brokenRecord },
  { weight: 1, arbitrary: oneOf('[]', '7', '"text"', '{}', 'null') },
);
const defaults = fc.constantFrom<QueueBatch['defaults']>({}, {}, { service: 'given' }, { env: 'prod', host: 'h9' });

describe('a table that is filled from the bytes of records', () => {
  it('is the same as one that is filled with parsed, normalised and processed records', () => {
    let straight = 0;
    const batches = fc.array(
      fc.record({
        lines: fc.array(
          fc.tuple(blanks, record, blanks).map((parts) => parts.join('')),
          { minLength: 1, maxLength: 12 },
        ),
        tenant: oneOf('acme', 'zeta'),
        defaults,
      }),
      { minLength: 1, maxLength: 3 },
    );
    const property = fc.property(batches, (given) => {
      straight += expectSame(given.map(({ lines, ...over }) => batchOf(Buffer.from(lines.join('\n')), lines.length, over)));
    });
    fc.assert(property, { numRuns: 500 });
    expect(straight).toBeGreaterThan(1000);
  });

  it('is the same for arrays', () => {
    let straight = 0;
    const items = fc.array(fc.oneof(commonRecord, oddRecord), { minLength: 1, maxLength: 12 });
    const property = fc.property(items, blanks, (given, blank) => {
      const payload = Buffer.from(`[${blank}${given.join(`${blank},${blank}\n`)}]`);
      straight += expectSame([batchOf(payload, given.length, { format: 'json' })]);
    });
    fc.assert(property, { numRuns: 150 });
    expect(straight).toBeGreaterThan(250);
  });

  it('holds common records that are spelt in any way without an object having been made of them', () => {
    const again = (count: number, text: string) => Buffer.from(Array(count).fill(text).join('\n'));
    const common =
      '{"timestamp":"2026-11-20T00:00:01.825Z","level":"INFO","service":"api","message":"größer","attributes":{"n":1.5,"ok":true}}';
    const spaced = '{"level": "info", "message": "GET / HTTP/1.1 200", "status": 200, "span_id": "a1b2c3d4e5f60718", "gone": null}';
    // The first of a shape brings its columns; behind the last there must be some bytes.
    expect(expectSame([batchOf(again(9, common), 9)])).toBeGreaterThanOrEqual(7);
    expect(expectSame([batchOf(again(9, spaced.replace(', "gone": null', '')), 9)])).toBeGreaterThanOrEqual(7);
  });

  it.each([
    '{"message":"m","attributes":{"n":1,"n":2}}',
    '{"n":1,"message":"m","attributes":{"n":2}}',
    '{"message":"m","attributes":{"s":"a","s":"b"}}',
    '{"message":"m","attributes":{"s":"a","s":null}}',
    '{"message":"m","message":"n"}',
    '{"message":"m","attributes":{"n":1},"attributes":{"s":"a"}}',
    '{"message":"m","attributes":{"n":01}}',
    '{"message":"m","attributes":{"n":1.}}',
    '{"message":"m","attributes":{"n":-}}',
    '{"message":"m","attributes":{"n":1234567890.1234567}}',
    '{"message":"m","attributes":{"n":1e3}}',
    '{"message":"m","attributes":{"b":trun}}',
    '{"message":"m","attributes":{"b":"text"}}',
    '{"message":"m","attributes":{"s":"a"},}',
    '{"message":"m","attributes":{"s":"a"}',
    '{"message":"m"}}',
    '{"message":"m"} x',
    '{"trace_id":"a1b2c3d4e5f60718a1b2c3d4e5f60718","attributes":{"trace_id":"b1b2c3d4e5f60718a1b2c3d4e5f60718"}}',
    '{"attributes":{"trace_id":"00000000000000000000000000000000"}}',
    '{"attributes":{"span_id":"A1B2C3D4E5F60718"}}',
    '{"level":"loud","message":"m"}',
    '{"service":"","message":"m"}',
    '{"timestamp":"2026-11-22T00:00:00Z","message":"m"}',
    '{"timestamp":"2026-02-30T00:00:00Z","message":"m"}',
    '{"id":"1","message":"m"}',
    '{"msg":"m"}',
    '{"message":"level=info n=1"}',
    '{"message":"m","other":{"n":1}}',
  ])('leaves to parsing what only that can tell: %s', (line) => {
    const common = '{"message":"m","attributes":{"n":1,"s":"a","b":true}}';
    const lines = [common, common, line, common];
    expect(expectSame([batchOf(Buffer.from(lines.join('\n')), lines.length)])).toBeLessThanOrEqual(2);
  });

  it('leaves a record that ends beyond its line alone', () => {
    const lines = ['{"message":"a"}', '{"message":"b"', ',"level":"info"}', '{"message":"c"}'];
    expectSame([batchOf(Buffer.from(lines.join('\n')), 4)]);
  });
});

const data = new URL('../../../shared/data/logs-100k.ndjson.gz', import.meta.url);
test.skipIf(!existsSync(data))('real records make the same file either way, nearly all from their bytes', () => {
  const lines = gunzipSync(readFileSync(data)).toString().trimEnd().split('\n').slice(0, 30_000);
  const batches = Array.from({ length: 60 }, (_, i) => {
    const own = lines.slice(i * 500, i * 500 + 500);
    return batchOf(Buffer.from(`${own.join('\n')}\n`), own.length, { baseOffset: i * 500 });
  });
  expect(expectSame(batches)).toBeGreaterThan(29_000);
});

test('a message is plain by its bytes only where its text has no form', () => {
  const odd = fc.array(oneOf('a', 'é', '😀', ' ', '=', '"', '-', ':', '<', '{', '2026', '-1', 'T10:', '01', 'Oct', '日'), {
    maxLength: 24,
  });
  const check = (text: string): boolean => {
    const bytes = Buffer.from(`"${text}":1-3: - x:y:z`);
    const end = bytes.length - ':1-3: - x:y:z'.length - 1;
    return isPlain(bytes, 1, end) === (formOf(text) === undefined);
  };
  fc.assert(
    fc.property(
      fc.oneof(
        odd.map((parts) => parts.join('')),
        texts,
      ),
      (text) => text.isWellFormed() === false || check(text),
    ),
    { numRuns: 5000 },
  );
});
