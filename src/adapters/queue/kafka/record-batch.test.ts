import fc from 'fast-check';
import Decoder from 'kafkajs/src/protocol/decoder.js';
import decodeRecordBatch from 'kafkajs/src/protocol/recordBatch/v0/decoder.js';
import { expect, test } from 'vitest';
import { registerCodecs } from './codecs.ts';
import { packRecords, produceBody, recordBatch } from './record-batch.ts';

test('kafkajs reads from a record batch what was packed into it, whatever the codec', async () => {
  registerCodecs();
  const bytes = (maxLength: number) => fc.uint8Array({ minLength: 1, maxLength }).map((value) => Buffer.from(value));
  const chunk = fc.record({ header: bytes(300), values: fc.array(bytes(200), { minLength: 1, maxLength: 150 }) });
  const identity = { producerId: 9_007_199_254_740_993n, producerEpoch: 7, firstSequence: 2 ** 31 - 1 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(chunk, { minLength: 1, maxLength: 3 }),
      fc.constantFrom('none', 'snappy', 'zstd'),
      async (chunks, compression) => {
        const packed = await packRecords(chunks, compression);
        const batch = recordBatch(packed, identity, 1_763_733_600_123);
        const { records, ...head } = await decodeRecordBatch(new Decoder(batch));
        const expected = chunks.flatMap(({ header, values }) => values.map((value) => [value.toString('hex'), header.toString('hex')]));
        expect(records.map(({ value, headers }) => [value.toString('hex'), headers.ld!.toString('hex')])).toEqual(expected);
        expect(records.map(({ offset, timestamp, key }) => [offset, timestamp, key])).toEqual(
          expected.map((_, index) => [String(index), '1763733600123', null]),
        );
        expect(packed.count).toBe(expected.length);
        const same = { producerId: '9007199254740993', producerEpoch: 7, firstSequence: 2 ** 31 - 1 };
        expect(head).toMatchObject({ ...same, lastOffsetDelta: expected.length - 1 });
        expect(produceBody('logs.raw', 3, batch, 5_000).subarray(-batch.length).equals(batch)).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});
