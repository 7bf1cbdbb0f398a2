import type { BooleanColumn, HeapColumn, NumberColumn, SmallColumn, TextColumn } from './columns.ts';

type Cells = Float64Array | Uint32Array | Uint16Array | Uint8Array;

/** Makes a longer copy of an array, zeros behind. */
export function grown<T extends Cells>(cells: T, length: number): T {
  const longer = new (cells.constructor as new (length: number) => T)(length);
  longer.set(cells);
  return longer;
}

/** A text column that is filled row by row; every distinct value is kept once. */
export class GrowingText implements TextColumn {
  readonly kind = 'text';
  codes: Uint16Array;
  values: string[] = [];
  #codeByValue = new Map<string, number>();
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
    }
    this.codes[row] = code;
    this.#last = value;
    this.#lastCode = code;
    return isNew ? value.length + 32 : 0;
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

export class GrowingHeap implements HeapColumn {
  readonly kind = 'heap';
  bytes: Buffer;
  starts: Uint32Array;
  present: Uint8Array;
  end = 0;

  constructor(capacity: number, bytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(bytes);
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

  grow(capacity: number): void {
    this.starts = grown(this.starts, capacity + 1);
    this.present = grown(this.present, capacity);
  }

  #makeRoom(needed: number) {
    const bytes = Buffer.allocUnsafeSlow(Math.max(firstHeapBytes, this.bytes.length * 2, this.end + needed));
    this.bytes.copy(bytes, 0, 0, this.end);
    this.bytes = bytes;
  }
}
