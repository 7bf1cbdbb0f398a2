import { idOf } from '../core/ids.ts';
import type { AttributeValue, Level, LogRecord, Position, StoredRecord } from '../core/record.ts';
import {
  type AttributeType,
  attributeColumn,
  type Column,
  type FixedColumn,
  maxAttributeColumns,
  maxGroupRows,
  overflowColumn,
} from './columns.ts';
import { GrowingBooleans, GrowingHeap, GrowingNumbers, GrowingSmall, GrowingText } from './growing.ts';

const firstCapacity = 1 << 10;
const defaultMaxBytes = 32 << 20;

/** The columns of one attribute key, by the types that its values have had. */
type KeyColumns = {
  key: string;
  text: GrowingText | undefined;
  number: GrowingNumbers | undefined;
  boolean: GrowingBooleans | undefined;
  /** The key that followed this one in the record before: a guess that saves a lookup. */
  next: KeyColumns | undefined;
};

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

const keyColumns = (key: string): KeyColumns => ({ key, text: undefined, number: undefined, boolean: undefined, next: undefined });

export type AttributeColumn = { name: string; type: AttributeType; key: string; column: GrowingText | GrowingNumbers | GrowingBooleans };

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
  readonly attributes: AttributeColumn[] = [];
  readonly fixed: ReturnType<typeof fixedColumnsFor>;
  overflow: GrowingText | undefined;
  #capacity: number;
  readonly #foldedNames = new Set<string>();
  #keys = new Map<string, KeyColumns>();
  #head = keyColumns('');
  readonly #maxRows: number;
  readonly #maxBytes: number;

  /** @param options `room`: for how many rows and bytes memory is taken at once, else as they come */
  constructor(options: { maxRows?: number; maxBytes?: number; room?: TableRoom | undefined } = {}) {
    const { room = firstRoom } = options;
    this.#capacity = room.rows;
    this.fixed = fixedColumnsFor(room);
    this.#maxRows = Math.min(options.maxRows ?? maxGroupRows, maxGroupRows);
    this.#maxBytes = options.maxBytes ?? defaultMaxBytes;
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
    bytes += this.#addAttributes(row, record.attributes);
    if (timestamp < this.minTimestamp) this.minTimestamp = timestamp;
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp;
    this.bytes += bytes;
    this.rows = row + 1;
    return true;
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
      attributes: this.#attributesOf(row),
      client_id: client,
      tenant: codeText(fixed.tenant, row)!,
      id: client ?? idOf(position),
      ...position,
    };
  }

  #addAttributes(row: number, attributes: Record<string, AttributeValue>): number {
    let bytes = 0;
    let overflow: Record<string, AttributeValue> | undefined;
    let before = this.#head;
    for (const key in attributes) {
      const value = attributes[key]!;
      let columns = before.next;
      if (columns === undefined || columns.key !== key) columns = before.next = this.#columnsOf(key);
      before = columns;
      if (typeof value === 'string') {
        const text = columns.text ?? this.#addColumn(columns, 'str');
        if (text) bytes += columns.text!.set(row, value);
        else overflow = withValue(overflow, key, value);
      } else if (typeof value === 'number') {
        const numbers = columns.number ?? this.#addColumn(columns, 'num');
        if (numbers) columns.number!.values[row] = value;
        else overflow = withValue(overflow, key, value);
      } else {
        const booleans = columns.boolean ?? this.#addColumn(columns, 'bool');
        if (booleans) columns.boolean!.values[row] = value ? 2 : 1;
        else overflow = withValue(overflow, key, value);
      }
    }
    if (overflow === undefined) return bytes;
    this.overflow ??= new GrowingText(this.#capacity);
    return bytes + this.overflow.set(row, JSON.stringify(overflow));
  }

  #columnsOf(key: string): KeyColumns {
    let columns = this.#keys.get(key);
    if (columns === undefined) {
      columns = keyColumns(key);
      if (this.#keys.size < maxAttributeColumns * 4) this.#keys.set(key, columns);
    }
    return columns;
  }

  /**
   * Gives a key a column for a type; false when the columns are used up, when the key cannot be spelled in UTF-8, or when a column differs from it
   * only in case: DuckDB and Athena could not tell them apart.
   */
  #addColumn(columns: KeyColumns, type: AttributeType): boolean {
    if (this.attributes.length >= maxAttributeColumns || !columns.key.isWellFormed()) return false;
    const name = attributeColumn(type, columns.key);
    if (this.#foldedNames.has(name.toLowerCase())) return false;
    this.#foldedNames.add(name.toLowerCase());
    if (type === 'str') columns.text = new GrowingText(this.#capacity);
    else if (type === 'num') columns.number = new GrowingNumbers(this.#capacity, Number.NaN);
    else columns.boolean = new GrowingBooleans(this.#capacity);
    const column = type === 'str' ? columns.text! : type === 'num' ? columns.number! : columns.boolean!;
    this.attributes.push({ name, type, key: columns.key, column });
    return true;
  }

  #attributesOf(row: number): Record<string, AttributeValue> {
    const found: [string, AttributeValue][] = [];
    for (const { key, column } of this.attributes) {
      if (column.kind === 'text') {
        const code = column.codes[row]!;
        if (code !== 0) found.push([key, column.values[code - 1]!]);
      } else if (column.kind === 'number') {
        const value = column.values[row]!;
        if (!Number.isNaN(value)) found.push([key, value]);
      } else if (column.values[row] !== 0) found.push([key, column.values[row] === 2]);
    }
    const rest = this.overflow && codeText(this.overflow, row);
    if (rest !== undefined) found.push(...Object.entries(JSON.parse(rest) as Record<string, AttributeValue>));
    return Object.fromEntries(found);
  }

  #grow() {
    this.#capacity = Math.min(this.#capacity * 2, maxGroupRows);
    for (const column of Object.values(this.fixed)) column.grow(this.#capacity);
    for (const { column } of this.attributes) column.grow(this.#capacity);
    this.overflow?.grow(this.#capacity);
  }
}

/** `__proto__` is a key like any other. */
function withValue(object: Record<string, AttributeValue> | undefined, key: string, value: AttributeValue) {
  const target = object ?? (Object.create(null) as Record<string, AttributeValue>);
  target[key] = value;
  return target;
}

function codeText(column: GrowingText, row: number): string | undefined {
  const code = column.codes[row]!;
  return code === 0 ? undefined : column.values[code - 1]!;
}

function heapText(column: GrowingHeap, row: number): string | undefined {
  return column.present[row] === 0 ? undefined : column.bytes.toString('utf8', column.starts[row], column.starts[row + 1]);
}
