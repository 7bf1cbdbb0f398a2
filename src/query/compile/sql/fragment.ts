import type { TimeRange } from '../../plan.ts';

/** A value that travels beside the text of a statement, with the type it is bound as. `number` is a DOUBLE, `integer` a BIGINT. */
export type SqlValue =
  | { type: 'text'; value: string }
  | { type: 'number'; value: number }
  | { type: 'integer'; value: number }
  | { type: 'boolean'; value: boolean }
  | { type: 'time'; us: number }
  | { type: 'texts'; values: string[] };

/** A piece of a statement: text of our own with a `?` for each value. */
export type Sql = { readonly text: string; readonly values: readonly SqlValue[] };

/** Thrown where a plan has no equal in SQL: another engine has to answer it. */
export class Unsayable extends Error {}

/** Joins text and pieces. Takes pieces only, so that no value can get into the text. */
export function sql(strings: TemplateStringsArray, ...parts: Sql[]): Sql {
  return {
    text: strings.reduce((text, string, i) => text + parts[i - 1]!.text + string),
    values: parts.flatMap(({ values }) => values),
  };
}

export const join = (parts: readonly Sql[], between: string): Sql => ({
  text: parts.map(({ text }) => text).join(between),
  values: parts.flatMap(({ values }) => values),
});

/** A column's name, quoted. @throws Unsayable for one that ends a statement's text early */
export function name(column: string): Sql {
  if (column.includes('\0')) throw new Unsayable('a name with U+0000');
  return { text: `"${column.replaceAll('"', '""')}"`, values: [] };
}

export const bound = (value: SqlValue): Sql => ({ text: '?', values: [value] });

/** @throws Unsayable for half a surrogate pair, which no UTF-8 spells */
export function text(value: string): Sql {
  if (!value.isWellFormed()) throw new Unsayable('a text with half a surrogate pair');
  return bound({ type: 'text', value });
}

/** @throws Unsayable for NaN, which SQL orders and JavaScript does not */
export function number(value: number): Sql {
  if (Number.isNaN(value)) throw new Unsayable('a number that is none');
  return bound({ type: 'number', value });
}

export const integer = (value: number): Sql => bound({ type: 'integer', value });
export const always = sql`TRUE`;
export const never = sql`FALSE`;

export const allOf = (parts: readonly Sql[]): Sql => (parts.length === 0 ? always : sql`(${join(parts, ' AND ')})`);
export const anyOf = (parts: readonly Sql[]): Sql => (parts.length === 0 ? never : sql`(${join(parts, ' OR ')})`);

/** The first value that is there; undefined of nothing. */
export function coalesce(parts: readonly (Sql | undefined)[]): Sql | undefined {
  const present = parts.filter((part) => part !== undefined);
  return present.length < 2 ? present[0] : sql`coalesce(${join(present, ', ')})`;
}

export const within = (column: Sql, { fromUs, toUs }: TimeRange): Sql =>
  sql`${column} >= ${bound({ type: 'time', us: fromUs })} AND ${column} < ${bound({ type: 'time', us: toUs })}`;
