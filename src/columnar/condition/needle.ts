import { isTokenUnit } from '../../query/text.ts';
import type { Texts } from '../parquet/decode-plain.ts';
import type { Selection } from '../selection.ts';

const lower: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte | 32 : byte));
const same: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const tokenByte: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => (isTokenUnit(byte) ? 1 : 0));

/** So much of a page tells which bytes are rare in it. */
const sampleBytes = 2048;
/** Of more bytes the platform makes tables before it searches. */
const pieceBytes = 7;

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
  /** Whether only these bytes will do. */
  readonly #isLiteral: boolean;
  readonly #fold: Uint8Array;
  /** How far to move on when this byte stands under the last of the needle (Horspool). */
  readonly #skip: Uint16Array;

  constructor(text: string, caseless: boolean, isToken: boolean) {
    this.caseless = caseless;
    this.#bytes = Buffer.from(text);
    this.#isToken = isToken;
    this.#isLiteral = !caseless || !this.#bytes.some((byte) => byte >= 0x61 && byte <= 0x7a);
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

  /** Tells whether the needle stands in `bytes[from .. to]`: for single texts. */
  isIn(bytes: Buffer, from: number, to: number): boolean {
    for (let at = this.#find(bytes, from, to); at >= 0; at = this.#find(bytes, at + 1, to)) {
      if (!this.#isToken || isBounded(bytes, at, at + this.#bytes.length, from, to)) return true;
    }
    return false;
  }

  /**
   * Keeps the rows whose texts hold the needle, by one search through the bytes from the first of them to the last: for many rows side by side.
   * A row's text is at `row - base`, and there.
   */
  keepHolding({ bytes, starts, ends }: Texts, base: number, selection: Selection): void {
    const { rows, count } = selection;
    const size = this.#bytes.length;
    const searched = bytes.subarray(0, ends[rows[count - 1]! - base]);
    let kept = 0;
    let i = 0;
    const next = this.#isLiteral
      ? this.#literalFinder(searched, starts[rows[0]! - base]!)
      : (from: number) => this.#find(searched, from, searched.length);
    for (let at = next(starts[rows[0]! - base]!); at >= 0; ) {
      i = firstEndingBehind(at, ends, base, rows, i, count);
      const start = starts[rows[i]! - base]!;
      const end = ends[rows[i]! - base]!;
      let from = at < start ? start : at + 1;
      if (at >= start && at + size <= end && (!this.#isToken || isBounded(bytes, at, at + size, start, end))) {
        rows[kept++] = rows[i++]!;
        if (i === count) break;
        from = starts[rows[i]! - base]!;
      }
      at = next(from);
    }
    selection.count = kept;
  }

  /** The platform's own search is fastest for few bytes of which the first is rare: it looks for such a piece of the needle, then at the rest. */
  #literalFinder(bytes: Buffer, sampleAt: number): (from: number) => number {
    const needle = this.#bytes;
    const pieceAt = rarest(needle, bytes.subarray(sampleAt, sampleAt + sampleBytes));
    const piece = needle.subarray(pieceAt, pieceAt + pieceBytes);
    return (from) => {
      for (let at = bytes.indexOf(piece, from + pieceAt); at >= 0; at = bytes.indexOf(piece, at + 1)) {
        const start = at - pieceAt;
        if (start + needle.length > bytes.length) return -1;
        if (piece.length === needle.length || bytes.compare(needle, 0, needle.length, start, start + needle.length) === 0) return start;
      }
      return -1;
    };
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

/** The place in a needle of the byte that is rarest in a sample. */
function rarest(needle: Uint8Array, sample: Uint8Array): number {
  const counts = new Uint16Array(256);
  for (const byte of sample) counts[byte]!++;
  let place = 0;
  for (let i = 1; i < needle.length; i++) if (counts[needle[i]!]! < counts[needle[place]!]!) place = i;
  return place;
}

/** The first selected row, from the index `from` on, whose text ends behind a place that is before the end of the last. */
function firstEndingBehind(at: number, ends: Uint32Array, base: number, rows: Uint16Array, from: number, count: number): number {
  let step = 1;
  while (from + step < count && ends[rows[from + step]! - base]! <= at) step *= 2;
  let low = from + (step >> 1);
  let high = Math.min(from + step, count - 1);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[rows[middle]! - base]! <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}
