import { idOf } from '../../core/ids.ts';
import type { AttributeValue } from '../../core/record.ts';
import { fieldOf } from '../../query/ast/fields.ts';
import { attributeColumn, overflowColumn } from '../columns.ts';
import type { Place } from '../condition/evaluate.ts';
import type { Dictionary } from '../parquet/decode-plain.ts';
import { type ColumnData, valueAt } from '../rows.ts';
import type { Steps } from '../steps.ts';

/** The columns that hold a field's values in one window; at most one of them has a value in a row. */
export type FieldColumns = { columns: ColumnData[]; overflow: ColumnData | undefined; key: string };

/** Loads every column that may hold a field (not `id`). */
export function* loadField(name: string, { group, window, stats }: Place): Steps<FieldColumns> {
  const field = fieldOf(name);
  const key = field.kind === 'attribute' ? field.key : '';
  const names = field.kind === 'attribute' ? (['str', 'num', 'bool'] as const).map((type) => attributeColumn(type, key)) : [field.name];
  const columns: ColumnData[] = [];
  for (const column of names) {
    const data = yield* group.load(column, window, stats);
    if (data) columns.push(data);
  }
  const overflow = field.kind === 'attribute' ? yield* group.load(overflowColumn, window, stats) : undefined;
  return { columns, overflow, key };
}

/** What values of dictionaries are turned into, asked once for each value of each dictionary. */
export class CodeMemo {
  readonly #known = new WeakMap<Dictionary, Float64Array>();
  readonly #convert: (value: AttributeValue) => number;

  /** @param convert gives NaN for what is to count as absent */
  constructor(convert: (value: AttributeValue) => number) {
    this.#convert = convert;
  }

  /** By code: what the dictionary's values become. */
  of(dictionary: Dictionary): Float64Array {
    let known = this.#known.get(dictionary);
    if (!known) {
      known = new Float64Array(dictionary.count + 1).fill(Number.NaN);
      for (let code = 1; code <= dictionary.count; code++) known[code] = this.#convert(dictionary.value(code));
      this.#known.set(dictionary, known);
    }
    return known;
  }
}

/** Turns the values of a field into numbers: those of a dictionary once each, the others row by row. */
export class FieldNumbers {
  readonly #convert: (value: AttributeValue) => number;
  readonly #memo: CodeMemo;
  readonly #overflow: CodeMemo;
  #key = '';

  constructor(convert: (value: AttributeValue) => number) {
    this.#convert = convert;
    this.#memo = new CodeMemo(convert);
    this.#overflow = new CodeMemo((text) => this.#ofOverflow(text as string));
  }

  /** The numbers of a window's rows, by row less `window.from`; NaN for absent ones. */
  *of(name: string, place: Place): Steps<Float64Array> {
    if (name === 'id') return yield* this.#ofIds(place);
    const { columns, overflow, key } = yield* loadField(name, place);
    this.#key = key;
    const { from, to } = place.window;
    const out = new Float64Array(to - from).fill(Number.NaN);
    for (const data of columns) this.#fill(out, data, from, this.#memo, this.#convert);
    if (overflow) this.#fill(out, overflow, from, this.#overflow, (text) => this.#ofOverflow(text as string));
    return out;
  }

  /** An id is the client's own, or the position. */
  *#ofIds({ group, window, stats }: Place): Steps<Float64Array> {
    const clients = yield* group.load('client_id', window, stats);
    const generations = yield* group.load('generation', window, stats);
    const partitions = yield* group.load('partition', window, stats);
    const offsets = yield* group.load('offset', window, stats);
    return Float64Array.from({ length: window.to - window.from }, (_, i) => {
      const row = window.from + i;
      const [generation, partition, offset] = [generations, partitions, offsets].map((data) => Number(valueAt(data, row)));
      return this.#convert(
        (valueAt(clients, row) as string | undefined) ?? idOf({ generation: generation!, partition: partition!, offset: offset! }),
      );
    });
  }

  #ofOverflow(text: string): number {
    const attributes = JSON.parse(text) as Record<string, AttributeValue>;
    return Object.hasOwn(attributes, this.#key) ? this.#convert(attributes[this.#key]!) : Number.NaN;
  }

  #fill(out: Float64Array, data: ColumnData, from: number, memo: CodeMemo, convert: (value: AttributeValue) => number): void {
    if (data.kind === 'codes') {
      const { codes } = data;
      const start = from - data.base;
      const numbers = memo.of(data.dictionary);
      for (let i = 0; i < out.length; i++) {
        const number = numbers[codes[start + i]!]!;
        if (!Number.isNaN(number)) out[i] = number;
      }
      return;
    }
    for (let i = 0; i < out.length; i++) {
      const value = valueAt(data, from + i);
      const number = value === undefined ? Number.NaN : convert(value);
      if (!Number.isNaN(number)) out[i] = number;
    }
  }
}
