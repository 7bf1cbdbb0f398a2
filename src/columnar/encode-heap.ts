import { addNulls, Chunk, type EncodedColumn, levelsBound, writeLevels } from './chunk.ts';
import { type HeapColumn, maxGroupRows } from './columns.ts';
import type { GroupEncoding } from './group-encoding.ts';
import { hashBytes, hashColumn, hashOnPage } from './hash.ts';
import type { ColumnSchema } from './parquet/footer.ts';
import type { Steps } from './steps.ts';

const cells = new Uint8Array(maxGroupRows);

/** Encodes the messages, PLAIN, and indexes their words and tokens. */
export function* encodeMessages(group: GroupEncoding, schema: ColumnSchema, column: HeapColumn): Steps<EncodedColumn> {
  const { bytes, starts } = column;
  const { words } = group;
  return yield* encodePages(group, schema, column, (row, target, at, page) =>
    words.copy(bytes, starts[row]!, starts[row + 1]!, target, at, page),
  );
}

/** Encodes ids, PLAIN, and indexes them. */
export function* encodeIds(group: GroupEncoding, schema: ColumnSchema, column: HeapColumn): Steps<EncodedColumn> {
  const { bytes, starts } = column;
  const { filter, idPages } = group;
  const state = hashColumn(schema.name);
  return yield* encodePages(group, schema, column, (row, target, at, page) => {
    const from = starts[row]!;
    const to = starts[row + 1]!;
    const hash = hashBytes(bytes, from, to, state);
    filter.add(hash);
    idPages.add(hashOnPage(hash, page));
    for (let i = from; i < to; i++) target[at + i - from] = bytes[i]!;
    return at + to - from;
  });
}

type CopyText = (row: number, target: Buffer, at: number, page: number) => number;

function* encodePages(group: GroupEncoding, schema: ColumnSchema, column: HeapColumn, copy: CopyText): Steps<EncodedColumn> {
  const { order, cuts, scratch } = group;
  const chunk = new Chunk(group.file, schema, 'plain');
  chunk.chooseCodec(column.starts[group.rows]! - column.starts[0]!);
  if (!hasAny(column, order, group.rows)) return addNulls(group, chunk);
  let nulls = 0;
  for (let page = 0; page + 1 < cuts.length; page++) {
    const from = cuts[page]!;
    const to = cuts[page + 1]!;
    const { absent, size } = measure(column, order, from, to);
    nulls += absent;
    scratch.room(0, levelsBound(to - from) + size);
    const target = scratch.bytes;
    let out = writeLevels(target, 0, cells, 0, to - from, absent);
    for (let i = from; i < to; i++) {
      if (cells[i - from] === 0) continue;
      const end = copy(order[i]!, target, out + 4, page);
      target.writeUInt32LE(end - out - 4, out);
      out = end;
    }
    chunk.addPage(target.subarray(0, out), to - from);
    yield;
  }
  return chunk.finish(nulls, schema.name !== 'message');
}

/** Which rows of a page have a text (in `cells`), how many have none, and the bytes of all as PLAIN. */
function measure(column: HeapColumn, order: Uint32Array, from: number, to: number): { absent: number; size: number } {
  const { starts, present } = column;
  let absent = 0;
  let size = 0;
  for (let i = from; i < to; i++) {
    const row = order[i]!;
    const cell = present[row]!;
    cells[i - from] = cell;
    if (cell === 0) absent++;
    else size += 4 + starts[row + 1]! - starts[row]!;
  }
  return { absent, size };
}

function hasAny({ present }: HeapColumn, order: Uint32Array, rows: number): boolean {
  for (let i = 0; i < rows; i++) if (present[order[i]!] === 1) return true;
  return false;
}
