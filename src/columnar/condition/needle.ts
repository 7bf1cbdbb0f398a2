import { isTokenUnit } from '../../query/text.ts';
import type { Texts } from '../parquet/decode-plain.ts';

const lower: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte | 32 : byte));
const tokenByte: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => (isTokenUnit(byte) ? 1 : 0));

/** An ASCII text, lower case, to find in UTF-8 bytes without decoding them, case ignored; as a whole token where `isToken`. */
export class Needle {
  readonly #text: string;
  readonly #bytes: Buffer;
  readonly #isToken: boolean;
  readonly #hasLetters: boolean;
  /** How far to move on when this byte stands under the last of the needle (Horspool). */
  readonly #skip: Uint16Array;

  constructor(text: string, isToken: boolean) {
    this.#text = text;
    this.#bytes = Buffer.from(text, 'latin1');
    this.#isToken = isToken;
    this.#hasLetters = /[a-z]/.test(text);
    const last = this.#bytes.length - 1;
    this.#skip = new Uint16Array(256).fill(this.#bytes.length);
    for (let i = 0; i < last; i++) {
      const byte = this.#bytes[i]!;
      this.#skip[byte] = last - i;
      if (byte >= 0x61 && byte <= 0x7a) this.#skip[byte - 32] = last - i;
    }
  }

  /** Tells whether the needle stands in `bytes[from .. to]`: for single texts. */
  isIn(bytes: Uint8Array, from: number, to: number): boolean {
    const needle = this.#bytes;
    const skip = this.#skip;
    const last = needle.length - 1;
    const lastByte = needle[last]!;
    let at = from + last;
    while (at < to) {
      const byte = bytes[at]!;
      if (lower[byte] === lastByte) {
        let i = last - 1;
        let p = at - 1;
        while (i >= 0 && lower[bytes[p]!] === needle[i]) {
          i--;
          p--;
        }
        if (i < 0 && (!this.#isToken || isBounded(bytes, at - last, at + 1, from, to))) return true;
      }
      at += skip[byte]!;
    }
    return false;
  }

  /** Marks the texts that hold the needle with 1: for many texts side by side, from the index `first` to `last`. */
  mark({ bytes, starts, ends }: Texts, first: number, last: number, marks: Uint8Array): void {
    const base = starts[first]!;
    const next = this.#finder(bytes, base, ends[last]!);
    const size = this.#bytes.length;
    let index = first;
    for (let at = next(base); at >= 0; ) {
      while (ends[index]! <= at) index++;
      const start = starts[index]!;
      const end = ends[index]!;
      const isWhole = at >= start && at + size <= end;
      if (isWhole && (!this.#isToken || isBounded(bytes, at, at + size, start, end))) {
        marks[index] = 1;
        at = next(end);
      } else at = next(at + 1);
    }
  }

  /** Finds the needle's next place in the bytes, -1 behind the last. Lower-casing byte by byte keeps places, and bytes beyond ASCII beyond it. */
  #finder(bytes: Buffer, base: number, end: number): (from: number) => number {
    if (!this.#hasLetters) {
      const searched = bytes.subarray(0, end);
      return (from) => searched.indexOf(this.#bytes, from);
    }
    const folded = bytes.toString('latin1', base, end).toLowerCase();
    return (from) => {
      const at = folded.indexOf(this.#text, from - base);
      return at < 0 ? -1 : at + base;
    };
  }
}

function isBounded(bytes: Uint8Array, start: number, end: number, from: number, to: number): boolean {
  return (start === from || tokenByte[bytes[start - 1]!] === 0) && (end === to || tokenByte[bytes[end]!] === 0);
}
