import { copyText, hashText, isSameText, slack } from './json-text.ts';

const firstSlots = 32;
const firstBytes = 1 << 10;

/** Finds the codes of values by their UTF-8 bytes: values of a text column that were seen before need not become strings. */
export class ByteCodes {
  /** By fours, so that one line of the processor's cache has all: code (0 is free), hash, where the bytes start, how many. */
  #slots = new Int32Array(firstSlots * 4);
  #bytes = Buffer.allocUnsafeSlow(firstBytes);
  #view = viewOf(this.#bytes);
  #end = 0;
  #count = 0;

  /** The code of the value at `view[from .. from + length]`, 0 where it has none. `slack` bytes must be readable behind it. */
  codeOf(view: DataView, from: number, length: number, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 4;
    for (let slot = (hash << 2) & mask; ; slot = (slot + 4) & mask) {
      const code = slots[slot]!;
      if (code === 0) return 0;
      if (slots[slot + 1] !== hash || slots[slot + 3] !== length) continue;
      if (isSameText(this.#view, slots[slot + 2]!, view, from, length)) return code;
    }
  }

  /** Gives a value that has none its code, from 1 on. */
  add(view: DataView, from: number, length: number, hash: number, code: number): void {
    this.#makeRoom(length);
    copyText(view, from, length, this.#view, this.#end);
    this.#put(length, hash, code);
  }

  /** {@link add} for a string. Two strings may have the same bytes only where one is ill-formed: that one is found as a string alone. */
  addString(value: string, code: number): void {
    if (!value.isWellFormed()) return;
    this.#makeRoom(value.length * 3);
    const length = this.#bytes.write(value, this.#end);
    this.#put(length, hashText(this.#view, this.#end, length), code);
  }

  #makeRoom(length: number) {
    const needed = this.#end + length + slack;
    if (needed <= this.#bytes.length) return;
    const bytes = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, needed));
    this.#bytes.copy(bytes, 0, 0, this.#end);
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
  }

  #put(length: number, hash: number, code: number) {
    if (++this.#count * 8 > this.#slots.length) this.#grow();
    place(this.#slots, code, hash, this.#end, length);
    this.#end += length;
  }

  #grow() {
    const old = this.#slots;
    this.#slots = new Int32Array(old.length * 4);
    for (let at = 0; at < old.length; at += 4) if (old[at] !== 0) place(this.#slots, old[at]!, old[at + 1]!, old[at + 2]!, old[at + 3]!);
  }
}

function place(slots: Int32Array, code: number, hash: number, start: number, length: number) {
  const mask = slots.length - 4;
  let slot = (hash << 2) & mask;
  while (slots[slot] !== 0) slot = (slot + 4) & mask;
  slots[slot] = code;
  slots[slot + 1] = hash;
  slots[slot + 2] = start;
  slots[slot + 3] = length;
}

/** A view of bytes for the functions of `json-text.ts`. */
export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
