import { Chunk, type EncodedColumn, type EncodedPage, encodeCodePages, levelsBound, stepRows, writeLevels } from './chunk.ts';
import { type BooleanColumn, maxGroupRows, type NumberColumn, type SmallColumn } from './columns.ts';
import type { GroupEncoding } from './group-encoding.ts';
import { hashColumn, hashNumber } from './hash.ts';
import { codeNumbers } from './number-codes.ts';
import { deltaBound, writeDelta } from './parquet/delta.ts';
import type { ChunkFooter, ColumnSchema } from './parquet/footer.ts';
import type { Steps } from './steps.ts';

/** Shared by all encoders of the thread: never used on both sides of a `yield`. */
const ordered = new Float64Array(maxGroupRows);
const cells = new Uint8Array(maxGroupRows);
const codes = new Uint16Array(maxGroupRows);

/** Encodes `offset` and the times, present in every row, as differences. */
export function* encodeDeltas(group: GroupEncoding, schema: ColumnSchema, column: NumberColumn): Steps<EncodedColumn> {
  const { rows, scratch } = group;
  const [least, greatest] = gather(column.values, group.order, rows);
  const pages: EncodedPage[] = [];
  let out = 0;
  for (let from = 0; from < rows; from += stepRows) {
    const to = Math.min(from + stepRows, rows);
    const pageAt = out;
    scratch.room(out, deltaBound(to - from));
    out = writeDelta(scratch.bytes, out, ordered, from, to);
    pages.push({ type: 'data', from: pageAt, to: out, count: to - from });
  }
  const chunk = new Chunk(group.file, schema, 'delta');
  yield* chunk.addAll(scratch, pages);
  return chunk.finish(0, false, [int64Bytes(least), int64Bytes(greatest)]);
}

/** Encodes small whole numbers, present in every row, as a dictionary. */
export function* encodeSmall(group: GroupEncoding, schema: ColumnSchema, column: SmallColumn): Steps<EncodedColumn> {
  const { rows, order, scratch } = group;
  const codeByValue = new Uint16Array(1 << 16);
  const values: number[] = [];
  for (let i = 0; i < rows; i++) {
    const value = column.values[order[i]!]!;
    let code = codeByValue[value]!;
    if (code === 0) code = codeByValue[value] = values.push(value);
    codes[i] = code;
  }
  scratch.room(0, values.length * 4);
  values.forEach((value, i) => {
    scratch.bytes.writeInt32LE(value, i * 4);
  });
  const end = values.length * 4;
  const pages: EncodedPage[] = [{ type: 'dictionary', from: 0, to: end, count: values.length }];
  pages.push(...encodeCodePages(scratch, end, codes, rows, values.length, schema.optional));
  const chunk = new Chunk(group.file, schema, 'dictionary');
  yield* chunk.addAll(scratch, pages);
  const least = values.reduce((a, b) => Math.min(a, b));
  const greatest = values.reduce((a, b) => Math.max(a, b));
  return chunk.finish(0, false, [int32Bytes(least), int32Bytes(greatest)]);
}

/** Encodes numbers, NaN for absent, as a dictionary where values repeat. */
export function* encodeDoubles(group: GroupEncoding, schema: ColumnSchema, column: NumberColumn): Steps<EncodedColumn> {
  const { rows, scratch } = group;
  const [least, greatest, nulls, integers] = gather(column.values, group.order, rows);
  const bounds = boundsOf(least, greatest);
  const state = hashColumn(schema.name);
  const coded = codeNumbers(ordered, rows);
  if (coded) {
    const end = coded.values.length * 8;
    scratch.room(0, end);
    scratch.bytes.set(new Uint8Array(coded.values.buffer), 0);
    for (const value of coded.values) group.filter.add(hashNumber(state, value));
    const pages: EncodedPage[] = [{ type: 'dictionary', from: 0, to: end, count: coded.values.length }];
    pages.push(...encodeCodePages(scratch, end, coded.codes, rows, coded.values.length, schema.optional));
    const chunk = new Chunk(group.file, schema, 'dictionary');
    yield* chunk.addAll(scratch, pages);
    return chunk.finish(nulls, true, bounds);
  }
  if (integers) for (let i = 0; i < rows; i++) if (!Number.isNaN(ordered[i]!)) group.filter.add(hashNumber(state, ordered[i]!));
  const chunk = new Chunk(group.file, schema, 'plain');
  yield* chunk.addAll(scratch, encodePlainDoubles(group));
  return chunk.finish(nulls, integers, bounds);
}

function encodePlainDoubles(group: GroupEncoding): EncodedPage[] {
  const { rows, scratch } = group;
  const pages: EncodedPage[] = [];
  let out = 0;
  for (let from = 0; from < rows; from += stepRows) {
    const to = Math.min(from + stepRows, rows);
    const pageAt = out;
    scratch.room(out, levelsBound(to - from) + (to - from) * 8);
    const present = presentIn(from, to);
    out = writeLevels(scratch.bytes, out, cells, 0, to - from, to - from - present.length);
    scratch.bytes.set(new Uint8Array(present.buffer, present.byteOffset, present.byteLength), out);
    out += present.byteLength;
    pages.push({ type: 'data', from: pageAt, to: out, count: to - from });
  }
  return pages;
}

/** The present numbers of some rows, side by side; `cells` tells which rows have one. */
function presentIn(from: number, to: number): Float64Array {
  const present = new Float64Array(to - from);
  let count = 0;
  for (let i = from; i < to; i++) {
    const value = ordered[i]!;
    const isPresent = !Number.isNaN(value);
    cells[i - from] = isPresent ? 1 : 0;
    if (isPresent) present[count++] = value;
  }
  return present.subarray(0, count);
}

/** Encodes booleans, a bit each. */
export function* encodeBooleans(group: GroupEncoding, schema: ColumnSchema, column: BooleanColumn): Steps<EncodedColumn> {
  const { rows, order, scratch } = group;
  for (let i = 0; i < rows; i++) cells[i] = column.values[order[i]!]!;
  const pages: EncodedPage[] = [];
  let out = 0;
  let nulls = 0;
  for (let from = 0; from < rows; from += stepRows) {
    const to = Math.min(from + stepRows, rows);
    const pageAt = out;
    scratch.room(out, levelsBound(to - from) + (to - from));
    let absent = 0;
    for (let i = from; i < to; i++) if (cells[i] === 0) absent++;
    nulls += absent;
    out = writeLevels(scratch.bytes, out, cells, from, to, absent);
    out = writeBits(scratch.bytes, out, from, to);
    pages.push({ type: 'data', from: pageAt, to: out, count: to - from });
  }
  const chunk = new Chunk(group.file, schema, 'plain');
  yield* chunk.addAll(scratch, pages);
  return chunk.finish(nulls, false);
}

function writeBits(target: Buffer, at: number, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) {
    const cell = cells[i]!;
    if (cell === 0) continue;
    const byte = at + (count >> 3);
    if ((count & 7) === 0) target[byte] = 0;
    if (cell === 2) target[byte]! |= 1 << (count & 7);
    count++;
  }
  return at + ((count + 7) >> 3);
}

/** Brings numbers into the order of the file (in `ordered`): the least, the greatest, how many are absent, whether all are whole. */
function gather(values: Float64Array, order: Uint32Array, rows: number): [number, number, number, boolean] {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  let nulls = 0;
  let integers = true;
  for (let i = 0; i < rows; i++) {
    const value = values[order[i]!]!;
    ordered[i] = value;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
    if (Number.isNaN(value)) nulls++;
    else if (integers && value !== Math.floor(value)) integers = false;
  }
  return [least, greatest, nulls, integers];
}

/** Statistics of doubles; a zero stands for both of its signs, as the format asks. */
function boundsOf(least: number, greatest: number): ChunkFooter['bounds'] {
  if (least > greatest) return undefined;
  return [doubleBytes(least === 0 ? -0 : least), doubleBytes(greatest === 0 ? 0 : greatest)];
}

const doubleBytes = (value: number): Buffer => Buffer.from(Float64Array.of(value).buffer);
const int64Bytes = (value: number): Buffer => Buffer.from(BigInt64Array.of(BigInt(value)).buffer);
const int32Bytes = (value: number): Buffer => Buffer.from(Int32Array.of(value).buffer);
