import { Scratch } from './chunk.ts';
import { type Column, type FixedColumn, fixedColumns, overflowColumn } from './columns.ts';
import { type Directory, directoryKey, directoryVersion, type EncodedPart, type GroupPlace, type PartInfo } from './directory.ts';
import { type EncodedGroup, encodeGroup } from './encode-group.ts';
import { compareUtf8, orderRows } from './order.ts';
import { type ColumnSchema, encodeFooter } from './parquet/footer.ts';
import { compress, GrowingFile } from './parquet/pages.ts';
import { infoOf } from './part-info.ts';
import type { Steps } from './steps.ts';
import type { AttributeColumn, Table } from './table.ts';

export type { EncodedPart, PartInfo } from './directory.ts';

const fixedSchema: Record<FixedColumn, Omit<ColumnSchema, 'name'>> = {
  tenant: { type: 'string', optional: false },
  generation: { type: 'int32', optional: false },
  partition: { type: 'int32', optional: false },
  offset: { type: 'int64', optional: false },
  timestamp: { type: 'int64', optional: false, timestamp: true },
  timestamp_ns: { type: 'int32', optional: false },
  observed_timestamp: { type: 'int64', optional: false, timestamp: true },
  level: { type: 'string', optional: false },
  severity: { type: 'int32', optional: false },
  service: { type: 'string', optional: false },
  env: { type: 'string', optional: true },
  host: { type: 'string', optional: true },
  message: { type: 'string', optional: true },
  trace_id: { type: 'string', optional: true },
  span_id: { type: 'string', optional: true },
  client_id: { type: 'string', optional: true },
};

const attributeTypes = { str: 'string', num: 'double', bool: 'boolean' } as const;

/** The schema of a file with these attribute columns. */
export function schemaOf(attributes: readonly { name: string; type: keyof typeof attributeTypes }[], overflow: boolean): ColumnSchema[] {
  const sorted = [...attributes].sort((a, b) => compareUtf8(a.name, b.name));
  return [
    ...fixedColumns.map((name) => ({ name, ...fixedSchema[name] })),
    ...sorted.map(({ name, type }) => ({ name, type: attributeTypes[type], optional: true })),
    ...(overflow ? [{ name: overflowColumn, type: 'string' as const, optional: true }] : []),
  ];
}

/**
 * Writes a table's first rows, at least one, as one file: sorted, with one row group and its index. Yields between slices of a few milliseconds;
 * rows may be added meanwhile. The same rows, added in the same order, give the same bytes. The layout is in `format.md`.
 * @param rows how many: all that there are at the call
 */
export function* encodeTable(table: Table, rows = table.rows): Generator<void, EncodedPart> {
  if (rows === 0) throw new RangeError('a file needs at least one row');
  const steps = encodeSorted(table, rows);
  let step = steps.next();
  for (; !step.done; step = steps.next()) yield;
  return step.value;
}

function* encodeSorted(table: Table, rows: number): Steps<EncodedPart> {
  const order = yield* orderRows(table.fixed, rows);
  const file = new GrowingFile();
  const attributes = table.attributes.filter(({ column }) => hasValue(column, rows));
  const schema = schemaOf(attributes, table.overflow !== undefined && hasValue(table.overflow, rows));
  const source = { rows, order, column: (name: string) => inMemory(table.column(name)!) };
  const group = yield* encodeGroup(file, new Scratch(), schema, source);
  const info = infoOf([{ rows, columns: table.fixed }]);
  yield;
  return finishFile(file, schema, [group], info);
}

/** Whether any of the first rows has a value. */
function hasValue(column: AttributeColumn['column'], rows: number): boolean {
  if (column.kind === 'number') return column.values.subarray(0, rows).some((value) => !Number.isNaN(value));
  const cells = column.kind === 'text' ? column.codes : column.values;
  return cells.subarray(0, rows).some((cell) => cell !== 0);
}

// biome-ignore lint/correctness/useYield: nothing has to be waited for in memory
function* inMemory(column: Column): Steps<Column> {
  return column;
}

/** Encodes a table without a pause: for one that is small, or where nobody waits for the thread. */
export function encodeNow(table: Table): EncodedPart {
  const encoding = encodeTable(table);
  let step = encoding.next();
  while (!step.done) step = encoding.next();
  return step.value;
}

/** Appends the indexes of a file's row groups, its directory and its footer. Attribute columns without any value are left out of both. */
export function finishFile(
  file: GrowingFile,
  schema: readonly ColumnSchema[],
  groups: readonly EncodedGroup[],
  info: PartInfo,
): EncodedPart {
  const isUsed = schema.map(
    ({ name }, i) => isFixed(name) || groups.some(({ columns }) => columns[i]!.place.nulls < columns[i]!.footer.rows),
  );
  const used = <T>(items: readonly T[]): T[] => items.filter((_, i) => isUsed[i]);
  const places: GroupPlace[] = [];
  for (const group of groups) places.push({ ...group.writeIndex(), columns: used(group.columns).map(({ place }) => place) });
  const directory: Directory = { info, groups: places };
  const bytes = compress(Buffer.from(JSON.stringify(directory)));
  const at = file.put(bytes);
  const footers = groups.map((group) => used(group.columns).map(({ footer }) => footer));
  file.put(encodeFooter(used(schema), footers, [directoryKey, `${at},${bytes.length},${directoryVersion}`]));
  return { bytes: file.finish(), info: { ...info, bytes: file.at } };
}

const isFixed = (name: string): boolean => Object.hasOwn(fixedSchema, name);
