import type { BooleanColumn, HeapColumn, NumberColumn, SmallColumn, TextColumn } from './columns.ts';
import type { Pieces } from './merge-pieces.ts';
import type { Dictionary } from './parquet/decode-plain.ts';
import { type ColumnData, textAt, valueAt } from './rows.ts';
import type { Steps } from './steps.ts';

const shortText = 48;

/** Distinct texts of a column that is put together, and their codes. */
export class TextCodes {
  readonly values: string[] = [];
  readonly #codeByValue = new Map<string, number>();

  codeOf(value: string): number {
    let code = this.#codeByValue.get(value);
    if (code === undefined) {
      code = this.values.push(value);
      this.#codeByValue.set(value, code);
    }
    return code;
  }
}

/** Brings a text column into the new order: a dictionary's value is looked up once, not once a row. */
export function* gatherText(pieces: Pieces, name: string): Steps<TextColumn & { distinct: TextCodes }> {
  const loaded = yield* pieces.load(name);
  const codes = new Uint16Array(pieces.rows);
  const distinct = new TextCodes();
  const recoded = new Map<Dictionary, Uint16Array>();
  yield* pieces.each((place, from, to, at) => {
    const data = loaded[place];
    if (data === undefined) return;
    if (data.kind === 'texts') {
      for (let row = from; row < to; row++) {
        const value = textAt(data.texts, row - data.base);
        if (value !== undefined) codes[at + row - from] = distinct.codeOf(value);
      }
    } else if (data.kind === 'codes') {
      let newCodes = recoded.get(data.dictionary);
      if (!newCodes) {
        newCodes = new Uint16Array(data.dictionary.count + 1);
        recoded.set(data.dictionary, newCodes);
      }
      recode(data.codes, from - data.base, to - data.base, codes, at, newCodes, (code) =>
        distinct.codeOf(data.dictionary.value(code) as string),
      );
    }
  });
  return { kind: 'text', codes, values: distinct.values, distinct };
}

function recode(
  codes: Uint8Array | Uint16Array,
  from: number,
  to: number,
  out: Uint16Array,
  at: number,
  newCodes: Uint16Array,
  newCodeOf: (code: number) => number,
): void {
  for (let row = from, i = at; row < to; row++, i++) {
    const code = codes[row]!;
    if (code === 0) continue;
    let newCode = newCodes[code]!;
    if (newCode === 0) {
      newCode = newCodeOf(code);
      newCodes[code] = newCode;
    }
    out[i] = newCode;
  }
}

/** Brings numbers into the new order, NaN for absent. */
export function* gatherNumbers(pieces: Pieces, name: string): Steps<NumberColumn> {
  const values = new Float64Array(pieces.rows).fill(Number.NaN);
  yield* gatherInto(values, pieces, name);
  return { kind: 'number', values };
}

export function* gatherSmall(pieces: Pieces, name: string): Steps<SmallColumn> {
  const values = new Uint16Array(pieces.rows);
  yield* gatherInto(values, pieces, name);
  return { kind: 'small', values };
}

function* gatherInto(out: Float64Array | Uint16Array, pieces: Pieces, name: string): Steps<void> {
  const loaded = yield* pieces.load(name);
  yield* pieces.each((place, from, to, at) => {
    const data = loaded[place];
    if (data === undefined) return;
    if (data.kind === 'numbers') {
      for (let row = from - data.base, i = at; row < to - data.base; row++, i++) out[i] = data.values[row]!;
    } else if (data.kind === 'codes') {
      const { codes, dictionary, base } = data;
      for (let row = from - base, i = at; row < to - base; row++, i++)
        if (codes[row] !== 0) out[i] = dictionary.value(codes[row]!) as number;
    }
  });
}

export function* gatherBooleans(pieces: Pieces, name: string): Steps<BooleanColumn> {
  const loaded = yield* pieces.load(name);
  const values = new Uint8Array(pieces.rows);
  yield* pieces.each((place, from, to, at) => {
    const data = loaded[place];
    if (data?.kind === 'flags') values.set(data.values.subarray(from - data.base, to - data.base), at);
  });
  return { kind: 'boolean', values };
}

/** Brings texts into the new order, side by side. */
export function* gatherHeap(pieces: Pieces, name: string): Steps<HeapColumn> {
  const loaded = yield* pieces.load(name);
  const starts = new Uint32Array(pieces.rows + 1);
  const present = new Uint8Array(pieces.rows);
  const bytes = Buffer.allocUnsafeSlow(yield* heapBytes(pieces, loaded));
  let end = 0;
  yield* pieces.each((place, from, to, at) => {
    const data = loaded[place];
    if (data?.kind !== 'texts') {
      starts.fill(end, at + 1, at + 1 + to - from);
      return;
    }
    const { texts, base } = data;
    for (let row = from - base, i = at; row < to - base; row++, i++) {
      if (texts.present === undefined || texts.present[row] === 1) {
        end = copyText(texts.bytes, texts.starts[row]!, texts.ends[row]!, bytes, end);
        present[i] = 1;
      }
      starts[i + 1] = end;
    }
  });
  return { kind: 'heap', bytes, starts, present };
}

function* heapBytes(pieces: Pieces, loaded: (ColumnData | undefined)[]): Steps<number> {
  let bytes = 0;
  yield* pieces.each((place, from, to) => {
    const data = loaded[place];
    if (data?.kind !== 'texts') return;
    for (let row = from - data.base; row < to - data.base; row++) bytes += data.texts.ends[row]! - data.texts.starts[row]!;
  });
  return bytes;
}

function copyText(bytes: Buffer, from: number, to: number, target: Buffer, at: number): number {
  if (to - from > shortText) bytes.copy(target, at, from, to);
  else for (let i = from; i < to; i++) target[at + i - from] = bytes[i]!;
  return at + to - from;
}

/** Visits every value of a column with its new row. */
export function* eachValue(pieces: Pieces, name: string, visit: (row: number, value: string | number | boolean) => void): Steps<void> {
  const loaded = yield* pieces.load(name);
  yield* pieces.each((place, from, to, at) => {
    for (let row = from; row < to; row++) {
      const value = valueAt(loaded[place], row);
      if (value !== undefined) visit(at + row - from, value);
    }
  });
}
