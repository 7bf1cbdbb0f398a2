import { isTokenUnit } from '../../query/text.ts';
import type { Texts } from '../parquet/decode-plain.ts';

const lower: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte | 32 : byte));
const tokenByte: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => (isTokenUnit(byte) ? 1 : 0));

/** An ASCII text, lower case, to find in UTF-8 bytes without decoding them, case ignored; as a whole token where `isToken`. */
export class Needle {
  readonly #bytes: Buffer;
  readonly #isToken: boolean;
  /** Whether bytes have two cases to look for. */
  readonly hasLetters: boolean;
  /** How far to move on when this byte stands under the last of the needle (Horspool). */
  readonly #skip: Uint16Array;

  constructor(text: string, isToken: boolean) {
    this.#bytes = Buffer.from(text, 'latin1');
    this.#isToken = isToken;
    this.hasLetters = /[a-z]/.test(text);
    const last = this.#bytes.length - 1;
    this.#skip = new Uint16Array(256).fill(this.#bytes.length);
    for (let i = 0; i < last; i++) {
      const byte = this.#bytes[i]!;
      this.#skip[byte] = last - i;
      if (byte >= 0x61 && byte <= 0x7a) this.#skip[byte - 32] = last - i;
    }
  }

  /** Tells whether the needle stands in `bytes[from .. to]`: for single texts. */
  isIn(bytes: Buffer, from: number, to: number): boolean {
    for (let at = this.#find(bytes, from, to); at >= 0; at = this.#find(bytes, at + 1, to)) {
      if (!this.#isToken || isBounded(bytes, at, at + this.#bytes.length, from, to)) return true;
    }
    return false;
  }

  /**
   * Marks the texts that hold the needle with 1: for many texts side by side, from the index `first` to `last`, and a needle without letters, which
   * the platform's own search finds fastest.
   */
  mark({ bytes, starts, ends }: Texts, first: number, last: number, marks: Uint8Array): void {
    const size = this.#bytes.length;
    const to = ends[last]!;
    let index = first;
    for (let at = bytes.indexOf(this.#bytes, starts[first]!); at >= 0 && at + size <= to; ) {
      while (ends[index]! <= at) index++;
      const start = starts[index]!;
      const end = ends[index]!;
      const isWhole = at >= start && at + size <= end;
      const isFound = isWhole && (!this.#isToken || isBounded(bytes, at, at + size, start, end));
      if (isFound) marks[index] = 1;
      at = bytes.indexOf(this.#bytes, isFound ? end : at + 1);
    }
  }

  #find(bytes: Buffer, from: number, to: number): number {
    const needle = this.#bytes;
    const skip = this.#skip;
    const last = needle.length - 1;
    const lastByte = needle[last]!;
    for (let at = from + last; at < to; at += skip[bytes[at]!]!) {
      if (lower[bytes[at]!] !== lastByte) continue;
      let i = last - 1;
      let p = at - 1;
      while (i >= 0 && lower[bytes[p]!] === needle[i]) {
        i--;
        p--;
      }
      if (i < 0) return at - last;
    }
    return -1;
  }
}

function isBounded(bytes: Uint8Array, start: number, end: number, from: number, to: number): boolean {
  return (start === from || tokenByte[bytes[start - 1]!] === 0) && (end === to || tokenByte[bytes[end]!] === 0);
}
