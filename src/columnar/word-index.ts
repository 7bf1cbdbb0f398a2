import type { HashSet } from './bloom.ts';
import { hashToken } from './hash.ts';
import { byteClass } from './tokens.ts';

const maxWords = 60_000;
const firstSlots = 1 << 12;
const newline = 10;
/** Five bits a letter: so many letters of a word are in each half of its key. */
const halfKey = 0x3fffffff;
const longestShort = 12;
const longWord = 0x80000000 | 0;

/**
 * The distinct words of one row group's messages with the pages that hold them, and the tokens with digits. See `format.md`. A word of up to 12
 * letters is its own key; of a longer one the key is a hash, and its text is compared.
 */
export class WordIndex {
  /** By fours: low and high half of the key, bitmap of pages, number of the word. A low half is never 0. */
  #slots = new Int32Array(firstSlots * 4);
  #starts = new Uint32Array(firstSlots / 2);
  #text = Buffer.allocUnsafe(1 << 15);
  #textEnd = 0;
  #count = 0;
  #full = false;
  /** False once a letter was seen that equals an ASCII letter when case is ignored. */
  prunable = true;
  readonly tokens: HashSet;

  /** @param tokens takes the hashes of tokens that hold a digit */
  constructor(tokens: HashSet) {
    this.tokens = tokens;
  }

  /** Indexes the message at `bytes[from .. to]` for one page. */
  add(bytes: Uint8Array, from: number, to: number, page: number): void {
    const pageBit = 1 << page;
    let tokenStart = from;
    let hasDigits = false;
    for (let i = from; i < to; ) {
      let byte = bytes[i]!;
      const kind = byteClass[byte]!;
      if (kind === 1) {
        const wordStart = i;
        let low = 0;
        let high = 0;
        do {
          high = ((high << 5) | (low >>> 25)) & halfKey;
          low = ((low << 5) | (byte & 31)) & halfKey;
          if (++i === to) break;
          byte = bytes[i]!;
        } while (byteClass[byte] === 1);
        if (i - wordStart <= longestShort) this.#addWord(bytes, wordStart, i, low, high, pageBit);
        else this.#addLongWord(bytes, wordStart, i, pageBit);
        continue;
      }
      if (kind === 2) hasDigits = true;
      else {
        if (hasDigits) this.tokens.add(hashToken(bytes, tokenStart, i));
        hasDigits = false;
        tokenStart = i + 1;
        if (byte >= 0xc4) this.#checkFold(bytes, i);
      }
      i++;
    }
    if (hasDigits) this.tokens.add(hashToken(bytes, tokenStart, to));
  }

  /** The words' text and bitmaps, or undefined when there are too many words to be of use. */
  encode(): { bytes: Buffer; textSize: number; count: number } | undefined {
    if (this.#full) return undefined;
    const textSize = this.#textEnd;
    const bitmapsAt = (textSize + 3) & ~3;
    const bytes = Buffer.alloc(bitmapsAt + this.#count * 4);
    this.#text.copy(bytes, 0, 0, textSize);
    const slots = this.#slots;
    for (let slot = 0; slot < slots.length; slot += 4) {
      if (slots[slot] !== 0) bytes.writeInt32LE(slots[slot + 2]!, bitmapsAt + slots[slot + 3]! * 4);
    }
    return { bytes, textSize, count: this.#count };
  }

  #addLongWord(bytes: Uint8Array, from: number, to: number, pageBit: number) {
    const hash = hashToken(bytes, from, to);
    this.#addWord(bytes, from, to, (hash & halfKey) | 1, (hash >>> 2) | longWord, pageBit);
  }

  #addWord(bytes: Uint8Array, from: number, to: number, low: number, high: number, pageBit: number) {
    const slots = this.#slots;
    const mask = slots.length - 4;
    let slot = slotOf(low, high, mask);
    while (slots[slot] !== 0) {
      if (slots[slot] === low && slots[slot + 1] === high && (high >= 0 || this.#isWord(slots[slot + 3]!, bytes, from, to))) {
        slots[slot + 2]! |= pageBit;
        return;
      }
      slot = (slot + 4) & mask;
    }
    if (this.#count === maxWords) {
      this.#full = true;
      return;
    }
    slots[slot] = low;
    slots[slot + 1] = high;
    slots[slot + 2] = pageBit;
    slots[slot + 3] = this.#count;
    this.#append(bytes, from, to);
  }

  #isWord(word: number, bytes: Uint8Array, from: number, to: number): boolean {
    const text = this.#text;
    const at = this.#starts[word]!;
    const length = to - from;
    if (text[at + length] !== newline) return false;
    for (let k = 0; k < length; k++) if (text[at + k] !== (bytes[from + k]! | 32)) return false;
    return true;
  }

  #append(bytes: Uint8Array, from: number, to: number) {
    if (this.#textEnd + to - from + 1 > this.#text.length) {
      const text = Buffer.allocUnsafe((this.#text.length + to - from) * 2);
      this.#text.copy(text, 0, 0, this.#textEnd);
      this.#text = text;
    }
    this.#starts[this.#count] = this.#textEnd;
    for (let i = from; i < to; i++) this.#text[this.#textEnd++] = bytes[i]! | 32;
    this.#text[this.#textEnd++] = newline;
    this.#count++;
    if (this.#count === this.#starts.length) this.#grow();
  }

  #grow() {
    const old = this.#slots;
    const slots = new Int32Array(old.length * 4);
    const mask = slots.length - 4;
    for (let at = 0; at < old.length; at += 4) {
      if (old[at] === 0) continue;
      let slot = slotOf(old[at]!, old[at + 1]!, mask);
      while (slots[slot] !== 0) slot = (slot + 4) & mask;
      for (let k = 0; k < 4; k++) slots[slot + k] = old[at + k]!;
    }
    this.#slots = slots;
    const starts = new Uint32Array(slots.length / 8);
    starts.set(this.#starts);
    this.#starts = starts;
  }

  /** U+0130, U+017F and U+212A in UTF-8: see `foldsIntoAscii`. */
  #checkFold(bytes: Uint8Array, at: number) {
    const first = bytes[at];
    const second = bytes[at + 1];
    const isFold =
      (first === 0xc4 && second === 0xb0) ||
      (first === 0xc5 && second === 0xbf) ||
      (first === 0xe2 && second === 0x84 && bytes[at + 2] === 0xaa);
    if (isFold) this.prunable = false;
  }
}

/** The mask is that of an array of fours. */
function slotOf(low: number, high: number, mask: number): number {
  const mixed = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
  return ((mixed ^ (mixed >>> 15)) << 2) & mask;
}
