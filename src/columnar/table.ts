import { idOf } from '../core/ids.ts';
import { defaultGrade } from '../core/level.ts';
import type { Level, LogRecord, Position, StoredRecord } from '../core/record.ts';
import { type AttributeColumn, AttributeColumns } from './attribute-columns.ts';
import { type Column, type FixedColumn, maxGroupRows, overflowColumn } from './columns.ts';
import { GrowingHeap, GrowingNumbers, GrowingSmall, GrowingText } from './growing.ts';
import { role } from './line-keys.ts';
import { LineReader, type Lines } from './line-reader.ts';

export type { AttributeColumn } from './attribute-columns.ts';

const firstCapacity = 1 << 10;
const defaultMaxBytes = 32 << 20;

/** How many rows a table has memory for, and how many bytes of each text that is not kept by its distinct values. */
export type TableRoom = { rows: number; message: number; trace_id: number; span_id: number; client_id: number };

const firstRoom: TableRoom = { rows: firstCapacity, message: 0, trace_id: 0, span_id: 0, client_id: 0 };

function fixedColumnsFor({ rows, message, trace_id, span_id, client_id }: TableRoom) {
  return {
    tenant: new GrowingText(rows),
    generation: new GrowingSmall(rows),
    partition: new GrowingSmall(rows),
    offset: new GrowingNumbers(rows, 0),
    timestamp: new GrowingNumbers(rows, 0),
    timestamp_ns: new GrowingSmall(rows),
    observed_timestamp: new GrowingNumbers(rows, 0),
    level: new GrowingText(rows),
    severity: new GrowingSmall(rows),
    service: new GrowingText(rows),
    env: new GrowingText(rows),
    host: new GrowingText(rows),
    message: new GrowingHeap(rows, message),
    trace_id: new GrowingHeap(rows, trace_id),
    span_id: new GrowingHeap(rows, span_id),
    client_id: new GrowingHeap(rows, client_id),
  } satisfies Record<FixedColumn, Column>;
}

/**
 * The newest rows as columns in memory, in the order of arrival, searchable at once. Small while it has few rows. Its columns are described in
 * `format.md`; they may be read between calls of `add`.
 */
export class Table {
  rows = 0;
  /** Roughly the memory that texts take. */
  bytes = 0;
  minTimestamp = Number.POSITIVE_INFINITY;
  maxTimestamp = Number.NEGATIVE_INFINITY;
  readonly fixed: ReturnType<typeof fixedColumnsFor>;
  readonly #attributes: AttributeColumns;
  #lines: LineReader | undefined;
  #capacity: number;
  readonly #maxRows: number;
  readonly #maxBytes: number;

  /** @param options `room`: for how many rows and bytes memory is taken at once, else as they come */
  constructor(options: { maxRows?: number; maxBytes?: number; room?: TableRoom | undefined } = {}) {
    const { room = firstRoom } = options;
    this.#capacity = room.rows;
    this.fixed = fixedColumnsFor(room);
    this.#attributes = new AttributeColumns(room.rows);
    this.#maxRows = Math.min(options.maxRows ?? maxGroupRows, maxGroupRows);
    this.#maxBytes = options.maxBytes ?? defaultMaxBytes;
  }

  get attributes(): readonly AttributeColumn[] {
    return this.#attributes.columns;
  }

  /** What has no column of its own. */
  get overflow(): GrowingText | undefined {
    return this.#attributes.overflow;
  }

  /** What its rows have come to need, and a little more for the texts: for the table that follows it. */
  get room(): TableRoom {
    const { message, trace_id, span_id, client_id } = this.fixed;
    const bytesOf = (heap: GrowingHeap) => heap.end + (heap.end >> 3);
    return {
      rows: this.#capacity,
      message: bytesOf(message),
      trace_id: bytesOf(trace_id),
      span_id: bytesOf(span_id),
      client_id: bytesOf(client_id),
    };
  }

  /** Whether the next record does not fit. */
  get isFull(): boolean {
    return this.rows >= this.#maxRows || this.bytes >= this.#maxBytes;
  }

  /** Adds a record; false when there is no room: the caller seals this table and adds to a fresh one. An empty table takes any record. */
  add(tenant: string, position: Position, record: LogRecord): boolean {
    const row = this.rows;
    if (this.isFull) return false;
    if (row === this.#capacity) this.#grow();
    const fixed = this.fixed;
    const timestamp = record.timestamp;
    fixed.generation.values[row] = position.generation;
    fixed.partition.values[row] = position.partition;
    fixed.offset.values[row] = position.offset;
    fixed.timestamp.values[row] = timestamp;
    fixed.timestamp_ns.values[row] = record.timestamp_ns;
    fixed.observed_timestamp.values[row] = record.observed_timestamp;
    fixed.severity.values[row] = record.severity;
    let bytes = fixed.tenant.set(row, tenant) + fixed.level.set(row, record.level) + fixed.service.set(row, record.service);
    if (record.env !== undefined) bytes += fixed.env.set(row, record.env);
    if (record.host !== undefined) bytes += fixed.host.set(row, record.host);
    bytes += fixed.message.set(row, record.message) + fixed.trace_id.set(row, record.trace_id);
    bytes += fixed.span_id.set(row, record.span_id) + fixed.client_id.set(row, record.client_id);
    bytes += this.#attributes.set(row, record.attributes);
    this.#added(timestamp, bytes);
    return true;
  }

  /**
   * Adds records of a request from their bytes, record `from` at `offset` and so on, until one is not of the common shape, has a message that
   * `isPlain` is not sure of, or finds no room. The rows are those that `add` gives for what is parsed and normalised, with a severity that was not
   * given as `process` leaves it. Returns how many it added.
   */
  addLines(lines: Lines, from: number, offset: number, isPlain: (bytes: Buffer, from: number, to: number) => boolean): number {
    this.#lines ??= new LineReader(this.fixed, this.#attributes);
    const reader = this.#lines;
    const { bytes, places } = lines;
    let line = from;
    for (; line * 2 < places.length && !this.isFull; line++) {
      if (!reader.read(lines, places[line * 2]!, places[line * 2 + 1]!)) break;
      if (reader.messageFrom >= 0 && !isPlain(bytes, reader.messageFrom, reader.messageTo)) break;
      this.#addLine(lines, reader, offset + line - from);
    }
    this.#fillSame(lines, line - from);
    return line - from;
  }

  /** Sets in the last rows what they have in common. */
  #fillSame({ tenant, generation, partition, observedUs }: Lines, count: number) {
    if (count === 0) return;
    const { fixed, rows } = this;
    const from = rows - count;
    fixed.generation.values.fill(generation, from, rows);
    fixed.partition.values.fill(partition, from, rows);
    fixed.observed_timestamp.values.fill(observedUs, from, rows);
    this.bytes += fixed.tenant.set(from, tenant);
    fixed.tenant.codes.fill(fixed.tenant.codes[from]!, from, rows);
  }

  /** Adds the row that the reader holds, but for what all rows of the request have in common. */
  #addLine(lines: Lines, reader: LineReader, offset: number) {
    const { bytes, view, defaults } = lines;
    const row = this.rows;
    if (row === this.#capacity) this.#grow();
    const { fixed } = this;
    const { timestamp, grade, seen } = reader;
    fixed.offset.values[row] = offset;
    fixed.timestamp.values[row] = timestamp;
    fixed.severity.values[row] = grade.severity === 0 ? defaultGrade.severity : grade.severity;
    let taken = fixed.level.set(row, grade.level);
    if ((seen & (1 << role.service)) === 0) taken += fixed.service.set(row, defaults.service ?? 'unknown');
    if ((seen & (1 << role.env)) === 0 && defaults.env !== undefined) taken += fixed.env.set(row, defaults.env);
    if ((seen & (1 << role.host)) === 0 && defaults.host !== undefined) taken += fixed.host.set(row, defaults.host);
    const { textColumns, textFrom, textTo, textHash } = reader;
    for (let i = 0; i < reader.texts; i++) {
      const start = textFrom[i]!;
      taken += textColumns[i]!.setText(row, bytes, view, start, textTo[i]! - start, textHash[i]!);
    }
    for (let i = 0; i < reader.numbers; i++) reader.numberColumns[i]!.values[row] = reader.numberValues[i]!;
    for (let i = 0; i < reader.booleans; i++) reader.booleanColumns[i]!.values[row] = reader.booleanValues[i]!;
    taken += setText(fixed.message, row, lines, reader.messageFrom, reader.messageTo - reader.messageFrom);
    taken += setText(fixed.trace_id, row, lines, reader.traceFrom, 32) + setText(fixed.span_id, row, lines, reader.spanFrom, 16);
    fixed.client_id.set(row, undefined);
    this.#added(timestamp, taken);
  }

  #added(timestamp: number, bytes: number) {
    if (timestamp < this.minTimestamp) this.minTimestamp = timestamp;
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp;
    this.bytes += bytes;
    this.rows++;
  }

  /** The column of a name as it stands in a file, or undefined where no row has one. */
  column(name: string): Column | undefined {
    if (name === overflowColumn) return this.overflow;
    if (Object.hasOwn(this.fixed, name)) return this.fixed[name as FixedColumn];
    return this.attributes.find((attribute) => attribute.name === name)?.column;
  }

  /** Builds the whole record of a row. */
  record(row: number): StoredRecord {
    const fixed = this.fixed;
    const position: Position = {
      generation: fixed.generation.values[row]!,
      partition: fixed.partition.values[row]!,
      offset: fixed.offset.values[row]!,
    };
    const client = heapText(fixed.client_id, row);
    return {
      timestamp: fixed.timestamp.values[row]!,
      timestamp_ns: fixed.timestamp_ns.values[row]!,
      observed_timestamp: fixed.observed_timestamp.values[row]!,
      level: codeText(fixed.level, row) as Level,
      severity: fixed.severity.values[row]!,
      service: codeText(fixed.service, row)!,
      env: codeText(fixed.env, row),
      host: codeText(fixed.host, row),
      message: heapText(fixed.message, row),
      trace_id: heapText(fixed.trace_id, row),
      span_id: heapText(fixed.span_id, row),
      attributes: this.#attributes.at(row),
      client_id: client,
      tenant: codeText(fixed.tenant, row)!,
      id: client ?? idOf(position),
      ...position,
    };
  }

  #grow() {
    this.#capacity = Math.min(this.#capacity * 2, maxGroupRows);
    for (const column of Object.values(this.fixed)) column.grow(this.#capacity);
    this.#attributes.grow(this.#capacity);
  }
}

/** Sets a row's text, absent where `from` is -1. */
function setText(column: GrowingHeap, row: number, { bytes, view }: Lines, from: number, length: number): number {
  return from < 0 ? column.set(row, undefined) : column.setText(row, bytes, view, from, length);
}

function codeText(column: GrowingText, row: number): string | undefined {
  const code = column.codes[row]!;
  return code === 0 ? undefined : column.values[code - 1]!;
}

function heapText(column: GrowingHeap, row: number): string | undefined {
  return column.present[row] === 0 ? undefined : column.bytes.toString('utf8', column.starts[row], column.starts[row + 1]);
}
