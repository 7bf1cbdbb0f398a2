import { maxGroupRows } from './columns.ts';
import type { ColumnPlace, DictionaryPlace, PagePlace } from './directory.ts';
import type { GroupEncoding } from './group-encoding.ts';
import { bitWidth, hybridBound, writeHybrid, writeRun } from './parquet/bits.ts';
import type { ChunkFooter, ColumnSchema } from './parquet/footer.ts';
import type { encodingOf } from './parquet/format.ts';
import type { GrowingFile } from './parquet/pages.ts';
import type { Steps } from './steps.ts';

/** Pages of columns that are not cut by message: so many rows. */
export const stepRows = 16_384;
const tinyBytes = 4096;

/** Memory that pages are encoded in before they are compressed. Its buffer is replaced when it grows. */
export class Scratch {
  bytes = Buffer.allocUnsafe(1 << 16);

  /** Makes room for so many bytes from `at` on, keeping what is before. */
  room(at: number, length: number): void {
    if (at + length <= this.bytes.length) return;
    const bytes = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, at + length));
    this.bytes.copy(bytes, 0, 0, at);
    this.bytes = bytes;
  }
}

export type EncodedColumn = { place: ColumnPlace; footer: ChunkFooter };

export type EncodedPage = { type: 'data' | 'dictionary'; from: number; to: number; count: number };

/** One column of one row group on its way to the file: where its pages are, for the directory and for the footer. */
export class Chunk {
  readonly #file: GrowingFile;
  readonly #schema: ColumnSchema;
  readonly #encoding: ColumnPlace['encoding'];
  readonly #start: number;
  readonly #pages: PagePlace[] = [];
  #dictionary: DictionaryPlace | null = null;
  #dictionaryHeaderAt: number | undefined;
  #dataHeaderAt: number | undefined;
  #plainBytes = 0;
  #codec: ColumnPlace['codec'] = 'zstd';

  constructor(file: GrowingFile, schema: ColumnSchema, encoding: ColumnPlace['encoding']) {
    this.#file = file;
    this.#schema = schema;
    this.#encoding = encoding;
    this.#start = file.at;
  }

  /** Leaves the pages uncompressed when they are so few bytes that zstd would gain nothing. To be called before any page is added. */
  chooseCodec(bytes: number): void {
    this.#codec = bytes < tinyBytes ? 'none' : 'zstd';
  }

  addDictionary(body: Uint8Array, count: number): void {
    this.#dictionaryHeaderAt = this.#file.at;
    this.#dictionary = this.#put('dictionary', body, count);
  }

  addPage(body: Uint8Array, rows: number): void {
    this.#dataHeaderAt ??= this.#file.at;
    this.#pages.push(this.#put('data', body, rows));
  }

  /** Adds pages that were encoded one behind the other in a scratch; yields after each. */
  *addAll(scratch: Scratch, pages: EncodedPage[]): Steps<void> {
    this.chooseCodec(pages.at(-1)?.to ?? 0);
    for (const page of pages) {
      const body = scratch.bytes.subarray(page.from, page.to);
      if (page.type === 'dictionary') this.addDictionary(body, page.count);
      else this.addPage(body, page.count);
      if (this.#codec === 'zstd') yield;
    }
  }

  finish(nulls: number, filtered: boolean, bounds?: ChunkFooter['bounds']): EncodedColumn {
    const rows = this.#pages.reduce((sum, page) => sum + page[3], 0);
    const encodings: (keyof typeof encodingOf)[] = this.#dictionary ? ['plain', 'rle', 'dictionary'] : [this.#encoding, 'rle'];
    return {
      place: {
        name: this.#schema.name,
        type: this.#schema.type,
        optional: this.#schema.optional,
        encoding: this.#encoding,
        codec: this.#codec,
        nulls,
        filtered,
        dictionary: this.#dictionary,
        pages: this.#pages,
      },
      footer: {
        codec: this.#codec,
        encodings,
        rows,
        nulls,
        start: this.#start,
        dataAt: this.#dataHeaderAt ?? this.#start,
        dictionaryAt: this.#dictionaryHeaderAt,
        plainBytes: this.#plainBytes,
        bytes: this.#file.at - this.#start,
        bounds,
      },
    };
  }

  #put(type: 'data' | 'dictionary', body: Uint8Array, count: number): PagePlace {
    const headerAt = this.#file.at;
    const place = this.#file.putPage(type, body, count, this.#encoding, this.#codec === 'zstd');
    this.#plainBytes += place[0] - headerAt + body.length;
    return place;
  }
}

/** Shared by all encoders of the thread: never used on both sides of a `yield`. */
const levels = new Uint16Array(maxGroupRows + 1);

/**
 * Appends the definition levels of an optional column: `cells[from .. to]` are 0 where the value is absent. Returns the end.
 * The scratch must have room for `levelsBound` bytes.
 */
export function writeLevels(target: Buffer, at: number, cells: Uint8Array | Uint16Array, from: number, to: number, nulls: number): number {
  const count = to - from;
  let end: number;
  if (nulls === 0 || nulls === count) {
    end = writeRun(target, at + 4, nulls === 0 ? 1 : 0, count, 1);
  } else {
    for (let i = 0; i < count; i++) levels[i] = cells[from + i] === 0 ? 0 : 1;
    end = writeHybrid(target, at + 4, levels, count, 1);
  }
  target.writeUInt32LE(end - at - 4, at);
  return end;
}

/** Ends a column in which every row is absent: one page of levels. */
export function addNulls(group: Pick<GroupEncoding, 'scratch' | 'rows'>, chunk: Chunk): EncodedColumn {
  const { scratch, rows } = group;
  scratch.room(0, levelsBound(0));
  chunk.chooseCodec(0);
  chunk.addPage(scratch.bytes.subarray(0, writeLevels(scratch.bytes, 0, levels, 0, rows, rows)), rows);
  return chunk.finish(rows, true);
}

export const levelsBound = (rows: number): number => hybridBound(rows, 1) + 8;

const present = new Uint16Array(stepRows);

/**
 * Encodes data pages of dictionary codes (0 absent, else the value's place plus 1) into a scratch from `at` on, each of at most `stepRows` rows.
 */
export function encodeCodePages(
  scratch: Scratch,
  at: number,
  codes: Uint16Array,
  rows: number,
  distinct: number,
  optional: boolean,
): EncodedPage[] {
  const width = Math.max(1, bitWidth(distinct - 1));
  const pages: EncodedPage[] = [];
  let out = at;
  for (let from = 0; from < rows; from += stepRows) {
    const to = Math.min(from + stepRows, rows);
    const pageAt = out;
    scratch.room(out, levelsBound(to - from) + hybridBound(to - from, width));
    let count = 0;
    for (let i = from; i < to; i++) if (codes[i] !== 0) present[count++] = codes[i]! - 1;
    if (optional) out = writeLevels(scratch.bytes, out, codes, from, to, to - from - count);
    scratch.bytes[out++] = width;
    out = writeHybrid(scratch.bytes, out, present, count, width);
    pages.push({ type: 'data', from: pageAt, to: out, count: to - from });
  }
  return pages;
}
