import type { AttributeValue, StoredRecord } from '../../../core/record.ts';
import { fieldOf } from '../../ast/fields.ts';

/**
 * Where a record's values stand in the index, for the compiler that asks and the adapter that writes. Fields of the record have their names;
 * an attribute is a column by its type, `attributes.<key>` (keyword), `numbers.<key>` (double) or `flags.<key>` (boolean). What finds no column
 * (a key that makes no field name, one beyond the index's budget of fields, a text that is too long for a term) stays whole in `rest`, which is
 * not indexed, and is named in `marks`: queries take what is marked for doubtful, and look at the record itself.
 */
export type Columns = { text?: string; number?: string; boolean?: string; isWhole?: boolean };

/** Longest text that is indexed as one term, in UTF-16 units: below Lucene's 32,766 bytes. */
export const maxTermUnits = 8_000;
/** Tokens of `message` are cut here in the index. */
export const maxTokenUnits = maxTermUnits;
/** A message with a run of more units without a break is marked; half of the above, since folding can make a text longer. */
export const maxRunUnits = maxTokenUnits / 2;
const maxMarkUnits = 200;

const wholeFields = { timestamp: 'timestamp.us', observed_timestamp: 'observed_timestamp.us', severity: 'severity' } as const;

/** The columns that hold a field, by the type of its values; none for `message` and `id`, which are asked in other ways, and for odd keys. */
export function columnsOf(name: string): Columns {
  const field = fieldOf(name);
  if (field.kind === 'attribute') {
    const { key } = field;
    return isColumnKey(key) ? { text: `attributes.${key}`, number: `numbers.${key}`, boolean: `flags.${key}` } : {};
  }
  if (field.name === 'message' || field.name === 'id') return {};
  if (Object.hasOwn(wholeFields, field.name)) return { number: wholeFields[field.name as keyof typeof wholeFields], isWhole: true };
  return { text: field.name };
}

/** Fields of a record that may be longer than a term. */
export const longFields = ['service', 'env', 'host'] as const satisfies (keyof StoredRecord)[];

const columnKey = /^[\p{L}\p{N}@:/$-][\p{L}\p{N}_@:/$-]*(?:\.[\p{L}\p{N}_@:/$-]+){0,9}$/u;
const maxColumnKeyUnits = 120;

/** Tells whether a key can be the name of a field of the index. */
export const isColumnKey = (key: string): boolean => key.length <= maxColumnKeyUnits && columnKey.test(key);

/** The name under which `rest` and `marks` hold a field: attributes apart from the record's own. */
export const markNameOf = (name: string): string => {
  const field = fieldOf(name);
  return field.kind === 'attribute' ? attributeMark(field.key) : field.name;
};
export const attributeMark = (key: string): string => `a.${key}`;

/** The mark of a field whose value is not in its column. */
export const markOf = (name: string): string => cut(name);
/** The mark of its value: equal for equal values, and for some others. */
export const valueMarkOf = (name: string, value: AttributeValue): string =>
  `${cut(name)}=${(typeof value)[0]}${cut(typeof value === 'number' ? String(value + 0) : String(value))}`;

const cut = (text: string): string => (text.length <= maxMarkUnits ? text : text.slice(0, maxMarkUnits).toWellFormed());

/** The mark of a message with a token that was cut. */
export const messageMark = 'message';

/** The fields that lists are ordered by, first to last. */
export const orderFields = ['timestamp.us', 'timestamp_ns', 'generation', 'partition', 'offset'] as const;
