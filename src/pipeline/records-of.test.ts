import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QueueBatch } from '../core/ports/queue.ts';
import { type Decoded, recordsOf } from './records-of.ts';

const hooks = { hash: (text: string) => text };

function batchOf(payload: string, over: Partial<QueueBatch> = {}): QueueBatch {
  const total = payload.split('\n').filter((line) => line.trim() !== '').length;
  return {
    ...{ tenant: 'acme', observedUs: 1_795_176_000_000_000, format: 'ndjson', payload: Buffer.from(payload), total, accepted: undefined },
    ...{
      count: total,
      defaults: {},
      requestId: 'r',
      rulesVersion: 1,
      idempotency: undefined,
      generation: 1,
      partition: 0,
      baseOffset: 100,
    },
    ...over,
  };
}

const told = (decoded: Decoded[]): [number, string | undefined][] =>
  decoded.map((item) => [item.offset, 'record' in item ? item.record.message : item.fault.code]);

describe('decoding a batch', () => {
  it('gives each accepted record its offset, in the order of the payload', () => {
    const payload = '{"message":"a"}\n\n{"message":"no"}\r\n  {"message":"b"}\nnot json\n{"message":"c"}';
    const batch = batchOf(payload, { accepted: Uint8Array.of(0b10101), count: 3, defaults: { service: 'api' } });
    expect(told(recordsOf(batch, hooks))).toEqual([
      [100, 'a'],
      [101, 'b'],
      [102, 'c'],
    ]);
    expect(recordsOf(batch, hooks)[0]).toMatchObject({ record: { service: 'api' } });
  });

  it('takes one object or an array of them as well', () => {
    expect(told(recordsOf(batchOf('{"message":"a"}', { format: 'json' }), hooks))).toEqual([[100, 'a']]);
    const array = batchOf('[{"message":"a"},\n{"message":"b"},{"message":"c"}]', {
      format: 'json',
      accepted: Uint8Array.of(0b101),
      count: 2,
    });
    expect(told(recordsOf(array, hooks))).toEqual([
      [100, 'a'],
      [101, 'c'],
    ]);
  });

  it('keeps the digits of long integers in the records that have them, and leaves the others alone', () => {
    const [a, b] = recordsOf(batchOf('{"message":"a","n":12345678901234567890}\n{"message":"b","n":1}'), hooks);
    expect([a, b]).toMatchObject([{ record: { attributes: { n: '12345678901234567890' } } }, { record: { attributes: { n: 1 } } }]);
  });

  it('tells every offset exactly once and never throws, whatever the payload', () => {
    const lines = fc.array(fc.oneof(fc.json(), fc.string(), fc.constant('{"message":"a"}'), fc.constant('{"timestamp":"soon"}')), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(
        lines,
        fc.uint8Array({ maxLength: 2 }),
        fc.nat(10),
        fc.constantFrom('json', 'ndjson'),
        (texts, accepted, count, format) => {
          const batch = batchOf(texts.join('\n'), { accepted: accepted.length === 0 ? undefined : accepted, count, format });
          const decoded = recordsOf(batch, hooks);
          expect(decoded.map(({ offset }) => offset)).toEqual(Array.from({ length: count }, (_, i) => 100 + i));
          expect(recordsOf(batch, hooks)).toEqual(decoded);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('says why a record that cannot be read is none, with its bytes', () => {
    const [bad, missing] = recordsOf(batchOf('{"timestamp":"soon"}', { count: 2 }), hooks);
    expect(bad).toMatchObject({ offset: 100, fault: { code: 'INVALID_TIMESTAMP', path: 'timestamp' } });
    expect(bad && 'bytes' in bad && Buffer.from(bad.bytes).toString()).toBe('{"timestamp":"soon"}');
    expect(missing).toMatchObject({ offset: 101, fault: { code: 'MISSING' } });
  });
});
