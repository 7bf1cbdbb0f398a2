import { isTokenUnit } from '../../query/text.ts';
import type { Texts } from '../parquet/decode-plain.ts';

const lower: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte | 32 : byte));
const same: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const tokenByte: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => (isTokenUnit(byte) ? 1 : 0));

/**
 * A text to find in UTF-8 bytes without decoding them. Where `caseless`, it is ASCII in lower case, and the case of ASCII is ignored: for bytes in
 * which no other letter folds into ASCII. Where `isToken`, it is found as a whole token only.
 */
export class Needle {
  readonly caseless: boolean;
  /** How many texts it was looked for in so far, and found. */
  tried = 0;
  found = 0;
  readonly #bytes: Buffer;
  readonly #isToken: boolean;
  readonly #fold: Uint8Array;
  /** How far to move on when this byte stands under the last of the needle (Horspool). */
  readonly #skip: Uint16Array;

  constructor(text: string, caseless: boolean, isToken: boolean) {
    this.caseless = caseless;
    this.#bytes = Buffer.from(text);
    this.#isToken = isToken;
    this.#fold = caseless ? lower : same;
    const last = this.#bytes.length - 1;
    this.#skip = new Uint16Array(256).fill(Math.min(this.#bytes.length, 0xffff));
    for (let i = 0; i < last; i++) {
      const byte = this.#bytes[i]!;
      this.#skip[byte] = Math.min(last - i, 0xffff);
      if (caseless && byte >= 0x61 && byte <= 0x7a) this.#skip[byte - 32] = this.#skip[byte]!;
    }
  }

  /** The share of texts that hold it, as far as is known: the rarest of several is to be looked for first. */
  get share(): number {
    return this.tried === 0 ? 0 : this.found / this.tried;
  }

  /** Whether only these bytes will do, which the platform's own search finds fastest. */
  get isLiteral(): boolean {
    return !this.caseless || !this.#bytes.some((byte) => byte >= 0x61 && byte <= 0x7a);
  }

  /** Tells whether the needle stands in `bytes[from .. to]`: for single texts. */
  isIn(bytes: Buffer, from: number, to: number): boolean {
    for (let at = this.#find(bytes, from, to); at >= 0; at = this.#find(bytes, at + 1, to)) {
      if (!this.#isToken || isBounded(bytes, at, at + this.#bytes.length, from, to)) return true;
    }
    return false;
  }

  /**
   * Marks the texts that hold the needle with 1: for many texts side by side, from the index `first` to `last`, and a needle that
   * is literal.
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
    const fold = this.#fold;
    const last = needle.length - 1;
    const lastByte = needle[last]!;
    for (let at = from + last; at < to; at += skip[bytes[at]!]!) {
      if (fold[bytes[at]!] !== lastByte) continue;
      let i = last - 1;
      let p = at - 1;
      while (i >= 0 && fold[bytes[p]!] === needle[i]) {
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
