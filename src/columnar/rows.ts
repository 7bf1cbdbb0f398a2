import type { ReadStats } from '../query/plan.ts';
import type { Codes } from './parquet/decode-hybrid.ts';
import type { Dictionary, Texts } from './parquet/decode-plain.ts';
import type { Steps } from './steps.ts';

/**
 * The values of one column, at least for the rows of the window it was loaded for: a row's is at `row - base`. Absent is code 0, NaN, flag 0, or not
 * `present`. `asciiFold` tells that no letter outside ASCII folds into ASCII there.
 */
export type ColumnData =
  | { kind: 'codes'; codes: Codes; dictionary: Dictionary; base: number }
  | { kind: 'numbers'; values: Float64Array | Uint16Array; base: number }
  | { kind: 'flags'; values: Uint8Array; base: number }
  | { kind: 'texts'; texts: Texts; base: number; asciiFold: boolean };

/** A row's value of a column; undefined for absent. */
export type CellValue = string | number | boolean | undefined;

/** Consecutive rows that are read together, with the times they span (both ends inclusive). */
export type Window = { index: number; from: number; to: number; minTimestamp: number; maxTimestamp: number };

/** Rows of one tenant and service that stand together, in the order of time. */
export type Run = { tenant: string; service: string; from: number; to: number };

/** Up to 65,535 rows that are searched alike, wherever they are: a row group of a file, or the table in memory. */
export interface RowGroup {
  readonly rows: number;
  readonly windows: readonly Window[];
  /** All rows as runs, or undefined where they stand as they arrived. */
  readonly runs: readonly Run[] | undefined;
  /** Names of the attribute columns that have values. */
  readonly attributeColumns: readonly string[];
  /** Whether any row may have a value in the column. */
  has(column: string): boolean;
  /** Loads a column for a window; undefined where no row of the group has a value. */
  load(column: string, window: Window, stats: ReadStats): Steps<ColumnData | undefined>;
  /** Reads a column's values in a few rows of a window, which ascend: cheaper than to load it for them. */
  pick(column: string, window: Window, rows: readonly number[], stats: ReadStats): Steps<CellValue[]>;
}

/** A row's value, or undefined. */
export function valueAt(data: ColumnData | undefined, row: number): CellValue {
  if (data === undefined) return undefined;
  const index = row - data.base;
  if (data.kind === 'codes') return data.codes[index] === 0 ? undefined : data.dictionary.value(data.codes[index]!);
  if (data.kind === 'texts') return textAt(data.texts, index);
  const value = data.values[index]!;
  if (data.kind === 'flags') return value === 0 ? undefined : value === 2;
  return Number.isNaN(value) ? undefined : value;
}

export function textAt(texts: Texts, index: number): string | undefined {
  if (texts.present !== undefined && texts.present[index] === 0) return undefined;
  return texts.bytes.toString('utf8', texts.starts[index], texts.ends[index]);
}

export const noReads = (): ReadStats => ({ files: 0, filesPruned: 0, pages: 0, pagesPruned: 0, bytes: 0, rows: 0 });
