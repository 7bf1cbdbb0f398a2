import { isTokenUnit } from '../../query/text.ts';

const lower: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte | 32 : byte));
const tokenByte: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => (isTokenUnit(byte) ? 1 : 0));

/** An ASCII text to find in UTF-8 bytes without decoding them, case ignored; as a whole token where `token`. */
export class Needle {
  readonly #bytes: Uint8Array;
  readonly #token: boolean;
  /** How far to move on when this byte stands under the last of the needle (Horspool). */
  readonly #skip: Uint16Array;

  constructor(folded: string, token: boolean) {
    this.#bytes = Buffer.from(folded, 'latin1');
    this.#token = token;
    const last = this.#bytes.length - 1;
    this.#skip = new Uint16Array(256).fill(this.#bytes.length);
    for (let i = 0; i < last; i++) {
      const byte = this.#bytes[i]!;
      this.#skip[byte] = last - i;
      if (byte >= 0x61 && byte <= 0x7a) this.#skip[byte - 32] = last - i;
    }
  }

  /** Tells whether the needle stands in `bytes[from .. to]`. */
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
        if (i < 0 && (!this.#token || isBounded(bytes, at - last, at + 1, from, to))) return true;
      }
      at += skip[byte]!;
    }
    return false;
  }
}

function isBounded(bytes: Uint8Array, start: number, end: number, from: number, to: number): boolean {
  return (start === from || tokenByte[bytes[start - 1]!] === 0) && (end === to || tokenByte[bytes[end]!] === 0);
}
