import type { ColumnPlace } from './directory.ts';
import { decodeDelta } from './parquet/decode-delta.ts';
import { type Codes, decodeCodes } from './parquet/decode-hybrid.ts';
import { type Dictionary, decodeBooleans, decodeDoubles } from './parquet/decode-plain.ts';
import { pickBooleans, pickCodes, pickDeltas, pickDoubles } from './parquet/pick.ts';
import type { CellValue } from './rows.ts';

/** The decoded rows of a page that are no texts. */
export type Cells = Codes | Float64Array;

const cellBytes = (place: ColumnPlace): number =>
  place.encoding === 'dictionary' ? (place.dictionary![3] < 255 ? 1 : 2) : place.type === 'boolean' ? 1 : 8;

export function emptyCells(place: ColumnPlace, rows: number): Cells {
  const bytes = cellBytes(place);
  return bytes === 1 ? new Uint8Array(rows) : bytes === 2 ? new Uint16Array(rows) : new Float64Array(rows);
}

export function decodeCells(place: ColumnPlace, page: Buffer, rows: number): Cells {
  const cells = emptyCells(place, rows);
  if (place.encoding === 'dictionary') decodeCodes(page, rows, place.optional, cells as Codes, 0);
  else if (place.encoding === 'delta') decodeDelta(page, cells as Float64Array, 0);
  else if (place.type === 'boolean') decodeBooleans(page, rows, place.optional, cells as Uint8Array, 0);
  else decodeDoubles(page, rows, place.optional, cells as Float64Array, 0);
  return cells;
}

/** The cells at ascending places of a page, read from its bytes. */
export function pickCells(place: ColumnPlace, page: Buffer, places: Uint16Array): Cells {
  if (place.encoding === 'dictionary') return pickCodes(page, place.optional, places);
  if (place.encoding === 'delta') return pickDeltas(page, places);
  return place.type === 'boolean' ? pickBooleans(page, place.optional, places) : pickDoubles(page, place.optional, places);
}

/** The value of a cell; undefined for absent. */
export function cellValue(place: ColumnPlace, dictionary: Dictionary | undefined, cell: number): CellValue {
  if (dictionary) return cell === 0 ? undefined : dictionary.value(cell);
  if (place.type === 'boolean') return cell === 0 ? undefined : cell === 2;
  return Number.isNaN(cell) ? undefined : cell;
}
