/** A column of strings by code: `codes[row]` is 0 where absent, else the value is `values[code - 1]`. */
export type TextColumn = { readonly kind: 'text'; readonly codes: Uint16Array; readonly values: readonly string[] };

/** A column of numbers, NaN where absent. */
export type NumberColumn = { readonly kind: 'number'; readonly values: Float64Array };

/** A column of booleans: 0 absent, 1 false, 2 true. */
export type BooleanColumn = { readonly kind: 'boolean'; readonly values: Uint8Array };

/** A column of whole numbers from 0 to 65,535, present in every row. */
export type SmallColumn = { readonly kind: 'small'; readonly values: Uint16Array };

/** A column of texts side by side: row r is `bytes[starts[r] .. starts[r + 1]]`, UTF-8, and absent where `present[r]` is 0. */
export type HeapColumn = { readonly kind: 'heap'; readonly bytes: Buffer; readonly starts: Uint32Array; readonly present: Uint8Array };

/** A column in memory. Arrays may be longer than there are rows, and are replaced when they grow. */
export type Column = TextColumn | NumberColumn | BooleanColumn | SmallColumn | HeapColumn;

/** The columns that every file and every table has, in the order of a file. */
export const fixedColumns = [
  'tenant',
  'generation',
  'partition',
  'offset',
  'timestamp',
  'timestamp_ns',
  'observed_timestamp',
  'level',
  'severity',
  'service',
  'env',
  'host',
  'message',
  'trace_id',
  'span_id',
  'client_id',
] as const;
export type FixedColumn = (typeof fixedColumns)[number];

/** The column of what has no column of its own: the text of one flat JSON object a row. */
export const overflowColumn = 'attributes';

/** The types an attribute may have, as the prefixes of its columns: one key may have one of each. */
export type AttributeType = 'str' | 'num' | 'bool';

export const attributeColumn = (type: AttributeType, key: string): string => `${type}.${key}`;

/** Reads a column's name back into the attribute's type and key; undefined for a fixed column. */
export function attributeOf(column: string): { type: AttributeType; key: string } | undefined {
  const dot = column.indexOf('.');
  if (dot < 0) return undefined;
  return { type: column.slice(0, dot) as AttributeType, key: column.slice(dot + 1) };
}

export const maxAttributeColumns = 64;
export const maxGroupRows = 65_535;
