import { constants, zstdCompressSync } from 'node:zlib';
import type { PagePlace } from '../directory.ts';
import { encodingOf, magic, pageType } from './format.ts';
import { CompactWriter } from './thrift.ts';

const params = { [constants.ZSTD_c_compressionLevel]: 1 };

/** Compresses by zstd level 1, nearly always into one buffer: a second costs another call, and a needlessly large one is garbage soon. */
export const compress = (bytes: Uint8Array): Buffer =>
  zstdCompressSync(bytes, { chunkSize: Math.max(1024, (bytes.length >> 1) + 128), pledgedSrcSize: bytes.length, params });

const pieceBytes = 1 << 18;

/** A file as it grows: pieces of memory, and how far it has come. */
export class GrowingFile {
  readonly pieces: Uint8Array[] = [];
  at = 0;
  #piece = Buffer.alloc(0);
  #used = 0;
  readonly #header = new CompactWriter();

  constructor() {
    this.put(magic);
  }

  /** Copies bytes to the end; returns where they start. */
  put(bytes: Uint8Array): number {
    const start = this.at;
    if (this.#used + bytes.length > this.#piece.length) this.#close(bytes.length);
    this.#piece.set(bytes, this.#used);
    this.#used += bytes.length;
    this.at += bytes.length;
    return start;
  }

  /** Appends a page: its header and its bytes, compressed unless told otherwise. `count` is rows, or values of a dictionary. */
  putPage(type: 'data' | 'dictionary', body: Uint8Array, count: number, encoding: keyof typeof encodingOf, compressed: boolean): PagePlace {
    const bytes = compressed ? compress(body) : body;
    const header = this.#header.reset().open().i32(1, pageType[type]).i32(2, body.length).i32(3, bytes.length);
    if (type === 'data') {
      header.struct(5).i32(1, count).i32(2, encodingOf[encoding]).i32(3, encodingOf.rle).i32(4, encodingOf.rle).end();
    } else {
      header.struct(7).i32(1, count).i32(2, encodingOf.plain).end();
    }
    this.put(header.end().finish());
    return [this.put(bytes), bytes.length, body.length, count];
  }

  /** All of the file's bytes, which nothing is added to any more. */
  finish(): Uint8Array[] {
    this.#close(0);
    return this.pieces;
  }

  #close(needed: number) {
    if (this.#used > 0) this.pieces.push(this.#piece.subarray(0, this.#used));
    this.#piece = Buffer.allocUnsafeSlow(Math.max(pieceBytes, needed));
    this.#used = 0;
  }
}
