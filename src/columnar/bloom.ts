import { filterBits } from './hash.ts';
import type { Steps } from './steps.ts';

const bitsPerKey = 10;
/** Keys are set from so many slots before the event loop may have its turn. */
const stepSlots = 1 << 17;

/** A set of unsigned 32-bit hashes that grows: open addressing, 0 kept apart. */
export class HashSet {
  #slots = new Uint32Array(1 << 12);
  #limit = 1 << 11;
  #zero = 0;
  #count = 0;

  get size(): number {
    return this.#count + this.#zero;
  }

  add(hash: number): void {
    if (hash === 0) {
      this.#zero = 1;
      return;
    }
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const held = this.#slots[slot]!;
      if (held === hash) return;
      if (held === 0) break;
      slot = (slot + 1) & mask;
    }
    this.#slots[slot] = hash;
    if (++this.#count > this.#limit) this.#grow();
  }

  #grow() {
    const old = this.#slots;
    const slots = new Uint32Array(old.length * 4);
    const mask = slots.length - 1;
    for (let i = 0; i < old.length; i++) {
      const hash = old[i]!;
      if (hash === 0) continue;
      let slot = hash & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = hash;
    }
    this.#slots = slots;
    this.#limit = slots.length >> 1;
  }

  /** Encodes the set as a filter of about 10 bits a key; its layout is in `format.md`. */
  *toFilter(): Steps<Buffer> {
    const blocks = Math.max(1, Math.ceil((this.size * bitsPerKey) / 64));
    const words = new Uint32Array(blocks * 2);
    if (this.#zero) setKey(words, blocks, 0);
    const slots = this.#slots;
    for (let from = 0; from < slots.length; from += stepSlots) {
      if (from > 0) yield;
      setKeys(words, blocks, slots.subarray(from, from + stepSlots));
    }
    return Buffer.from(words.buffer);
  }
}

function setKeys(words: Uint32Array, blocks: number, hashes: Uint32Array) {
  for (let i = 0; i < hashes.length; i++) if (hashes[i] !== 0) setKey(words, blocks, hashes[i]!);
}

function setKey(words: Uint32Array, blocks: number, hash: number) {
  const block = Math.floor((hash * blocks) / 4294967296) * 2;
  const bits = filterBits(hash);
  words[block]! |= (1 << (bits & 31)) | (1 << ((bits >>> 5) & 31));
  words[block + 1]! |= (1 << ((bits >>> 10) & 31)) | (1 << ((bits >>> 15) & 31));
}

/** Whether a filter may hold a key; false is certain. */
export function mayHold(words: Uint32Array, hash: number): boolean {
  const block = Math.floor((hash * (words.length >> 1)) / 4294967296) * 2;
  const bits = filterBits(hash);
  const low = (1 << (bits & 31)) | (1 << ((bits >>> 5) & 31));
  const high = (1 << ((bits >>> 10) & 31)) | (1 << ((bits >>> 15) & 31));
  return (words[block]! & low) === low && (words[block + 1]! & high) === high;
}

/** Reads a filter's bytes as the words that `mayHold` takes. */
export const filterWords = (bytes: Uint8Array): Uint32Array =>
  new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
