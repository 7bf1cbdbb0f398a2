import type { ReadStats } from '../query/plan.ts';
import { comparePositionsAt, drop, type MergeGroup, type Slice } from './merge-group.ts';
import type { Steps } from './steps.ts';

const idDigits = 32;
const notHex = 255;
const hexValues = new Uint8Array(256).fill(notHex);
for (let i = 0; i < 16; i++) hexValues[i.toString(16).charCodeAt(0)] = i;

/** Rows by client id, which is a digest of 128 bits: four words each, and where the row with the lowest position so far is. */
class ClientIds {
  #slots = new Int32Array(1 << 12).fill(-1);
  #words = new Uint32Array(1 << 13);
  #sources: MergeGroup[] = [];
  #rows: number[] = [];

  /** Takes a row; returns the row that is to be left out where the id was known. */
  add(words: Uint32Array, source: MergeGroup, row: number): { source: MergeGroup; row: number } | undefined {
    const found = this.#find(words);
    if (this.#slots[found] === -1) {
      this.#append(found, words, source, row);
      return undefined;
    }
    const entry = this.#slots[found]!;
    const known = { source: this.#sources[entry]!, row: this.#rows[entry]! };
    if (comparePositionsAt(known.source, known.row, source, row) <= 0) return { source, row };
    this.#sources[entry] = source;
    this.#rows[entry] = row;
    return known;
  }

  #find(words: Uint32Array): number {
    const mask = this.#slots.length - 1;
    let slot = words[0]! & mask;
    for (;;) {
      const entry = this.#slots[slot]!;
      if (entry === -1) return slot;
      const at = entry * 4;
      const held = this.#words;
      if (held[at] === words[0] && held[at + 1] === words[1] && held[at + 2] === words[2] && held[at + 3] === words[3]) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #append(slot: number, words: Uint32Array, source: MergeGroup, row: number) {
    const entry = this.#sources.push(source) - 1;
    this.#rows.push(row);
    if (entry * 4 === this.#words.length) {
      const longer = new Uint32Array(entry * 8);
      longer.set(this.#words);
      this.#words = longer;
    }
    this.#words.set(words, entry * 4);
    this.#slots[slot] = entry;
    if ((entry + 1) * 2 > this.#slots.length) this.#rehash();
  }

  #rehash() {
    this.#slots = new Int32Array(this.#slots.length * 4).fill(-1);
    for (let entry = 0; entry < this.#sources.length; entry++) {
      this.#slots[this.#find(this.#words.subarray(entry * 4, entry * 4 + 4))] = entry;
    }
  }
}

/**
 * Leaves out all rows but the one at the lowest position of each client id of one tenant, and tells of each. Ids that are not 32 lower-case hex
 * digits are none that accept makes, and are let be.
 */
export function* dropDuplicates(
  slices: readonly Slice[],
  stats: ReadStats,
  onDrop: (source: MergeGroup, row: number) => void,
): Steps<void> {
  const ids = new ClientIds();
  const words = new Uint32Array(4);
  for (const { source, from, to } of slices) {
    if (!source.group.has('client_id')) continue;
    for (const window of source.group.windows) {
      if (window.to <= from || window.from >= to) continue;
      const data = yield* source.group.load('client_id', window, stats);
      if (data?.kind !== 'texts') continue;
      const { texts, base } = data;
      for (let row = Math.max(from, window.from); row < Math.min(to, window.to); row++) {
        if (source.dropped?.[row] === 1 || texts.present?.[row - base] === 0) continue;
        if (!readId(texts.bytes, texts.starts[row - base]!, texts.ends[row - base]!, words)) continue;
        const lost = ids.add(words, source, row);
        if (lost && drop(lost.source, lost.row)) onDrop(lost.source, lost.row);
      }
      yield;
    }
  }
}

function readId(bytes: Uint8Array, from: number, to: number, words: Uint32Array): boolean {
  if (to - from !== idDigits) return false;
  for (let word = 0; word < 4; word++) {
    let value = 0;
    for (let i = 0; i < 8; i++) {
      const digit = hexValues[bytes[from + word * 8 + i]!]!;
      if (digit === notHex) return false;
      value = (value << 4) | digit;
    }
    words[word] = value;
  }
  return true;
}
