/** Types of fields in Thrift's compact protocol. https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md */
export const thriftType = { true: 1, false: 2, i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const;

/** Writes structs in Thrift's compact protocol, which Parquet's footer and page headers are in. Integers are exact up to 2^52. */
export class CompactWriter {
  #bytes = Buffer.allocUnsafe(256);
  #at = 0;
  #lastId = 0;
  readonly #outerIds: number[] = [];

  /** A copy of what was written so far. */
  finish(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#at));
  }

  reset(): this {
    this.#at = 0;
    this.#lastId = 0;
    this.#outerIds.length = 0;
    return this;
  }

  i32(id: number, value: number): this {
    this.#field(id, thriftType.i32);
    return this.zigzag(value);
  }

  i64(id: number, value: number): this {
    this.#field(id, thriftType.i64);
    return this.zigzag(value);
  }

  boolean(id: number, value: boolean): this {
    return this.#field(id, value ? thriftType.true : thriftType.false);
  }

  binary(id: number, value: string | Uint8Array): this {
    this.#field(id, thriftType.binary);
    return this.element(value);
  }

  /** Opens a struct that is a field; `end` closes it. */
  struct(id: number): this {
    this.#field(id, thriftType.struct);
    return this.open();
  }

  /** Opens a struct that is an element of a list, or the outermost one. */
  open(): this {
    this.#outerIds.push(this.#lastId);
    this.#lastId = 0;
    return this;
  }

  end(): this {
    this.#room(1);
    this.#bytes[this.#at++] = 0;
    this.#lastId = this.#outerIds.pop() ?? 0;
    return this;
  }

  /** Opens a list of so many elements, which follow. */
  list(id: number, type: number, length: number): this {
    this.#field(id, thriftType.list);
    this.#room(1);
    if (length < 15) {
      this.#bytes[this.#at++] = (length << 4) | type;
      return this;
    }
    this.#bytes[this.#at++] = 0xf0 | type;
    return this.#varint(length);
  }

  /** An element of a list of strings. */
  element(value: string | Uint8Array): this {
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    this.#varint(bytes.length);
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
    return this;
  }

  /** An element of a list of integers. */
  zigzag(value: number): this {
    return this.#varint(value < 0 ? -value * 2 - 1 : value * 2);
  }

  #field(id: number, type: number): this {
    this.#room(1);
    const step = id - this.#lastId;
    this.#lastId = id;
    if (step > 0 && step < 16) {
      this.#bytes[this.#at++] = (step << 4) | type;
      return this;
    }
    this.#bytes[this.#at++] = type;
    return this.zigzag(id);
  }

  #varint(value: number): this {
    this.#room(10);
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.#at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#at++] = rest;
    return this;
  }

  #room(length: number) {
    if (this.#at + length <= this.#bytes.length) return;
    const bytes = Buffer.allocUnsafe((this.#at + length) * 2);
    this.#bytes.copy(bytes, 0, 0, this.#at);
    this.#bytes = bytes;
  }
}
