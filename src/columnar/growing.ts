import { ByteCodes, viewOf } from './byte-codes.ts';
import type { BooleanColumn, HeapColumn, NumberColumn, SmallColumn, TextColumn } from './columns.ts';
import { grown } from './grown.ts';
import { copyText, slack } from './json-text.ts';

/** A text column that is filled row by row; every distinct value is kept once. */
export class GrowingText implements TextColumn {
  readonly kind = 'text';
  codes: Uint16Array;
  values: string[] = [];
  readonly #codeByValue = new Map<string, number>();
  /** The same by bytes, once a value has come as bytes. */
  #byteCodes: ByteCodes | undefined;
  #last = '';
  #lastCode = 0;

  constructor(capacity: number) {
    this.codes = new Uint16Array(capacity);
  }

  /** Sets a row's value; returns the bytes of memory that a value not seen before takes, roughly. */
  set(row: number, value: string): number {
    if (value === this.#last && this.#lastCode !== 0) {
      this.codes[row] = this.#lastCode;
      return 0;
    }
    let code = this.#codeByValue.get(value);
    const isNew = code === undefined;
    if (code === undefined) {
      code = this.values.push(value);
      this.#codeByValue.set(value, code);
      this.#byteCodes?.addString(value, code);
    }
    this.codes[row] = code;
    this.#last = value;
    this.#lastCode = code;
    return isNew ? value.length + 32 : 0;
  }

  /** {@link set} for the UTF-8 text at `view[from .. from + length]`, of which `hashedTextEnd` gave the hash. `bytes` are those of the view. */
  setText(row: number, bytes: Buffer, view: DataView, from: number, length: number, hash: number): number {
    this.#byteCodes ??= this.#codesByBytes();
    const known = this.#byteCodes;
    const code = known.codeOf(view, from, length, hash);
    if (code !== 0) {
      this.codes[row] = code;
      return 0;
    }
    const value = bytes.toString('utf8', from, from + length);
    const added = this.values.push(value);
    this.#codeByValue.set(value, added);
    known.add(view, from, length, hash, added);
    this.codes[row] = added;
    return value.length + 32;
  }

  #codesByBytes(): ByteCodes {
    const made = new ByteCodes();
    this.values.forEach((value, i) => {
      made.addString(value, i + 1);
    });
    return made;
  }

  /** The code of a value, 0 where no row has it. */
  codeOf(value: string): number {
    return this.#codeByValue.get(value) ?? 0;
  }

  grow(capacity: number): void {
    this.codes = grown(this.codes, capacity);
  }
}

export class GrowingNumbers implements NumberColumn {
  readonly kind = 'number';
  values: Float64Array;
  readonly #fill: number;

  /** @param fill what rows hold that are never set: NaN for absent */
  constructor(capacity: number, fill: number) {
    this.#fill = fill;
    this.values = new Float64Array(capacity);
    if (fill !== 0) this.values.fill(fill);
  }

  grow(capacity: number): void {
    const before = this.values.length;
    this.values = grown(this.values, capacity);
    if (this.#fill !== 0) this.values.fill(this.#fill, before);
  }
}

export class GrowingBooleans implements BooleanColumn {
  readonly kind = 'boolean';
  values: Uint8Array;

  constructor(capacity: number) {
    this.values = new Uint8Array(capacity);
  }

  grow(capacity: number): void {
    this.values = grown(this.values, capacity);
  }
}

export class GrowingSmall implements SmallColumn {
  readonly kind = 'small';
  values: Uint16Array;

  constructor(capacity: number) {
    this.values = new Uint16Array(capacity);
  }

  grow(capacity: number): void {
    this.values = grown(this.values, capacity);
  }
}

const firstHeapBytes = 1 << 12;

/** Longer texts are worth a native copy. */
const longText = 256;

export class GrowingHeap implements HeapColumn {
  readonly kind = 'heap';
  bytes: Buffer;
  #view: DataView;
  starts: Uint32Array;
  present: Uint8Array;
  end = 0;

  constructor(capacity: number, bytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(bytes);
    this.#view = viewOf(this.bytes);
    this.starts = new Uint32Array(capacity + 1);
    this.present = new Uint8Array(capacity);
  }

  /** Sets the next row: rows are to be set in order, absent ones too (unless none was present so far). Returns the bytes taken. */
  set(row: number, value: string | undefined): number {
    if (value === undefined) {
      this.starts[row + 1] = this.end;
      return 0;
    }
    if (this.end + value.length * 3 > this.bytes.length) this.#makeRoom(value.length * 3);
    const written = this.bytes.write(value, this.end);
    this.end += written;
    this.starts[row + 1] = this.end;
    this.present[row] = 1;
    return written;
  }

  /** {@link set} for the UTF-8 text at `view[from .. from + length]`, behind which `slack` bytes are readable. `bytes` are those of the view. */
  setText(row: number, bytes: Buffer, view: DataView, from: number, length: number): number {
    const end = this.end + length;
    if (end + slack > this.bytes.length) this.#makeRoom(length + slack);
    if (length > longText) bytes.copy(this.bytes, this.end, from, from + length);
    else copyText(view, from, length, this.#view, this.end);
    this.end = end;
    this.starts[row + 1] = end;
    this.present[row] = 1;
    return length;
  }

  grow(capacity: number): void {
    this.starts = grown(this.starts, capacity + 1);
    this.present = grown(this.present, capacity);
  }

  #makeRoom(needed: number) {
    const bytes = Buffer.allocUnsafeSlow(Math.max(firstHeapBytes, this.bytes.length * 2, this.end + needed));
    this.bytes.copy(bytes, 0, 0, this.end);
    this.bytes = bytes;
    this.#view = viewOf(bytes);
  }
}
