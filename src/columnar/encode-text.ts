import type { AttributeValue } from '../core/record.ts';
import type { HashSet } from './bloom.ts';
import { addNulls, Chunk, type EncodedColumn, type EncodedPage, encodeCodePages, levelsBound, writeLevels } from './chunk.ts';
import { attributeColumn, maxGroupRows, overflowColumn, type TextColumn } from './columns.ts';
import type { GroupEncoding } from './group-encoding.ts';
import { hashBytes, hashColumn, hashNumber, hashValue } from './hash.ts';
import { worthDictionary } from './number-codes.ts';
import type { ChunkFooter, ColumnSchema } from './parquet/footer.ts';
import type { Steps } from './steps.ts';

const longestBound = 64;
/** The overflow column is in the filter by the names of the columns that its values would have had. */
const unfiltered = new Set(['tenant', 'level', 'service', overflowColumn]);

/** A text column in the order of the file: `codes` count the values as they are first named; `values[code - 1]`. */
type OrderedCodes = { codes: Uint16Array; values: string[]; nulls: number };

/** Shared by all encoders of the thread: never used on both sides of a `yield`. */
const newCodes = new Uint16Array(maxGroupRows + 1);
const orderedCodes = new Uint16Array(maxGroupRows + 1);

/** Encodes a column of strings, as a dictionary where values repeat. */
export function* encodeText(group: GroupEncoding, schema: ColumnSchema, column: TextColumn): Steps<EncodedColumn> {
  let ordered = inFileOrder(column, group.order, group.rows);
  if (schema.name === overflowColumn) {
    ordered = { ...ordered, codes: ordered.codes.slice(0, group.rows) };
    yield* addOverflow(group.filter, ordered.values);
  }
  const hashes = unfiltered.has(schema.name) ? undefined : group.filter;
  if (schema.optional && !worthDictionary(ordered.values.length, group.rows - ordered.nulls)) {
    return yield* encodePlain(group, schema, { ...ordered, codes: ordered.codes.slice(0, group.rows) }, hashes);
  }
  const { scratch } = group;
  const end = writeDictionary(group, schema.name, ordered.values, hashes);
  const pages: EncodedPage[] = [{ type: 'dictionary', from: 0, to: end, count: ordered.values.length }];
  pages.push(...encodeCodePages(scratch, end, ordered.codes, group.rows, ordered.values.length, schema.optional));
  const chunk = new Chunk(group.file, schema, 'dictionary');
  yield* chunk.addAll(scratch, pages);
  return chunk.finish(ordered.nulls, hashes !== undefined, boundsOf(ordered.values));
}

function inFileOrder(column: TextColumn, order: Uint32Array, rows: number): OrderedCodes {
  const { codes } = column;
  const values: string[] = [];
  newCodes.fill(0, 0, column.values.length + 1);
  let nulls = 0;
  for (let i = 0; i < rows; i++) {
    const code = codes[order[i]!]!;
    let newCode = 0;
    if (code === 0) nulls++;
    else {
      newCode = newCodes[code]!;
      if (newCode === 0) newCode = newCodes[code] = values.push(column.values[code - 1]!);
    }
    orderedCodes[i] = newCode;
  }
  return { codes: orderedCodes, values, nulls };
}

/** Writes the PLAIN values of a dictionary to the scratch's start, and their hashes where the column is filtered. Returns the end. */
function writeDictionary(group: GroupEncoding, name: string, values: string[], hashes: HashSet | undefined): number {
  const { scratch } = group;
  const state = hashColumn(name);
  let out = 0;
  for (const value of values) {
    scratch.room(out, value.length * 3 + 4);
    const end = writeString(scratch.bytes, out, value);
    hashes?.add(hashBytes(scratch.bytes, out + 4, end, state));
    out = end;
  }
  return out;
}

function writeString(target: Buffer, at: number, value: string): number {
  const length = target.write(value, at + 4);
  target.writeUInt32LE(length, at);
  return at + 4 + length;
}

function* encodePlain(
  group: GroupEncoding,
  schema: ColumnSchema,
  ordered: OrderedCodes,
  hashes: HashSet | undefined,
): Steps<EncodedColumn> {
  const { scratch, cuts } = group;
  const state = hashColumn(schema.name);
  const chunk = new Chunk(group.file, schema, 'plain');
  if (ordered.values.length === 0) return addNulls(group, chunk);
  for (let k = 0; k + 1 < cuts.length; k++) {
    const from = cuts[k]!;
    const to = cuts[k + 1]!;
    let nulls = 0;
    for (let i = from; i < to; i++) if (ordered.codes[i] === 0) nulls++;
    scratch.room(0, levelsBound(to - from));
    let out = writeLevels(scratch.bytes, 0, ordered.codes, from, to, nulls);
    for (let i = from; i < to; i++) {
      const code = ordered.codes[i]!;
      if (code === 0) continue;
      const value = ordered.values[code - 1]!;
      scratch.room(out, value.length * 3 + 4);
      const end = writeString(scratch.bytes, out, value);
      hashes?.add(hashBytes(scratch.bytes, out + 4, end, state));
      out = end;
    }
    chunk.addPage(scratch.bytes.subarray(0, out), to - from);
    yield;
  }
  return chunk.finish(ordered.nulls, hashes !== undefined, boundsOf(ordered.values));
}

/** Adds what has no column of its own to the filter, by the names that columns would have had. */
function* addOverflow(filter: HashSet, texts: readonly string[]): Steps<void> {
  const states = new Map<string, number>();
  const stateOf = (name: string) => {
    let state = states.get(name);
    if (state === undefined) {
      state = hashColumn(name);
      states.set(name, state);
      filter.add(state);
    }
    return state;
  };
  for (const [i, text] of texts.entries()) {
    if (i % 1024 === 1023) yield;
    for (const [key, value] of Object.entries(JSON.parse(text) as Record<string, AttributeValue>)) {
      if (typeof value === 'string') filter.add(hashValue(stateOf(attributeColumn('str', key)), value));
      else if (typeof value === 'number') filter.add(hashNumber(stateOf(attributeColumn('num', key)), value));
      else stateOf(attributeColumn('bool', key));
    }
  }
}

/**
 * The least and greatest value for the footer's statistics; none where they would be long, or where the order of UTF-16, which is compared by,
 * may differ from that of UTF-8.
 */
function boundsOf(values: string[]): ChunkFooter['bounds'] {
  if (values.length === 0 || values.length > 4096) return undefined;
  let least = values[0]!;
  let greatest = least;
  for (const value of values) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  const isSafe = (value: string) => value.length <= longestBound && !/[\ud800-\uffff]/.test(value);
  return isSafe(least) && isSafe(greatest) ? [Buffer.from(least), Buffer.from(greatest)] : undefined;
}
