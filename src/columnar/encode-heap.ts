import { addNulls, Chunk, type EncodedColumn, levelsBound, writeLevels } from './chunk.ts';
import { type HeapColumn, maxGroupRows } from './columns.ts';
import type { GroupEncoding } from './group-encoding.ts';
import { hashBytes, hashColumn, hashOnPage } from './hash.ts';
import type { ColumnSchema } from './parquet/footer.ts';
import type { Steps } from './steps.ts';

/** Longer texts are worth a native copy. */
const longText = 256;

/** Shared by all encoders of the thread: never used on both sides of a `yield`. */
const cells = new Uint8Array(maxGroupRows);

/** Encodes the messages, PLAIN, and indexes their words and tokens. */
export function encodeMessages(group: GroupEncoding, schema: ColumnSchema, column: HeapColumn): Steps<EncodedColumn> {
  const { words } = group;
  return encodePages(group, schema, column, (bytes, from, to, page) => words.add(bytes, from, to, page));
}

/** Encodes ids, PLAIN, and indexes them. */
export function encodeIds(group: GroupEncoding, schema: ColumnSchema, column: HeapColumn): Steps<EncodedColumn> {
  const { filter, idPages } = group;
  const state = hashColumn(schema.name);
  return encodePages(group, schema, column, (bytes, from, to, page) => {
    const hash = hashBytes(bytes, from, to, state);
    filter.add(hash);
    idPages.add(hashOnPage(hash, page));
  });
}

type IndexText = (bytes: Uint8Array, from: number, to: number, page: number) => void;

function* encodePages(group: GroupEncoding, schema: ColumnSchema, column: HeapColumn, index: IndexText): Steps<EncodedColumn> {
  const { order, cuts, scratch } = group;
  const chunk = new Chunk(group.file, schema, 'plain');
  if (!hasAny(column, order, group.rows)) return addNulls(group, chunk);
  chunk.chooseCodec(column.starts[group.rows]! - column.starts[0]!);
  let nulls = 0;
  for (let page = 0; page + 1 < cuts.length; page++) {
    const from = cuts[page]!;
    const to = cuts[page + 1]!;
    const { absent, size } = measure(column, order, from, to);
    nulls += absent;
    scratch.room(0, levelsBound(to - from) + size);
    const target = scratch.bytes;
    const textsAt = writeLevels(target, 0, cells, 0, to - from, absent);
    const end = copyTexts(column, order, from, to, target, textsAt);
    for (let at = textsAt; at < end; ) {
      const textEnd = at + 4 + target.readUInt32LE(at);
      index(target, at + 4, textEnd, page);
      at = textEnd;
    }
    chunk.addPage(target.subarray(0, end), to - from);
    yield;
  }
  return chunk.finish(nulls, schema.name !== 'message');
}

/** Copies the present texts of a page, each behind its length. They are indexed from there, side by side, since that is kinder to the cache. */
function copyTexts({ bytes, starts }: HeapColumn, order: Uint32Array, from: number, to: number, target: Buffer, at: number): number {
  let out = at;
  for (let i = from; i < to; i++) {
    if (cells[i - from] === 0) continue;
    const row = order[i]!;
    const start = starts[row]!;
    const length = starts[row + 1]! - start;
    target[out] = length;
    target[out + 1] = length >>> 8;
    target[out + 2] = length >>> 16;
    target[out + 3] = length >>> 24;
    out += 4;
    if (length > longText) bytes.copy(target, out, start, start + length);
    else for (let k = 0; k < length; k++) target[out + k] = bytes[start + k]!;
    out += length;
  }
  return out;
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
