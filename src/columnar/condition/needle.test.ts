import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fold, hasToken } from '../../query/text.ts';
import type { Texts } from '../parquet/decode-plain.ts';
import { Selection } from '../selection.ts';
import { conditionOf } from './condition.ts';
import { keepTexts } from './keep-texts.ts';
import { Needle } from './needle.ts';

const unit = fc.constantFrom('a', 'A', 'b', 'B', '7', '0', ' ', '_', '.', 'é', 'É', 'ß', '😀', 'λ');
const text = fc.oneof(fc.string({ unit, maxLength: 12 }), fc.string({ unit: fc.constantFrom('a', '7'), maxLength: 24 }));
const part = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', '7', '0', ' ', '_', '.'), minLength: 1, maxLength: 4 }),
  fc.string({ unit: fc.constantFrom('a', '7'), minLength: 7, maxLength: 10 }),
);

/** Texts behind one another as in a PLAIN page, their lengths between them. */
function textsOf(values: string[]): Texts {
  const starts: number[] = [];
  const ends: number[] = [];
  const chunks: Buffer[] = [];
  let at = 0;
  for (const value of values) {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    chunks.push(length, bytes);
    starts.push(at + 4);
    at += 4 + bytes.length;
    ends.push(at);
  }
  return { bytes: Buffer.concat(chunks), starts: Uint32Array.from(starts), ends: Uint32Array.from(ends), present: undefined };
}

test('a needle is found in bytes where it is found in the folded text, one by one and all at once', () => {
  fc.assert(
    fc.property(
      fc.array(text, { minLength: 1, maxLength: 20 }),
      part,
      fc.boolean(),
      fc.boolean(),
      fc.integer({ min: 1, max: 3 }),
      fc.nat(9),
      (values, needleText, caseless, isToken, every, base) => {
        fc.pre(!isToken || /^\w+$/.test(needleText));
        const needle = new Needle(needleText, caseless, isToken);
        const expected = values
          .map((value) => (caseless ? fold(value) : value))
          .map((value) => (isToken ? hasToken(value, needleText) : value.includes(needleText)));
        const texts = textsOf(values);
        expect(values.map((_, i) => needle.isIn(texts.bytes, texts.starts[i]!, texts.ends[i]!))).toEqual(expected);
        const rows = values.map((_, i) => i + base).filter((_, i) => i % every === 0);
        const selection = new Selection(Uint16Array.from(rows), rows.length);
        needle.keepHolding(texts, base, selection);
        expect([...selection.rows.subarray(0, selection.count)]).toEqual(rows.filter((row) => expected[row - base]));
      },
    ),
    { numRuns: 500 },
  );
});

test('an equal text is found among many at once as it is found in each', () => {
  const id = fc.constantFrom('0123456789', '012345678', '00123456789', '01234567890123456789', '0123456789\u0004\0\0\0', 'other', '');
  fc.assert(
    fc.property(fc.array(id, { minLength: 32, maxLength: 60 }), fc.integer({ min: 1, max: 3 }), fc.nat(9), (values, every, base) => {
      const test = conditionOf({ kind: 'compare', op: '=', field: 'trace_id', value: '0123456789' });
      if (test.kind !== 'test') throw new Error('a comparison is one test');
      const rows = values.map((_, i) => i + base).filter((_, i) => i % every === 0);
      const selection = new Selection(Uint16Array.from(rows), rows.length);
      keepTexts(test, { kind: 'texts', texts: textsOf(values), base, asciiFold: true }, selection);
      expect([...selection.rows.subarray(0, selection.count)]).toEqual(rows.filter((row) => values[row - base] === '0123456789'));
    }),
    { numRuns: 300 },
  );
});
