import type { AttributeValue } from '../core/record.ts';
import type { ReadStats } from '../query/plan.ts';
import {
  type AttributeType,
  attributeColumn,
  attributeOf,
  type Column,
  type FixedColumn,
  maxAttributeColumns,
  overflowColumn,
} from './columns.ts';
import type { GroupSource } from './encode-group.ts';
import type { PartGroup } from './group.ts';
import { eachValue, gatherBooleans, gatherHeap, gatherNumbers, gatherSmall, gatherText, TextCodes } from './merge-columns.ts';
import type { SliceList } from './merge-group.ts';
import { Pieces } from './merge-pieces.ts';
import { compareUtf8 } from './order.ts';
import type { Steps } from './steps.ts';

const gatherFixed: Record<FixedColumn, (pieces: Pieces, name: string) => Steps<Column>> = {
  tenant: gatherText,
  generation: gatherSmall,
  partition: gatherSmall,
  offset: gatherNumbers,
  timestamp: gatherNumbers,
  timestamp_ns: gatherSmall,
  observed_timestamp: gatherNumbers,
  level: gatherText,
  severity: gatherSmall,
  service: gatherText,
  env: gatherText,
  host: gatherText,
  message: gatherHeap,
  trace_id: gatherHeap,
  span_id: gatherHeap,
  client_id: gatherHeap,
};

/** Columns that are asked for more than once while a row group is encoded. */
const keptColumns = new Set<string>([
  'message',
  'timestamp',
  'tenant',
  'service',
  'generation',
  'partition',
  'offset',
  'observed_timestamp',
]);

/** A value that has no column of its own in its source, or will have none: by the name that its column would have. */
type Loose = { name: string; key: string; value: AttributeValue };

const typeNames: Record<string, AttributeType> = { string: 'str', number: 'num', boolean: 'bool' };
const looseOf = (key: string, value: AttributeValue): Loose => ({ name: attributeColumn(typeNames[typeof value]!, key), key, value });

/** Rows of several parts as one row group to be: columns are brought into their new order when they are asked for. */
export class MergedRows implements GroupSource {
  readonly rows: number;
  readonly order: Uint32Array;
  readonly #pieces: Pieces;
  readonly #columns: ReadonlySet<string>;
  readonly #kept = new Map<string, Column>();
  #loose: (Loose[] | undefined)[] | undefined;

  /** @param columns the names of the attributes that have columns; what else there is goes into the overflow column */
  constructor(pieces: Pieces, columns: ReadonlySet<string>) {
    this.#pieces = pieces;
    this.#columns = columns;
    this.rows = pieces.rows;
    this.order = new Uint32Array(pieces.rows);
    for (let i = 0; i < pieces.rows; i++) this.order[i] = i;
  }

  *column(name: string): Steps<Column> {
    const kept = this.#kept.get(name);
    if (kept) return kept;
    const column = yield* this.#gather(name);
    if (keptColumns.has(name)) this.#kept.set(name, column);
    return column;
  }

  *#gather(name: string): Steps<Column> {
    if (name === overflowColumn) return yield* this.#gatherOverflow();
    const attribute = attributeOf(name);
    if (!attribute) return yield* gatherFixed[name as FixedColumn](this.#pieces, name);
    const loose = yield* this.#looseValues();
    if (attribute.type === 'str') {
      const column = yield* gatherText(this.#pieces, name);
      eachLoose(loose, name, (row, value) => {
        column.codes[row] = column.distinct.codeOf(value as string);
      });
      return column;
    }
    const column = attribute.type === 'num' ? yield* gatherNumbers(this.#pieces, name) : yield* gatherBooleans(this.#pieces, name);
    eachLoose(loose, name, (row, value) => {
      column.values[row] = typeof value === 'boolean' ? (value ? 2 : 1) : (value as number);
    });
    return column;
  }

  *#gatherOverflow(): Steps<Column> {
    const loose = yield* this.#looseValues();
    const codes = new Uint16Array(this.rows);
    const distinct = new TextCodes();
    for (let row = 0; row < this.rows; row++) {
      const left = loose[row]?.filter(({ name }) => !this.#columns.has(name));
      if (!left || left.length === 0) continue;
      codes[row] = distinct.codeOf(JSON.stringify(Object.fromEntries(left.map(({ key, value }) => [key, value]))));
    }
    return { kind: 'text', codes, values: distinct.values };
  }

  /** By row, the values that stand in a source's overflow column or in a column that the file will not have. */
  *#looseValues(): Steps<(Loose[] | undefined)[]> {
    if (this.#loose) return this.#loose;
    const loose: (Loose[] | undefined)[] = [];
    for (const name of namesIn(this.#pieces.groups)) {
      if (this.#columns.has(name)) continue;
      yield* eachValue(this.#pieces, name, (row, value) => {
        const found = name === overflowColumn ? looseIn(value as string) : [looseOf(attributeOf(name)!.key, value)];
        loose[row] = [...(loose[row] ?? []), ...found];
      });
    }
    this.#loose = loose;
    return loose;
  }
}

const looseIn = (text: string): Loose[] =>
  Object.entries(JSON.parse(text) as Record<string, AttributeValue>).map(([key, value]) => looseOf(key, value));

function eachLoose(loose: (Loose[] | undefined)[], name: string, visit: (row: number, value: AttributeValue) => void): void {
  loose.forEach((values, row) => {
    for (const value of values ?? []) if (value.name === name) visit(row, value.value);
  });
}

/** The attribute columns that the sources of some rows have, the overflow column included, sorted. */
function namesIn(groups: Iterable<PartGroup>): string[] {
  const names = new Set<string>();
  for (const group of groups) for (const name of group.attributeColumns) names.add(name);
  return [...names].sort(compareUtf8);
}

/** Chooses the attribute columns of a file: all, or where there are too many, those with most values; `overflow` where some are left over. */
export function* chooseColumns(lists: readonly SliceList[], stats: ReadStats): Steps<{ columns: Set<string>; overflow: boolean }> {
  const names = namesIn(new Set(lists.flatMap(({ sources }) => [...new Set(sources)].map(({ group }) => group))));
  const isApart = new Set(names.map((name) => name.toLowerCase())).size === names.length;
  if (isApart && names.length <= maxAttributeColumns && !names.includes(overflowColumn))
    return { columns: new Set(names), overflow: false };
  const counts = new Map<string, number>();
  const count = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const slices of lists) {
    const pieces = new Pieces(slices, stats);
    for (const name of names) {
      yield* eachValue(pieces, name, (_, value) => {
        if (name !== overflowColumn) count(name);
        else for (const { name: loose } of looseIn(value as string)) count(loose);
      });
    }
  }
  const columns = new Map<string, string>();
  for (const [name] of [...counts].sort(([nameA, a], [nameB, b]) => b - a || compareUtf8(nameA, nameB))) {
    const folded = name.toLowerCase();
    if (columns.size < maxAttributeColumns && name.isWellFormed() && !columns.has(folded)) columns.set(folded, name);
  }
  return { columns: new Set(columns.values()), overflow: counts.size > columns.size };
}
