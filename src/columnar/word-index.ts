import type { HashSet } from './bloom.ts';
import { hashToken } from './hash.ts';
import { byteClass } from './tokens.ts';

const maxWords = 60_000;
const slotBits = 17;
const start = 0x811c9dc5;
const prime = 0x01000193;
const newline = 10;

/** The distinct words of one row group's messages with the pages that hold them, and the tokens with digits. See `format.md`. */
export class WordIndex {
  /** Number of the word that a slot holds, plus 1, and above it the upper 16 bits of its hash. */
  readonly #slots = new Uint32Array(1 << slotBits);
  #starts = new Uint32Array(1 << 12);
  #pages = new Uint32Array(1 << 12);
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

  /** Copies a message to `target` and indexes it for one page. Returns the end in `target`. */
  copy(bytes: Uint8Array, from: number, to: number, target: Uint8Array, at: number, page: number): number {
    let out = at;
    let tokenStart = from;
    let digits = false;
    let wordStart = -1;
    let hash = start;
    const pageBit = 1 << page;
    for (let i = from; i < to; i++) {
      const byte = bytes[i]!;
      target[out++] = byte;
      const kind = byteClass[byte]!;
      if (kind === 1) {
        if (wordStart < 0) {
          wordStart = i;
          hash = start;
        }
        hash = Math.imul(hash ^ (byte | 32), prime);
        continue;
      }
      if (wordStart >= 0) {
        this.#add(bytes, wordStart, i, hash, pageBit);
        wordStart = -1;
      }
      if (kind === 2) {
        digits = true;
        continue;
      }
      if (digits) {
        this.tokens.add(hashToken(bytes, tokenStart, i));
        digits = false;
      }
      tokenStart = i + 1;
      if (byte >= 0xc4) this.#checkFold(bytes, i);
    }
    if (wordStart >= 0) this.#add(bytes, wordStart, to, hash, pageBit);
    if (digits) this.tokens.add(hashToken(bytes, tokenStart, to));
    return out;
  }

  /** The words' text and bitmaps, or undefined when there are too many words to be of use. */
  encode(): { bytes: Buffer; textSize: number; count: number } | undefined {
    if (this.#full) return undefined;
    const textSize = this.#textEnd;
    const bitmapsAt = (textSize + 3) & ~3;
    const bytes = Buffer.alloc(bitmapsAt + this.#count * 4);
    this.#text.copy(bytes, 0, 0, textSize);
    for (let i = 0; i < this.#count; i++) bytes.writeUInt32LE(this.#pages[i]!, bitmapsAt + i * 4);
    return { bytes, textSize, count: this.#count };
  }

  #add(bytes: Uint8Array, from: number, to: number, unfinished: number, pageBit: number) {
    let hash = Math.imul(unfinished ^ (unfinished >>> 15), 0x85ebca6b);
    hash ^= hash >>> 13;
    const slots = this.#slots;
    const mask = (1 << slotBits) - 1;
    const tag = hash & 0xffff0000;
    let slot = (hash ^ (hash >>> 17)) & mask;
    for (;;) {
      const held = slots[slot]!;
      if (held === 0) break;
      if (((held ^ tag) & 0xffff0000) === 0) {
        const word = (held & 0xffff) - 1;
        if (this.#isWord(word, bytes, from, to)) {
          this.#pages[word]! |= pageBit;
          return;
        }
      }
      slot = (slot + 1) & mask;
    }
    if (this.#full) return;
    if (this.#count === maxWords) {
      this.#full = true;
      return;
    }
    this.#append(bytes, from, to, pageBit);
    slots[slot] = tag | this.#count;
  }

  #isWord(word: number, bytes: Uint8Array, from: number, to: number): boolean {
    const text = this.#text;
    const at = this.#starts[word]!;
    const length = to - from;
    if (text[at + length] !== newline) return false;
    for (let k = 0; k < length; k++) if (text[at + k] !== (bytes[from + k]! | 32)) return false;
    return true;
  }

  #append(bytes: Uint8Array, from: number, to: number, pageBit: number) {
    if (this.#count === this.#starts.length) {
      this.#starts = doubled(this.#starts);
      this.#pages = doubled(this.#pages);
    }
    if (this.#textEnd + to - from + 1 > this.#text.length) {
      const text = Buffer.allocUnsafe((this.#text.length + to - from) * 2);
      this.#text.copy(text, 0, 0, this.#textEnd);
      this.#text = text;
    }
    this.#starts[this.#count] = this.#textEnd;
    this.#pages[this.#count] = pageBit;
    for (let i = from; i < to; i++) this.#text[this.#textEnd++] = bytes[i]! | 32;
    this.#text[this.#textEnd++] = newline;
    this.#count++;
  }

  /** U+0130, U+017F and U+212A in UTF-8: see `foldsIntoAscii`. */
  #checkFold(bytes: Uint8Array, at: number) {
    const first = bytes[at];
    const second = bytes[at + 1];
    if (
      (first === 0xc4 && second === 0xb0) ||
      (first === 0xc5 && second === 0xbf) ||
      (first === 0xe2 && second === 0x84 && bytes[at + 2] === 0xaa)
    ) {
      this.prunable = false;
    }
  }
}

function doubled(cells: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const longer = new Uint32Array(cells.length * 2);
  longer.set(cells);
  return longer;
}
