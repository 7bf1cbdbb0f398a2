import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Receipt } from '../../core/receipt.ts';
import { printReceipt, readReceipt } from './receipt-token.ts';

const secret = randomBytes(32);

const receipt: fc.Arbitrary<Receipt> = fc.record({
  tenant: fc.stringMatching(/^[a-z0-9-]{1,40}$/),
  generation: fc.nat({ max: 1023 }),
  partition: fc.nat({ max: 1023 }),
  runs: fc.array(fc.tuple(fc.nat({ max: 2 ** 40 }), fc.integer({ min: 1, max: 10_000 })), { maxLength: 20 }).map((gaps) => {
    let end = 0;
    return gaps.map(([gap, length]): [number, number] => {
      const from = end + gap;
      end = from + length;
      return [from, end];
    });
  }),
});

const ofSignal: fc.Arbitrary<Receipt> = fc
  .tuple(fc.constantFrom('metrics', 'events', 'traces'), receipt)
  .map(([signal, given]) => ({ signal, ...given }));

const sample: Receipt = { tenant: 'acme', generation: 1, partition: 0, runs: [[1_000_000, 1_000_500]] };

describe('a receipt token', () => {
  it('reads back as what was printed', () => {
    fc.assert(
      fc.property(fc.oneof(receipt, ofSignal), (given) => {
        expect(readReceipt(secret, printReceipt(secret, given))).toEqual(given);
      }),
    );
  });

  it('is short: 500 records in one run fit into 44 characters', () => {
    expect(printReceipt(secret, sample).length).toBeLessThanOrEqual(44);
  });

  it('is refused when any one character of it is another', () => {
    const token = printReceipt(secret, sample);
    fc.assert(
      fc.property(fc.nat({ max: token.length - 1 }), fc.constantFrom(...'AaZz09-_.=+ '), (at, c) => {
        fc.pre(token[at] !== c);
        expect(() => readReceipt(secret, token.slice(0, at) + c + token.slice(at + 1))).toThrow('NOT_FOUND');
      }),
      { numRuns: 500 },
    );
  });

  it.each(['', 'r1', 'r1..', 'r1.AA.AA', 'r2.AA.AA', 'r1.a.b.c', 'x'.repeat(200_000)])('is refused when it is no token at all', (token) => {
    expect(() => readReceipt(secret, token)).toThrow('NOT_FOUND');
  });

  it('is refused under another secret, and for another tenant', () => {
    const token = printReceipt(secret, sample);
    expect(() => readReceipt(randomBytes(32), token)).toThrow('NOT_FOUND');
    expect(() => readReceipt(secret, token, 'other')).toThrow('NOT_FOUND');
    expect(readReceipt(secret, token, 'acme')).toEqual(sample);
  });
});
