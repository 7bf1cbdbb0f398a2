import { zstdDecompressSync } from 'node:zlib';
import type { WarmObject } from '../core/ports/warm-store.ts';
import type { ReadStats } from '../query/plan.ts';
import { filterWords } from './bloom.ts';
import { attributeOf, overflowColumn } from './columns.ts';
import type { ColumnPlace, GroupPlace, PagePlace, PartInfo } from './directory.ts';
import { type PageCache, Slot } from './page-cache.ts';
import { decodeDelta } from './parquet/decode-delta.ts';
import { type Codes, decodeCodes } from './parquet/decode-hybrid.ts';
import {
  type Dictionary,
  decodeBooleans,
  decodeDoubles,
  decodeTexts,
  NumberDictionary,
  TextDictionary,
  type Texts,
} from './parquet/decode-plain.ts';
import type { ColumnData, RowGroup, Run, Window } from './rows.ts';
import { type Steps, settled } from './steps.ts';
import { Words } from './words.ts';

/** The decoded rows of a page that are no texts. */
type Cells = Codes | Float64Array;

/** A column with what is decoded of it, page by page; `pageStarts`: the first row of each page, and the end. */
type GroupColumn = {
  place: ColumnPlace;
  pageStarts: Uint32Array;
  dictionary: Slot<Dictionary>;
  cells: Slot<Cells>[];
  texts: Slot<Texts>[];
};

/** A row group of a file; what it decodes is kept in the cache. */
export class PartGroup implements RowGroup {
  readonly rows: number;
  readonly windows: readonly Window[];
  readonly runs: readonly Run[];
  readonly attributeColumns: readonly string[];
  readonly place: GroupPlace;
  /** Positions of the whole file's rows. */
  readonly offsets: PartInfo['offsets'];
  readonly #object: WarmObject;
  readonly #cache: PageCache;
  readonly #columns = new Map<string, GroupColumn>();
  readonly #words = new Slot<Words>();
  readonly #filter = new Slot<Uint32Array>();
  readonly #idPages = new Slot<Uint32Array>();

  constructor(object: WarmObject, cache: PageCache, place: GroupPlace, offsets: PartInfo['offsets']) {
    this.#object = object;
    this.#cache = cache;
    this.place = place;
    this.offsets = offsets;
    this.rows = place.rows;
    this.windows = windowsOf(place);
    this.runs = runsOf(place);
    for (const column of place.columns) if (column.nulls < place.rows) this.#columns.set(column.name, columnOf(column));
    this.attributeColumns = [...this.#columns.keys()].filter((name) => name === overflowColumn || attributeOf(name));
  }

  has(column: string): boolean {
    return this.#columns.has(column);
  }

  /** Where a column is, for pruning; undefined where no row has a value. */
  placeOf(column: string): ColumnPlace | undefined {
    return this.#columns.get(column)?.place;
  }

  *load(name: string, window: Window, stats: ReadStats): Steps<ColumnData | undefined> {
    const column = this.#columns.get(name);
    if (!column) return undefined;
    const { place } = column;
    if (place.encoding === 'plain' && place.type === 'string') {
      return {
        kind: 'texts',
        texts: yield* this.#texts(column, window, stats),
        base: window.from,
        asciiFold: name === 'message' && this.place.prunable,
      };
    }
    const { cells, base } = yield* this.#cells(column, window, stats);
    if (place.encoding === 'dictionary') {
      return { kind: 'codes', codes: cells as Codes, dictionary: yield* this.#dictionary(column, stats), base };
    }
    if (place.type === 'boolean') return { kind: 'flags', values: cells as Uint8Array, base };
    return { kind: 'numbers', values: cells as Float64Array, base };
  }

  /** Takes everything of this group out of the cache. */
  dropCached(): void {
    const slots = [...this.#columns.values()].flatMap(({ dictionary, cells, texts }) => [dictionary, ...cells, ...texts]);
    for (const slot of [this.#words, this.#filter, this.#idPages, ...slots]) if (slot) this.#cache.drop(slot);
  }

  /** The dictionary of words of `message`, undefined where the group has none. */
  *words(stats: ReadStats): Steps<Words | undefined> {
    const { words } = this.place;
    if (!words) return undefined;
    const held = this.#cache.get(this.#words);
    if (held) return held;
    const bytes = yield* this.#decompressed(words.at, words.length, words.size, stats);
    const made = new Words(bytes, words.textSize, words.count);
    return this.#cache.put(this.#words, made, made.bytes);
  }

  *filter(stats: ReadStats): Steps<Uint32Array> {
    return yield* this.#filterAt(this.#filter, this.place.filter, stats);
  }

  *idPages(stats: ReadStats): Steps<Uint32Array | undefined> {
    return this.place.idPages ? yield* this.#filterAt(this.#idPages, this.place.idPages, stats) : undefined;
  }

  *#filterAt(slot: Slot<Uint32Array>, place: { at: number; length: number }, stats: ReadStats): Steps<Uint32Array> {
    const held = this.#cache.get(slot);
    if (held) return held;
    return this.#cache.put(slot, filterWords(yield* this.#read(place.at, place.length, stats)), place.length);
  }

  *#dictionary(column: GroupColumn, stats: ReadStats): Steps<Dictionary> {
    const held = this.#cache.get(column.dictionary);
    if (held) return held;
    const { place } = column;
    const [at, length, size, count] = place.dictionary!;
    const page = yield* this.#page(place, [at, length, size, count], stats);
    const made =
      place.type === 'string'
        ? new TextDictionary(page, count)
        : new NumberDictionary(page, count, place.type === 'int32' ? 'int32' : 'double');
    return this.#cache.put(column.dictionary, made, size * 2 + count * 16);
  }

  *#texts(column: GroupColumn, window: Window, stats: ReadStats): Steps<Texts> {
    column.texts[window.index] ??= new Slot();
    const slot = column.texts[window.index]!;
    const held = this.#cache.get(slot);
    if (held) return held;
    const page = column.place.pages[window.index]!;
    const bytes = yield* this.#page(column.place, page, stats);
    return this.#cache.put(slot, decodeTexts(bytes, page[3], column.place.optional), page[2] + page[3] * 9);
  }

  /** The page that holds the window, or what of two or more pages is in it as one array. */
  *#cells(column: GroupColumn, { from, to }: Window, stats: ReadStats): Steps<{ cells: Cells; base: number }> {
    const { pageStarts } = column;
    let page = 0;
    while (pageStarts[page + 1]! <= from) page++;
    const first = yield* this.#cellsOf(column, page, stats);
    if (pageStarts[page + 1]! >= to) return { cells: first, base: pageStarts[page]! };
    const joined = emptyCells(column.place, to - from);
    for (; pageStarts[page]! < to; page++) {
      const cells = yield* this.#cellsOf(column, page, stats);
      const start = pageStarts[page]!;
      joined.set(cells.subarray(Math.max(0, from - start), to - start), Math.max(0, start - from));
    }
    return { cells: joined, base: from };
  }

  *#cellsOf({ place, cells }: GroupColumn, page: number, stats: ReadStats): Steps<Cells> {
    cells[page] ??= new Slot();
    const slot = cells[page]!;
    const held = this.#cache.get(slot);
    if (held) return held;
    const rows = place.pages[page]![3];
    const bytes = yield* this.#page(place, place.pages[page]!, stats);
    const made = emptyCells(place, rows);
    decodeCells(place, bytes, rows, made);
    return this.#cache.put(slot, made, made.byteLength);
  }

  *#page(column: ColumnPlace, [at, length, size]: PagePlace | readonly [number, number, number, number], stats: ReadStats): Steps<Buffer> {
    return column.codec === 'zstd' ? yield* this.#decompressed(at, length, size, stats) : yield* this.#read(at, length, stats);
  }

  *#decompressed(at: number, length: number, size: number, stats: ReadStats): Steps<Buffer> {
    return decompress(yield* this.#read(at, length, stats), size);
  }

  *#read(at: number, length: number, stats: ReadStats): Steps<Buffer> {
    stats.bytes += length;
    return bufferOf(yield* settled(this.#object.read(at, length)));
  }
}

export const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Decompresses zstd; a chunk size of the whole output saves copies. */
export const decompress = (bytes: Uint8Array, size: number): Buffer => zstdDecompressSync(bytes, { chunkSize: Math.max(64, size + 64) });

const cellBytes = (place: ColumnPlace): number =>
  place.encoding === 'dictionary' ? (place.dictionary![3] < 255 ? 1 : 2) : place.type === 'boolean' ? 1 : 8;

function emptyCells(place: ColumnPlace, rows: number): Cells {
  const bytes = cellBytes(place);
  return bytes === 1 ? new Uint8Array(rows) : bytes === 2 ? new Uint16Array(rows) : new Float64Array(rows);
}

function decodeCells(place: ColumnPlace, page: Buffer, rows: number, cells: Cells): void {
  if (place.encoding === 'dictionary') decodeCodes(page, rows, place.optional, cells as Codes, 0);
  else if (place.encoding === 'delta') decodeDelta(page, cells as Float64Array, 0);
  else if (place.type === 'boolean') decodeBooleans(page, rows, place.optional, cells as Uint8Array, 0);
  else decodeDoubles(page, rows, place.optional, cells as Float64Array, 0);
}

function columnOf(place: ColumnPlace): GroupColumn {
  const pageStarts = new Uint32Array(place.pages.length + 1);
  place.pages.forEach((page, k) => {
    pageStarts[k + 1] = pageStarts[k]! + page[3];
  });
  return { place, pageStarts, dictionary: new Slot(), cells: [], texts: [] };
}

function windowsOf({ cuts, times }: GroupPlace): Window[] {
  return cuts.slice(0, -1).map((from, index) => ({
    index,
    from,
    to: cuts[index + 1]!,
    minTimestamp: times[index * 2]!,
    maxTimestamp: times[index * 2 + 1]!,
  }));
}

function runsOf({ runs }: GroupPlace): Run[] {
  let from = 0;
  return runs.map(([tenant, service, rows]) => {
    const run = { tenant, service, from, to: from + rows };
    from = run.to;
    return run;
  });
}
