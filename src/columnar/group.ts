import { zstdDecompressSync } from 'node:zlib';
import type { WarmObject } from '../core/ports/warm-store.ts';
import type { ReadStats } from '../query/plan.ts';
import { filterWords } from './bloom.ts';
import { type Cells, cellValue, decodeCells, emptyCells, pickCells } from './cells.ts';
import { attributeOf, overflowColumn } from './columns.ts';
import type { ColumnPlace, GroupPlace, PagePlace, PartInfo } from './directory.ts';
import { type PageCache, Slot } from './page-cache.ts';
import type { Codes } from './parquet/decode-hybrid.ts';
import { type Dictionary, decodeTexts, NumberDictionary, TextDictionary, type Texts } from './parquet/decode-plain.ts';
import { type CellValue, type ColumnData, type RowGroup, type Run, valueAt, type Window } from './rows.ts';
import { type Steps, settled } from './steps.ts';
import { Words } from './words.ts';

/** Of at most so many rows of a window, values are read from the bytes of pages rather than from decoded pages. */
const sparseRows = 128;

/**
 * A column with what is decoded of it, page by page, and the decompressed bytes of pages of which only a few rows were read; `pageStarts`: the first row
 * of each page, and the end.
 */
type GroupColumn = {
  place: ColumnPlace;
  pageStarts: Uint32Array;
  dictionary: Slot<Dictionary>;
  cells: Slot<Cells>[];
  bytes: Slot<Buffer>[];
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

  *pick(name: string, window: Window, rows: readonly number[], stats: ReadStats): Steps<CellValue[]> {
    const column = this.#columns.get(name);
    if (!column) return rows.map(() => undefined);
    const { place, pageStarts } = column;
    if ((place.encoding === 'plain' && place.type === 'string') || rows.length > sparseRows) {
      const data = yield* this.load(name, window, stats);
      return rows.map((row) => valueAt(data, row));
    }
    const dictionary = place.encoding === 'dictionary' ? yield* this.#dictionary(column, stats) : undefined;
    const values: CellValue[] = [];
    for (let page = 0; values.length < rows.length; page++) {
      const from = pageStarts[page]!;
      const places = Uint16Array.from(rows.filter((row) => row >= from && row < pageStarts[page + 1]!).map((row) => row - from));
      if (places.length === 0) continue;
      for (const cell of yield* this.#cellsAt(column, page, places, stats)) values.push(cellValue(place, dictionary, cell));
    }
    return values;
  }

  /** Takes everything of this group out of the cache. */
  dropCached(): void {
    const slots = [...this.#columns.values()].flatMap(({ dictionary, cells, bytes, texts }) => [dictionary, ...cells, ...bytes, ...texts]);
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
    const bytes = yield* this.#page(place, place.pages[page]!, stats);
    const made = decodeCells(place, bytes, place.pages[page]![3]);
    return this.#cache.put(slot, made, made.byteLength);
  }

  *#cellsAt(
    { place, cells, bytes }: GroupColumn,
    page: number,
    places: Uint16Array,
    stats: ReadStats,
  ): Steps<ArrayLike<number> & Iterable<number>> {
    const decoded = cells[page] && this.#cache.get(cells[page]);
    if (decoded) return Array.from(places, (row) => decoded[row]!);
    bytes[page] ??= new Slot();
    const slot = bytes[page];
    const held = this.#cache.get(slot) ?? this.#cache.put(slot, yield* this.#page(place, place.pages[page]!, stats), place.pages[page]![2]);
    return pickCells(place, held, places);
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

function columnOf(place: ColumnPlace): GroupColumn {
  const pageStarts = new Uint32Array(place.pages.length + 1);
  place.pages.forEach((page, k) => {
    pageStarts[k + 1] = pageStarts[k]! + page[3];
  });
  return { place, pageStarts, dictionary: new Slot(), cells: [], bytes: [], texts: [] };
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
