import type { AttributeValue } from '../core/record.ts';
import { type AttributeType, attributeColumn, maxAttributeColumns } from './columns.ts';
import { GrowingBooleans, GrowingNumbers, GrowingText } from './growing.ts';

/** The columns of one attribute key, by the types that its values have had. */
export type KeyColumns = {
  key: string;
  text: GrowingText | undefined;
  number: GrowingNumbers | undefined;
  boolean: GrowingBooleans | undefined;
  /** The key that followed this one in the record before: a guess that saves a lookup. */
  next: KeyColumns | undefined;
  /** Of the line that was seen last to have the key. */
  line: number;
};

export type AttributeColumn = { name: string; type: AttributeType; key: string; column: GrowingText | GrowingNumbers | GrowingBooleans };

/** The attributes of a table's rows: a column for each key and type of value as they come, and one for what finds no column any more. */
export class AttributeColumns {
  readonly columns: AttributeColumn[] = [];
  overflow: GrowingText | undefined;
  #capacity: number;
  readonly #foldedNames = new Set<string>();
  readonly #keys = new Map<string, KeyColumns>();
  readonly #head = keyColumns('');

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Sets a row's attributes; returns the bytes of memory that they take, roughly. */
  set(row: number, attributes: Record<string, AttributeValue>): number {
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

  /** The columns of a key that some row has, unless there are too many keys. */
  known(key: string): KeyColumns | undefined {
    return this.#keys.get(key);
  }

  /** Builds a row's attributes. */
  at(row: number): Record<string, AttributeValue> {
    const found: [string, AttributeValue][] = [];
    for (const { key, column } of this.columns) {
      if (column.kind === 'text') {
        const code = column.codes[row]!;
        if (code !== 0) found.push([key, column.values[code - 1]!]);
      } else if (column.kind === 'number') {
        const value = column.values[row]!;
        if (!Number.isNaN(value)) found.push([key, value]);
      } else if (column.values[row] !== 0) found.push([key, column.values[row] === 2]);
    }
    const code = this.overflow?.codes[row] ?? 0;
    if (code !== 0) found.push(...Object.entries(JSON.parse(this.overflow!.values[code - 1]!) as Record<string, AttributeValue>));
    return Object.fromEntries(found);
  }

  grow(capacity: number): void {
    this.#capacity = capacity;
    for (const { column } of this.columns) column.grow(capacity);
    this.overflow?.grow(capacity);
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
    if (this.columns.length >= maxAttributeColumns || !columns.key.isWellFormed()) return false;
    const name = attributeColumn(type, columns.key);
    if (this.#foldedNames.has(name.toLowerCase())) return false;
    this.#foldedNames.add(name.toLowerCase());
    if (type === 'str') columns.text = new GrowingText(this.#capacity);
    else if (type === 'num') columns.number = new GrowingNumbers(this.#capacity, Number.NaN);
    else columns.boolean = new GrowingBooleans(this.#capacity);
    const column = type === 'str' ? columns.text! : type === 'num' ? columns.number! : columns.boolean!;
    this.columns.push({ name, type, key: columns.key, column });
    return true;
  }
}

const keyColumns = (key: string): KeyColumns => ({
  key,
  text: undefined,
  number: undefined,
  boolean: undefined,
  next: undefined,
  line: -1,
});

/** `__proto__` is a key like any other. */
function withValue(object: Record<string, AttributeValue> | undefined, key: string, value: AttributeValue) {
  const target = object ?? (Object.create(null) as Record<string, AttributeValue>);
  target[key] = value;
  return target;
}
