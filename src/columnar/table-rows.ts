import { type Column, overflowColumn } from './columns.ts';
import type { Dictionary } from './parquet/decode-plain.ts';
import { type CellValue, type ColumnData, type RowGroup, valueAt, type Window } from './rows.ts';
import type { Steps } from './steps.ts';
import type { Table } from './table.ts';

const windowRows = 8192;
/** UTF-8 of the letters outside ASCII whose fold holds an ASCII letter: U+0130, U+017F, U+212A. */
const foldsIntoAscii = ['\u0130', '\u017f', '\u212a'].map((letter) => Buffer.from(letter));

/** The rows of a table as they stand now, for one query. Rows that are added later are not seen. */
export class TableRows implements RowGroup {
  readonly rows: number;
  readonly windows: readonly Window[];
  readonly runs = undefined;
  readonly attributeColumns: readonly string[];
  readonly #table: Table;
  readonly #loaded = new Map<string, ColumnData | undefined>();

  constructor(table: Table) {
    this.#table = table;
    this.rows = table.rows;
    this.attributeColumns = [...table.attributes.map(({ name }) => name), ...(table.overflow ? [overflowColumn] : [])];
    this.windows = windowsOf(table);
  }

  has(column: string): boolean {
    return this.#data(column) !== undefined;
  }

  // biome-ignore lint/correctness/useYield: nothing has to be waited for in memory
  *load(column: string): Steps<ColumnData | undefined> {
    return this.#data(column);
  }

  *pick(column: string, _: Window, rows: readonly number[]): Steps<CellValue[]> {
    const data = this.#data(column);
    return rows.map((row) => valueAt(data, row));
  }

  #data(name: string): ColumnData | undefined {
    if (!this.#loaded.has(name)) {
      const column = this.#table.column(name);
      this.#loaded.set(name, column && dataOf(column, this.rows));
    }
    return this.#loaded.get(name);
  }
}

function windowsOf(table: Table): Window[] {
  const { values } = table.fixed.timestamp;
  const windows: Window[] = [];
  for (let from = 0; from < table.rows; from += windowRows) {
    const to = Math.min(table.rows, from + windowRows);
    let minTimestamp = Number.POSITIVE_INFINITY;
    let maxTimestamp = Number.NEGATIVE_INFINITY;
    for (let row = from; row < to; row++) {
      const timestamp = values[row]!;
      if (timestamp < minTimestamp) minTimestamp = timestamp;
      if (timestamp > maxTimestamp) maxTimestamp = timestamp;
    }
    windows.push({ index: windows.length, from, to, minTimestamp, maxTimestamp });
  }
  return windows;
}

function dataOf(column: Column, rows: number): ColumnData | undefined {
  if (column.kind === 'text') return { kind: 'codes', codes: column.codes, dictionary: dictionaryOf(column.values), base: 0 };
  if (column.kind === 'number' || column.kind === 'small') return { kind: 'numbers', values: column.values, base: 0 };
  if (column.kind === 'boolean') return { kind: 'flags', values: column.values, base: 0 };
  const { bytes, starts, present } = column;
  const used = bytes.subarray(0, starts[rows]);
  if (used.length === 0 && !present.includes(1)) return undefined;
  const asciiFold = foldsIntoAscii.every((letter) => !used.includes(letter));
  return { kind: 'texts', texts: { bytes: used, starts, ends: starts.subarray(1), present }, base: 0, asciiFold };
}

const dictionaryOf = (values: readonly string[]): Dictionary => ({ count: values.length, value: (code) => values[code - 1]! });
