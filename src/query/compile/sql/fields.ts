import { fieldOf } from '../../ast/fields.ts';
import type { Columns } from './columns.ts';
import type { Dialect } from './dialect.ts';
import { coalesce, integer, join, type Sql, sql } from './fragment.ts';

/** What a statement is compiled for. */
export type Context = { dialect: Dialect; columns: Columns };

/** A field's value as each type it may have; at most one is not NULL in a row. Undefined where it never has the type. */
export type FieldSql = { text?: Sql | undefined; number?: Sql | undefined; boolean?: Sql | undefined };

/** Digits of base 32 of each part of an id: `idOf` in core. */
const idDigits = { generation: 2, partition: 2, offset: 9 } as const;

/** Finds where the values of a field are: a column of the record, or an attribute's columns and the text of those that have none. */
export function fieldSql(named: string, context: Context): FieldSql {
  const { dialect, columns } = context;
  const field = fieldOf(named);
  if (field.kind === 'attribute') return attributeSql(field.key, context);
  switch (field.name) {
    case 'id':
      return { text: sql`coalesce(${columns.fixed('client_id')}, ${positionId(context)})` };
    case 'timestamp':
    case 'observed_timestamp':
      return { number: dialect.microseconds(columns.fixed(field.name)) };
    case 'severity':
      return { number: dialect.toNumber(columns.fixed('severity')) };
    default:
      return { text: columns.fixed(field.name) };
  }
}

function attributeSql(key: string, { dialect, columns }: Context): FieldSql {
  const rest = columns.use('attributes');
  const json = rest && dialect.json(rest, key);
  return {
    text: coalesce([columns.use(`str.${key}`), json?.text]),
    number: coalesce([columns.use(`num.${key}`), json?.number]),
    boolean: coalesce([columns.use(`bool.${key}`), json?.boolean]),
  };
}

function positionId({ dialect, columns }: Context): Sql {
  const digits = Object.entries(idDigits).flatMap(([column, width]) =>
    Array.from({ length: width }, (_, i) => dialect.digit32(columns.fixed(column), integer(32 ** (width - 1 - i)))),
  );
  return sql`(${join(digits, ' || ')})`;
}
