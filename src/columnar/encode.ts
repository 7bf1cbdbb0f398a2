import { intervalsOf } from '../core/intervals.ts';
import { Scratch } from './chunk.ts';
import { type Column, type FixedColumn, fixedColumns, overflowColumn } from './columns.ts';
import { type Directory, directoryKey, directoryVersion, type EncodedPart, type GroupPlace, type PartInfo } from './directory.ts';
import { type EncodedGroup, encodeGroup } from './encode-group.ts';
import { compareUtf8, orderRows } from './order.ts';
import { type ColumnSchema, encodeFooter } from './parquet/footer.ts';
import { compress, GrowingFile } from './parquet/pages.ts';
import type { Table } from './table.ts';

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
 * Writes a table's rows, at least one, as one file: sorted, with one row group and its index. Yields between slices of a few milliseconds; the
 * table must not change meanwhile. The same rows, added in the same order, give the same bytes. The layout is in `format.md`.
 */
export function* encodeTable(table: Table): Generator<void, EncodedPart> {
  if (table.rows === 0) throw new RangeError('a file needs at least one row');
  const order = orderRows(table.fixed, table.rows);
  yield;
  const file = new GrowingFile();
  const schema = schemaOf(table.attributes, table.overflow !== undefined);
  const source = { rows: table.rows, order, column: (name: string): Column => table.column(name)! };
  const group = yield* encodeGroup(file, new Scratch(), schema, source);
  const info = infoOf(table);
  yield;
  return yield* finishFile(file, schema, [group], info);
}

/** Appends the indexes of a file's row groups, its directory and its footer. */
export function* finishFile(
  file: GrowingFile,
  schema: readonly ColumnSchema[],
  groups: readonly EncodedGroup[],
  info: PartInfo,
): Generator<void, EncodedPart> {
  const places: GroupPlace[] = [];
  for (const group of groups) places.push(yield* group.writeIndex());
  const directory: Directory = { info, groups: places };
  const bytes = compress(Buffer.from(JSON.stringify(directory)));
  const at = file.put(bytes);
  const footers = groups.map((group) => group.footer);
  file.put(encodeFooter(schema, footers, [directoryKey, `${at},${bytes.length},${directoryVersion}`]));
  return { bytes: file.finish(), info: { ...info, bytes: file.at } };
}

function infoOf(table: Table): PartInfo {
  const { fixed, rows } = table;
  const observed = fixed.observed_timestamp.values.subarray(0, rows);
  return {
    rows,
    bytes: 0,
    minTimestamp: table.minTimestamp,
    maxTimestamp: table.maxTimestamp,
    minObserved: observed.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    maxObserved: observed.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
    tenants: [...fixed.tenant.values].sort(compareUtf8),
    offsets: positionsOf(fixed.generation.values, fixed.partition.values, fixed.offset.values, rows),
  };
}

/** The positions of some rows as sets of offsets, sorted by generation and partition. */
export function positionsOf(generations: Uint16Array, partitions: Uint16Array, offsets: Float64Array, rows: number): PartInfo['offsets'] {
  const runs = new Map<number, [from: number, to: number][]>();
  let list: [number, number][] = [];
  let key = -1;
  for (let i = 0; i < rows; i++) {
    const at = generations[i]! * 65536 + partitions[i]!;
    if (at !== key) {
      key = at;
      list = runs.get(at) ?? [];
      runs.set(at, list);
    }
    const offset = offsets[i]!;
    const last = list.at(-1);
    if (last && last[1] === offset) last[1] = offset + 1;
    else list.push([offset, offset + 1]);
  }
  return [...runs]
    .sort(([a], [b]) => a - b)
    .map(([at, list]) => ({ generation: Math.floor(at / 65536), partition: at % 65536, offsets: intervalsOf(list) }));
}
