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

/** A column as one array for all rows of the group, filled page by page. */
type Filled = { cells: Codes | Float64Array; filled: Uint8Array };

type GroupColumn = { place: ColumnPlace; pageStarts: Uint32Array; dictionary: Slot<Dictionary>; cells: Slot<Filled>; texts: Slot<Texts>[] };

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
    const cells = yield* this.#cells(column, window, stats);
    if (place.encoding !== 'dictionary') {
      return place.type === 'boolean' ? { kind: 'flags', values: cells as Uint8Array } : { kind: 'numbers', values: cells as Float64Array };
    }
    return { kind: 'codes', codes: cells as Codes, dictionary: yield* this.#dictionary(column, stats) };
  }

  /** Takes everything of this group out of the cache. */
  dropCached(): void {
    const slots = [...this.#columns.values()].flatMap(({ dictionary, cells, texts }) => [dictionary, cells, ...texts]);
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

  *#cells(column: GroupColumn, window: Window, stats: ReadStats): Steps<Filled['cells']> {
    const { place, pageStarts } = column;
    const held = this.#cache.get(column.cells) ?? this.#cache.put(column.cells, emptyCells(place, this.rows), this.rows * cellBytes(place));
    for (let k = 0; k < place.pages.length; k++) {
      if (pageStarts[k]! >= window.to || pageStarts[k + 1]! <= window.from || held.filled[k] === 1) continue;
      decodeCells(place, yield* this.#page(place, place.pages[k]!, stats), place.pages[k]![3], held.cells, pageStarts[k]!);
      held.filled[k] = 1;
    }
    return held.cells;
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

function emptyCells(place: ColumnPlace, rows: number): Filled {
  const bytes = cellBytes(place);
  const cells = bytes === 1 ? new Uint8Array(rows) : bytes === 2 ? new Uint16Array(rows) : new Float64Array(rows);
  return { cells, filled: new Uint8Array(place.pages.length) };
}

function decodeCells(place: ColumnPlace, page: Buffer, rows: number, cells: Filled['cells'], at: number): void {
  if (place.encoding === 'dictionary') decodeCodes(page, rows, place.optional, cells as Codes, at);
  else if (place.encoding === 'delta') decodeDelta(page, cells as Float64Array, at);
  else if (place.type === 'boolean') decodeBooleans(page, rows, place.optional, cells as Uint8Array, at);
  else decodeDoubles(page, rows, place.optional, cells as Float64Array, at);
}

function columnOf(place: ColumnPlace): GroupColumn {
  const pageStarts = new Uint32Array(place.pages.length + 1);
  place.pages.forEach((page, k) => {
    pageStarts[k + 1] = pageStarts[k]! + page[3];
  });
  return { place, pageStarts, dictionary: new Slot(), cells: new Slot(), texts: [] };
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
