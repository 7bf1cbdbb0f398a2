import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RawBatch } from '../../../core/ports/queue.ts';
import { batchesOf, type Chunk, chunksOf, type KafkaEvent, messagesOfEvent, type WireMessage } from './wire.ts';
import { parseHeader, printHeader } from './wire-header.ts';

const request = {
  tenant: 'acme',
  observedUs: 1_763_733_600_123_456,
  requestId: 'r-1',
  rulesVersion: 4_000_000_000,
  defaults: { service: 'api', host: 'wörker-1' },
  idempotency: { key: 'once ~ "7"', bodyHmac: new Uint8Array(32).fill(7) },
};

function bodyOf(format: RawBatch['format'], text: string, total: number, rejected: number[] = []): RawBatch {
  const accepted = rejected.length > 0 ? new Uint8Array(Math.ceil(total / 8)).fill(0xff) : undefined;
  for (const index of rejected) accepted![index >> 3]! &= ~(1 << (index & 7));
  return { ...request, format, payload: Buffer.from(text), total, accepted, count: total - rejected.length };
}

const asRead = (chunks: Chunk[], from = 0): WireMessage[] =>
  chunks
    .flatMap(({ header, values }) => values.map((value) => ({ timestampMs: 5, value, header: Buffer.from(header) })))
    .map((message, index) => ({ ...message, offset: from + index }));

const linesOf = ({ payload }: { payload: Uint8Array }): string[] => Buffer.from(payload).toString().split('\n').slice(0, -1);
const texts = (chunks: Chunk[]): string[] => chunks.flatMap(({ values }) => values.map(String));

describe('chunks', () => {
  it('hold the accepted records only, as they were received, one line each', () => {
    expect(texts(chunksOf(bodyOf('ndjson', '{"a":1}\r\n\n  \t\n {"b": 2} \n{"c":3}', 3, [1])))).toEqual(['{"a":1}', '{"c":3}']);
    const json = ' [ {"a":"x,]}\\"\\\\",\n "b":[1,{}]} , 5,"," ,\n{"c":{}}\n]\n';
    expect(texts(chunksOf(bodyOf('json', json, 4, [1])))).toEqual(['{"a":"x,]}\\"\\\\",  "b":[1,{}]}', '","', '{"c":{}}']);
    expect(texts(chunksOf(bodyOf('json', ' {"only":[1,2]}\n', 1)))).toEqual(['{"only":[1,2]}']);
  });

  it('are as large as they may be, and a larger record goes alone', () => {
    const records = ['a'.repeat(6), 'b'.repeat(4), 'c'.repeat(25), 'd', 'e'.repeat(9), 'f'].map((text) => `"${text}"`.slice(1, -1));
    const chunks = chunksOf(bodyOf('ndjson', records.join('\n'), 6), 10);
    expect(chunks.map(({ values, bytes, first }) => [values.length, bytes, first])).toEqual([
      [2, 10, 0],
      [1, 25, 2],
      [2, 10, 3],
      [1, 1, 5],
    ]);
    expect(chunks.map(({ header }) => parseHeader(header))).toMatchObject([0, 2, 3, 5].map((first, chunk) => ({ chunk, first })));
  });

  it('are smaller where the records are so small that their headers weigh more', () => {
    const chunks = chunksOf(bodyOf('ndjson', '{"a":1}\n'.repeat(10_000), 10_000));
    for (const { header, values, bytes } of chunks) expect(bytes + values.length * header.length).toBeLessThan(2 ** 20);
    expect(chunks.reduce((sum, { values }) => sum + values.length, 0)).toBe(10_000);
    expect(chunks.length).toBeLessThan(5);
  });

  it('leave out what is appended already', () => {
    const batch = bodyOf('ndjson', '{"a":0}\n{"a":1}\n{"a":2}\n{"a":3}\n{"a":4}\n', 5, [1]);
    const rest = (done: [number, number][]) => chunksOf(batch, 1000, done).map((chunk) => [chunk.first, texts([chunk])]);
    expect(rest([[0, 4]])).toEqual([]);
    expect(rest([[1, 3]])).toEqual([
      [0, ['{"a":0}']],
      [3, ['{"a":4}']],
    ]);
    expect(
      rest([
        [0, 1],
        [0, 2],
      ]),
    ).toEqual([[2, ['{"a":3}', '{"a":4}']]]);
  });

  it('refuse a payload that holds fewer records than it says', () => {
    expect(() => chunksOf(bodyOf('ndjson', '{}\n', 2))).toThrow(RangeError);
    expect(() => chunksOf(bodyOf('json', '[{}]', 2))).toThrow(RangeError);
  });

  it('give back every accepted record of any body, at its offset, with the context of its request', () => {
    const record = fc.json({ maxDepth: 3 }).filter((text) => text.trim() !== '');
    const body = fc.record({
      records: fc.array(record, { minLength: 1, maxLength: 40 }),
      rejected: fc.array(fc.nat(39)),
      isJson: fc.boolean(),
      maxBytes: fc.integer({ min: 1, max: 400 }),
    });
    fc.assert(
      fc.property(body, ({ records, rejected, isJson, maxBytes }) => {
        const isRejected = (index: number) => index > 0 && rejected.includes(index);
        const text = isJson ? `[${records.join(' ,\n')}]` : records.join('\n');
        const batch = bodyOf(isJson ? 'json' : 'ndjson', text, records.length, records.map((_, index) => index).filter(isRejected));
        const batches = batchesOf(3, 7, asRead(chunksOf(batch, maxBytes), 100));
        expect(batches.flatMap(linesOf)).toEqual(records.filter((_, index) => !isRejected(index)));
        let next = 100;
        for (const { payload: _payload, ...rest } of batches) {
          const { count } = rest;
          const position = { partition: 3, generation: 7, baseOffset: next };
          expect(rest).toEqual({ ...request, ...position, format: 'ndjson', accepted: undefined, total: count, count });
          next += count;
        }
      }),
    );
  });
});

describe('batches', () => {
  const chunk = chunksOf(bodyOf('ndjson', '{"a":1}\n{"a":2}\n{"a":3}\n', 3));

  it('join neighbours of one chunk, and part where an offset is missing', () => {
    const messages = asRead(chunk, 5);
    expect(batchesOf(0, 1, messages).map(({ baseOffset, count }) => [baseOffset, count])).toEqual([[5, 3]]);
    const gap = [messages[0]!, messages[2]!];
    expect(batchesOf(0, 1, gap).map(({ baseOffset, count }) => [baseOffset, count])).toEqual([
      [5, 1],
      [7, 1],
    ]);
    expect(batchesOf(0, 1, [])).toEqual([]);
  });

  it('account for messages of others: each is a record that is none, and says why', () => {
    const header = printHeader({ ...request, chunk: 0, first: 0 });
    const broken = Buffer.from(header.toString().replace('"acme"', '"ACME!"'));
    const odd: [Uint8Array | null, Uint8Array | undefined][] = [
      [Buffer.from('{"message":"hi"}'), undefined],
      [Buffer.from('two\nlines "quoted"'), undefined],
      [null, undefined],
      [Buffer.from('{}'), broken],
      [Buffer.from('{}'), Buffer.from([0xff, 0x00])],
      [null, header],
      [Buffer.from(' \n'), header],
      [Buffer.from('{"a":\n1}'), header],
      [Buffer.from('[1,\n2]'), header],
    ];
    const messages = odd.map(([value, header], offset) => ({ offset, timestampMs: 5, value, header }));
    const batches = batchesOf(0, 1, messages);
    expect(batches.flatMap(linesOf)).toEqual([
      String.raw`"a Kafka message without ld header: {\"message\":\"hi\"}"`,
      String.raw`"a Kafka message without ld header: two\nlines \"quoted\""`,
      '"a Kafka message without ld header: no value"',
      '"a Kafka message whose ld header cannot be read: {}"',
      '"a Kafka message whose ld header cannot be read: {}"',
      '"a Kafka message without a value"',
      '"a Kafka message with a blank value"',
      '{"a": 1}',
      '[1, 2]',
    ]);
    expect(batches.map(({ tenant, baseOffset, count, observedUs }) => [tenant, baseOffset, count, observedUs])).toEqual([
      ...[0, 1, 2, 3, 4].map((offset) => ['logdrive-system', offset, 1, 5000]),
      ['acme', 5, 4, request.observedUs],
    ]);
  });

  it('are the same whether the messages come from a broker or in an event of a function', () => {
    const messages = asRead(chunk, 40);
    const records = messages.map(({ offset, timestampMs, value, header }) => ({
      topic: 'logs.raw',
      partition: 2,
      offset,
      timestamp: timestampMs,
      timestampType: 'CREATE_TIME',
      value: Buffer.from(value!).toString('base64'),
      headers: [{ other: [1, 2] }, { ld: [...new Int8Array(header!)] }],
    }));
    const tombstone = { topic: 'logs.raw', partition: 0, offset: 9, timestamp: 5, headers: [] };
    const event: KafkaEvent = JSON.parse(
      JSON.stringify({ eventSource: 'aws:kafka', records: { 'logs.raw-2': records, 'logs.raw-0': [tombstone], 'logs.raw-1': [] } }),
    );
    const partitions = messagesOfEvent(event);
    expect(partitions.map(({ topic, partition }) => [topic, partition])).toEqual([
      ['logs.raw', 2],
      ['logs.raw', 0],
    ]);
    expect(batchesOf(2, 1, partitions[0]!.messages)).toEqual(batchesOf(2, 1, messages));
    expect(partitions[1]!.messages).toEqual([{ offset: 9, timestampMs: 5, value: null, header: undefined }]);
  });
});
