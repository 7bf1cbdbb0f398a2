import type { ColumnType } from '../directory.ts';
import { codecOf, convertedType, encodingOf, magic, physicalType } from './format.ts';
import { CompactWriter, thriftType } from './thrift.ts';

const createdBy = 'logdrive';
const required = 0;
const optional = 1;

/** A column as the schema names it. */
export type ColumnSchema = { name: string; type: ColumnType; optional: boolean; timestamp?: boolean };

/** One column of one row group, as the footer tells of it. */
export type ChunkFooter = {
  codec: keyof typeof codecOf;
  encodings: (keyof typeof encodingOf)[];
  rows: number;
  nulls: number;
  /** Offsets in the file; `dataAt` of the first data page's header. */
  start: number;
  dataAt: number;
  dictionaryAt: number | undefined;
  /** Both with page headers. */
  plainBytes: number;
  bytes: number;
  /** Least and greatest value as PLAIN bytes. */
  bounds: [least: Uint8Array, greatest: Uint8Array] | undefined;
};

/** Encodes a file's footer, its length and the closing magic. */
export function encodeFooter(
  schema: readonly ColumnSchema[],
  groups: readonly ChunkFooter[][],
  keyValue: readonly [key: string, value: string],
): Buffer {
  const rows = groups.reduce((sum, group) => sum + (group[0]?.rows ?? 0), 0);
  const out = new CompactWriter().open().i32(1, 2);
  out.list(2, thriftType.struct, schema.length + 1);
  out.open().binary(4, 'logs').i32(5, schema.length).end();
  for (const column of schema) writeSchema(out, column);
  out.i64(3, rows).list(4, thriftType.struct, groups.length);
  for (const group of groups) writeGroup(out, schema, group);
  out.list(5, thriftType.struct, 1).open().binary(1, keyValue[0]).binary(2, keyValue[1]).end();
  out.binary(6, createdBy).list(7, thriftType.struct, schema.length);
  for (const _ of schema) out.open().struct(1).end().end();
  const footer = out.end().finish();
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([footer, length, magic]);
}

function writeSchema(out: CompactWriter, column: ColumnSchema) {
  out
    .open()
    .i32(1, physicalType[column.type])
    .i32(3, column.optional ? optional : required)
    .binary(4, column.name);
  if (column.type === 'string') out.i32(6, convertedType.utf8).struct(10).struct(1).end().end();
  if (column.timestamp) {
    out.i32(6, convertedType.timestampMicros).struct(10).struct(8).boolean(1, true).struct(2).struct(2).end().end().end().end();
  }
  out.end();
}

function writeGroup(out: CompactWriter, schema: readonly ColumnSchema[], group: readonly ChunkFooter[]) {
  out.open().list(1, thriftType.struct, group.length);
  for (const [i, chunk] of group.entries()) writeChunk(out, schema[i]!, chunk);
  out.i64(
    2,
    group.reduce((sum, chunk) => sum + chunk.plainBytes, 0),
  );
  out.i64(3, group[0]?.rows ?? 0).end();
}

function writeChunk(out: CompactWriter, column: ColumnSchema, chunk: ChunkFooter) {
  out.open().i64(2, 0).struct(3).i32(1, physicalType[column.type]);
  out.list(2, thriftType.i32, chunk.encodings.length);
  for (const encoding of chunk.encodings) out.zigzag(encodingOf[encoding]);
  out.list(3, thriftType.binary, 1).element(column.name).i32(4, codecOf[chunk.codec]);
  out.i64(5, chunk.rows).i64(6, chunk.plainBytes).i64(7, chunk.bytes).i64(9, chunk.dataAt);
  if (chunk.dictionaryAt !== undefined) out.i64(11, chunk.dictionaryAt);
  out.struct(12).i64(3, chunk.nulls);
  if (chunk.bounds) out.binary(5, chunk.bounds[1]).binary(6, chunk.bounds[0]);
  out.end().end().end();
}
