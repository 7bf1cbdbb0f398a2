import { decodeLevels } from './decode-hybrid.ts';

/** Texts of consecutive rows within one buffer: row i is `bytes[starts[i] .. ends[i]]`, absent where `present[i]` is 0 (never, without `present`). */
export type Texts = { bytes: Buffer; starts: Uint32Array; ends: Uint32Array; present: Uint8Array | undefined };

/** Finds the texts of a PLAIN page of BYTE_ARRAY; the page's bytes stay where they are. */
export function decodeTexts(page: Buffer, rows: number, optional: boolean): Texts {
  const { present, at } = optional ? decodeLevels(page, rows) : { present: undefined, at: 0 };
  const starts = new Uint32Array(rows);
  const ends = new Uint32Array(rows);
  let p = at;
  for (let i = 0; i < rows; i++) {
    if (present !== undefined && present[i] === 0) continue;
    const start = p + 4;
    p = start + (page[p]! | (page[p + 1]! << 8) | (page[p + 2]! << 16) | (page[p + 3]! << 24));
    starts[i] = start;
    ends[i] = p;
  }
  return { bytes: page, starts, ends, present };
}

/** A copy that starts at the start of its buffer (`slice` of a Buffer is none). */
const alignedCopy = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

/** Decodes a PLAIN page of DOUBLE; absent values become NaN. */
export function decodeDoubles(page: Uint8Array, rows: number, optional: boolean, out: Float64Array, outAt: number): void {
  const { present, at } = optional ? decodeLevels(page, rows) : { present: undefined, at: 0 };
  const values = new Float64Array(alignedCopy(page.subarray(at)));
  if (!present) out.set(values.subarray(0, rows), outAt);
  else for (let i = 0, k = 0; i < rows; i++) out[outAt + i] = present[i] === 1 ? values[k++]! : Number.NaN;
}

/** Decodes a PLAIN page of BOOLEAN: 0 absent, 1 false, 2 true. */
export function decodeBooleans(page: Uint8Array, rows: number, optional: boolean, out: Uint8Array, outAt: number): void {
  const { present, at } = optional ? decodeLevels(page, rows) : { present: undefined, at: 0 };
  for (let i = 0, k = 0; i < rows; i++) {
    if (present !== undefined && present[i] === 0) out[outAt + i] = 0;
    else {
      out[outAt + i] = 1 + ((page[at + (k >> 3)]! >> (k & 7)) & 1);
      k++;
    }
  }
}

/** A dictionary page: code 1 is its first value. */
export interface Dictionary {
  readonly count: number;
  value(code: number): string | number;
}

export class TextDictionary implements Dictionary {
  readonly count: number;
  readonly #page: Buffer;
  readonly #starts: Uint32Array;
  readonly #values: (string | undefined)[];

  constructor(page: Buffer, count: number) {
    this.count = count;
    this.#page = page;
    this.#starts = new Uint32Array(count + 1);
    this.#values = new Array(count);
    let p = 0;
    for (let i = 0; i < count; i++) {
      this.#starts[i] = p + 4;
      p += 4 + page.readUInt32LE(p);
    }
    this.#starts[count] = p + 4;
  }

  value(code: number): string {
    const index = code - 1;
    let value = this.#values[index];
    if (value === undefined) {
      value = this.#page.toString('utf8', this.#starts[index], this.#starts[code]! - 4);
      this.#values[index] = value;
    }
    return value;
  }
}

export class NumberDictionary implements Dictionary {
  readonly count: number;
  readonly values: Float64Array | Int32Array;

  constructor(page: Uint8Array, count: number, type: 'int32' | 'double') {
    const buffer = alignedCopy(page);
    this.count = count;
    this.values = type === 'int32' ? new Int32Array(buffer, 0, count) : new Float64Array(buffer, 0, count);
  }

  value(code: number): number {
    return this.values[code - 1]!;
  }
}
