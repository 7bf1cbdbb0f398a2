import type { HeapColumn, NumberColumn, SmallColumn, TextColumn } from './columns.ts';

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

/** Sorts rows by (tenant, service, timestamp, timestamp_ns, generation, partition, offset); returns row numbers in that order. */
export function orderRows(columns: OrderedColumns, rows: number): Uint32Array {
  const { order, bounds } = bucketRows(columns, rows);
  for (let b = 0; b + 1 < bounds.length; b++) sortBucket(columns, order, bounds[b]!, bounds[b + 1]!);
  return order;
}

/** Puts rows into buckets of one tenant and service, in order, keeping the order of arrival within each. */
function bucketRows(columns: OrderedColumns, rows: number): { order: Uint32Array; bounds: Uint32Array } {
  const tenantRanks = ranksOf(columns.tenant);
  const serviceRanks = ranksOf(columns.service);
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
function ranksOf(column: TextColumn): Uint32Array {
  const codes = column.values.map((value, i) => ({ bytes: Buffer.from(value), code: i + 1 }));
  codes.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  const ranks = new Uint32Array(column.values.length + 1);
  codes.forEach(({ code }, i) => {
    ranks[code] = i + 1;
  });
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

/** Sorts by time, keeping the order of arrival for equal ones: as plain numbers `time * 65536 + place` where those are exact. */
function sortByTime(times: Float64Array, order: Uint32Array, from: number, to: number) {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = from; i < to; i++) {
    const time = times[order[i]!]!;
    if (time < least) least = time;
    if (time > most) most = time;
  }
  const rows = order.slice(from, to);
  if (rows.length > 65536 || most - least >= 2 ** 36) {
    order.set(
      Array.from(rows.keys())
        .sort((a, b) => times[rows[a]!]! - times[rows[b]!]! || a - b)
        .map((i) => rows[i]!),
      from,
    );
    return;
  }
  const keys = new Float64Array(rows.length);
  for (let i = 0; i < keys.length; i++) keys[i] = (times[rows[i]!]! - least) * 65536 + i;
  keys.sort();
  for (let i = 0; i < keys.length; i++) order[from + i] = rows[keys[i]! % 65536]!;
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
