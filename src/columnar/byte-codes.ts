import { grown } from './grown.ts';
import { copyText, hashText, isSameText, slack } from './json-text.ts';

const firstSlots = 32;
const firstBytes = 1 << 10;

/** Finds the codes of values by their UTF-8 bytes: values of a text column that were seen before need not become strings. */
export class ByteCodes {
  /** Entry number plus 1 by hash; 0 is free. */
  #slots = new Int32Array(firstSlots);
  #hashes = new Int32Array(firstSlots);
  #codes = new Uint16Array(firstSlots);
  #starts = new Uint32Array(firstSlots + 1);
  #bytes = Buffer.allocUnsafeSlow(firstBytes);
  #view = viewOf(this.#bytes);
  #count = 0;

  /** The code of the value at `view[from .. from + length]`, 0 where it has none. `slack` bytes must be readable behind it. */
  codeOf(view: DataView, from: number, length: number, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = slots[slot]! - 1;
      if (entry < 0) return 0;
      if (this.#hashes[entry] !== hash) continue;
      const start = this.#starts[entry]!;
      if (this.#starts[entry + 1]! - start === length && isSameText(this.#view, start, view, from, length)) return this.#codes[entry]!;
    }
  }

  /** Gives a value that has none its code. */
  add(view: DataView, from: number, length: number, hash: number, code: number): void {
    const start = this.#room(length);
    copyText(view, from, length, this.#view, start);
    this.#put(start + length, hash, code);
  }

  /** {@link add} for a string. Two strings may have the same bytes only where one is ill-formed: that one is found as a string alone. */
  addString(value: string, code: number): void {
    if (!value.isWellFormed()) return;
    const start = this.#room(value.length * 3);
    const length = this.#bytes.write(value, start);
    this.#put(start + length, hashText(this.#view, start, length), code);
  }

  #room(length: number): number {
    const start = this.#starts[this.#count]!;
    if (start + length + slack > this.#bytes.length) {
      const bytes = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, start + length + slack));
      this.#bytes.copy(bytes, 0, 0, start);
      this.#bytes = bytes;
      this.#view = viewOf(bytes);
    }
    return start;
  }

  #put(end: number, hash: number, code: number) {
    const entry = this.#count++;
    if (entry === this.#hashes.length) this.#grow();
    this.#hashes[entry] = hash;
    this.#codes[entry] = code;
    this.#starts[entry + 1] = end;
    if (this.#count * 2 > this.#slots.length) this.#rehash();
    else this.#place(entry);
  }

  #place(entry: number) {
    const mask = this.#slots.length - 1;
    let slot = this.#hashes[entry]! & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = entry + 1;
  }

  #rehash() {
    this.#slots = new Int32Array(this.#slots.length * 4);
    for (let entry = 0; entry < this.#count; entry++) this.#place(entry);
  }

  #grow() {
    const length = this.#hashes.length * 2;
    this.#hashes = grown(this.#hashes, length);
    this.#codes = grown(this.#codes, length);
    this.#starts = grown(this.#starts, length + 1);
  }
}

/** A view of bytes for the functions of `json-text.ts`. */
export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
