import type { HeapColumn, NumberColumn, SmallColumn, TextColumn } from './columns.ts';
import { sortInSteps } from './sort-in-steps.ts';
import type { Steps } from './steps.ts';

/** Fewer rows are sorted by comparing them. */
const fewRows = 2048;

/** What the order of rows depends on. */
export type OrderedColumns = {
  tenant: TextColumn;
  service: TextColumn;
  timestamp: NumberColumn;
  timestamp_ns: SmallColumn;
  generation: SmallColumn;
  partition: SmallColumn;
  offset: NumberColumn;
};

/** Orders strings as their UTF-8 bytes are ordered. */
export const compareUtf8 = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Sorts rows by (tenant, service, timestamp, timestamp_ns, generation, partition, offset); gives row numbers in that order. */
export function* orderRows(columns: OrderedColumns, rows: number): Steps<Uint32Array> {
  const { order, bounds } = yield* bucketRows(columns, rows);
  yield;
  for (let b = 0; b + 1 < bounds.length; b++) {
    sortBucket(columns, order, bounds[b]!, bounds[b + 1]!);
    if (b % 1024 === 1023) yield;
  }
  return order;
}

/** Puts rows into buckets of one tenant and service, in order, keeping the order of arrival within each. */
function* bucketRows(columns: OrderedColumns, rows: number): Steps<{ order: Uint32Array; bounds: Uint32Array }> {
  const tenantRanks = yield* ranksOf(columns.tenant);
  const serviceRanks = yield* ranksOf(columns.service);
  const tenants = columns.tenant.codes;
  const services = columns.service.codes;
  const byService = countingSort(rows, serviceRanks.length, (i) => serviceRanks[services[i]!]!, undefined);
  const order = tenantRanks.length === 2 ? byService : countingSort(rows, tenantRanks.length, (i) => tenantRanks[tenants[i]!]!, byService);
  const bounds = [0];
  for (let i = 1; i < rows; i++) {
    const row = order[i]!;
    const before = order[i - 1]!;
    if (services[row] !== services[before] || tenants[row] !== tenants[before]) bounds.push(i);
  }
  bounds.push(rows);
  return { order, bounds: Uint32Array.from(bounds) };
}

function countingSort(rows: number, ranks: number, rankOf: (row: number) => number, input: Uint32Array | undefined): Uint32Array {
  const ends = new Uint32Array(ranks + 1);
  for (let i = 0; i < rows; i++) ends[rankOf(i) + 1]!++;
  for (let i = 1; i <= ranks; i++) ends[i]! += ends[i - 1]!;
  const sorted = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) {
    const row = input === undefined ? i : input[i]!;
    sorted[ends[rankOf(row)]!++] = row;
  }
  return sorted;
}

/** For each code, the place of its value among the sorted values, from 1 on. */
function* ranksOf(column: TextColumn): Steps<Uint32Array> {
  const codes = column.values.map((value, i) => ({ bytes: Buffer.from(value), code: i + 1 }));
  const sorted = yield* sortInSteps(codes, (a, b) => Buffer.compare(a.bytes, b.bytes));
  const ranks = new Uint32Array(codes.length + 1);
  for (let i = 0; i < sorted.length; i++) ranks[sorted[i]!.code] = i + 1;
  return ranks;
}

function sortBucket(columns: OrderedColumns, order: Uint32Array, from: number, to: number) {
  const times = columns.timestamp.values;
  if (!isSorted(times, order, from, to)) sortByTime(times, order, from, to);
  for (let start = from; start < to; ) {
    let end = start + 1;
    const time = times[order[start]!]!;
    while (end < to && times[order[end]!] === time) end++;
    if (end - start > 1) sortTies(columns, order, start, end);
    start = end;
  }
}

function isSorted(values: Float64Array, order: Uint32Array, from: number, to: number): boolean {
  for (let i = from + 1; i < to; i++) if (values[order[i - 1]!]! > values[order[i]!]!) return false;
  return true;
}

/** Sorts by time, keeping the order of arrival for equal ones. */
function sortByTime(times: Float64Array, order: Uint32Array, from: number, to: number) {
  if (to - from < fewRows) {
    order.subarray(from, to).sort((a, b) => times[a]! - times[b]!);
    return;
  }
  let least = Number.POSITIVE_INFINITY;
  for (let i = from; i < to; i++) least = Math.min(least, times[order[i]!]!);
  const rows = order.slice(from, to);
  const low = new Uint32Array(rows.length);
  const high = new Uint32Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const since = times[rows[i]!]! - least;
    low[i] = since % 4294967296;
    high[i] = since / 4294967296;
  }
  let places = Uint32Array.from(rows.keys());
  for (const [words, shift] of [
    [low, 0],
    [low, 16],
    [high, 0],
    [high, 16],
  ] as const) {
    places = sortByDigit(words, shift, places);
  }
  for (let i = 0; i < places.length; i++) order[from + i] = rows[places[i]!]!;
}

/** Sorts places stably by 16 bits of their words. */
function sortByDigit(words: Uint32Array, shift: number, places: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const ends = new Uint32Array(65537);
  for (let i = 0; i < words.length; i++) ends[((words[i]! >>> shift) & 0xffff) + 1]!++;
  if (ends[1] === words.length) return places;
  for (let digit = 1; digit < 65536; digit++) ends[digit]! += ends[digit - 1]!;
  const sorted = new Uint32Array(places.length);
  for (let i = 0; i < places.length; i++) {
    const place = places[i]!;
    sorted[ends[(words[place]! >>> shift) & 0xffff]!++] = place;
  }
  return sorted;
}

/** Rows of one time are nearly always few and in the order of their positions already. */
function sortTies(columns: OrderedColumns, order: Uint32Array, from: number, to: number) {
  for (let i = from + 1; i < to; i++) {
    if (compareTies(columns, order[i - 1]!, order[i]!) > 0) {
      order.subarray(from, to).sort((a, b) => compareTies(columns, a, b));
      return;
    }
  }
}

function compareTies(columns: OrderedColumns, a: number, b: number): number {
  return (
    columns.timestamp_ns.values[a]! - columns.timestamp_ns.values[b]! ||
    columns.generation.values[a]! - columns.generation.values[b]! ||
    columns.partition.values[a]! - columns.partition.values[b]! ||
    columns.offset.values[a]! - columns.offset.values[b]!
  );
}

const pageBytes = 128 << 10;
const pageRows = 4096;
const usualPages = 26;
/** A page is a bit of a word's bitmap. */
export const maxPages = 32;

/** Cuts sorted rows into pages by the bytes of their messages: row numbers, first 0, last `rows`. */
export function cutPages(message: HeapColumn, order: Uint32Array, rows: number): number[] {
  const starts = message.starts;
  const bytesLimit = Math.max(pageBytes, (starts[rows]! - starts[0]!) / usualPages);
  const rowsLimit = Math.max(pageRows, Math.ceil(rows / usualPages));
  const cuts = [0];
  let start = 0;
  let bytes = 0;
  for (let i = 0; i < rows; i++) {
    const row = order[i]!;
    const length = starts[row + 1]! - starts[row]!;
    if (i > start && (i - start >= rowsLimit || bytes + length > bytesLimit) && cuts.length < maxPages) {
      cuts.push(i);
      start = i;
      bytes = 0;
    }
    bytes += length;
  }
  if (rows > 0) cuts.push(rows);
  return cuts;
}
