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
/** Fewer bytes are found in too many places. */
const leastPieceBytes = 4;
/** A byte is rare that is at most one in so many: each time it is found costs about as much as to look at so many bytes. */
const rareOneIn = 64;

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
    const next = this.#finder(searched, starts[rows[0]! - base]!);
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

  /** What finds the needle from a place on, as fast as the bytes at `sampleAt` let hope. */
  #finder(bytes: Buffer, sampleAt: number): (from: number) => number {
    const counts = countsOf(bytes.subarray(sampleAt, sampleAt + sampleBytes));
    if (this.#isLiteral) return this.#literalFinder(bytes, counts);
    const place = rarest(this.#bytes, (byte) => counts[byte]! + counts[otherCase(byte)]!, this.#bytes.length);
    const byte = this.#bytes[place]!;
    if (counts[byte]! + counts[otherCase(byte)]! > sampleBytes / rareOneIn) return (from) => this.#find(bytes, from, bytes.length);
    return this.#rareByteFinder(bytes, place);
  }

  /** The platform's own search is fastest for few bytes of which the first is rare: it looks for such a piece of the needle, then at the rest. */
  #literalFinder(bytes: Buffer, counts: Uint16Array): (from: number) => number {
    const needle = this.#bytes;
    const pieceAt = rarest(needle, (byte) => counts[byte]!, needle.length - leastPieceBytes);
    const piece = needle.subarray(pieceAt, pieceAt + pieceBytes);
    return (from) => {
      for (let at = bytes.indexOf(piece, from + pieceAt); at >= 0; at = bytes.indexOf(piece, at + 1)) {
        const start = at - pieceAt;
        if (start + needle.length > bytes.length) return -1;
        if (piece.length === needle.length || this.#isAt(bytes, start)) return start;
      }
      return -1;
    };
  }

  /** Lets the platform look for one byte of the needle in either case, and then looks at the rest. */
  #rareByteFinder(bytes: Buffer, place: number): (from: number) => number {
    const byte = this.#bytes[place]!;
    const other = otherCase(byte);
    let byteAt = -1;
    let otherAt = other === byte ? Number.POSITIVE_INFINITY : -1;
    return (from) => {
      for (let target = from + place; ; ) {
        if (byteAt < target) byteAt = indexOf(bytes, byte, target);
        if (otherAt < target) otherAt = indexOf(bytes, other, target);
        const at = Math.min(byteAt, otherAt);
        const start = at - place;
        if (start + this.#bytes.length > bytes.length) return -1;
        if (this.#isAt(bytes, start)) return start;
        target = at + 1;
      }
    };
  }

  #isAt(bytes: Uint8Array, start: number): boolean {
    const needle = this.#bytes;
    const fold = this.#fold;
    let i = 0;
    while (i < needle.length && fold[bytes[start + i]!] === needle[i]) i++;
    return i === needle.length;
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

function countsOf(sample: Uint8Array): Uint16Array {
  const counts = new Uint16Array(256);
  for (const byte of sample) counts[byte]!++;
  return counts;
}

/** The place of a needle's rarest byte before `end`; 0 where there is none. */
function rarest(needle: Uint8Array, countOf: (byte: number) => number, end: number): number {
  let place = 0;
  for (let i = 1; i < end; i++) if (countOf(needle[i]!) < countOf(needle[place]!)) place = i;
  return place;
}

/** The upper case of a lower-case letter; else the byte itself. */
const otherCase = (byte: number): number => (byte >= 0x61 && byte <= 0x7a ? byte - 32 : byte);

function indexOf(bytes: Buffer, byte: number, from: number): number {
  const at = bytes.indexOf(byte, from);
  return at < 0 ? Number.POSITIVE_INFINITY : at;
}

/** The first selected row, from the index `from` on, whose text ends behind a place that is before the end of the last. */
export function firstEndingBehind(at: number, ends: Uint32Array, base: number, rows: Uint16Array, from: number, count: number): number {
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
