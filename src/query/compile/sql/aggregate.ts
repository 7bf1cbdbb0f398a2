import type { Aggregate, AggregatePlan, GroupKey, GroupRow, TimeRange } from '../../plan.ts';
import { bucketSql } from './bucket.ts';
import { Columns } from './columns.ts';
import type { Dialect } from './dialect.ts';
import { type Context, type FieldSql, fieldSql } from './fields.ts';
import { integer, join, name, number, type Sql, type SqlValue, sql, Unsayable } from './fragment.ts';
import { type SqlFile, sourceSql } from './source.ts';
import { whereSql } from './where.ts';

/** A statement with the values of its `?` in order, and the way back from its rows. It gives one group more than the limit where there are more. */
export type Statement = { text: string; values: readonly SqlValue[]; read(row: readonly unknown[]): GroupRow };

type Typed = 'text' | 'number' | 'boolean';
/** A key as the columns that hold its value, by type. */
type Key = { as: string; columns: { type: Typed; alias: Sql; value: Sql }[]; read?: (value: number) => number };

const types: Typed[] = ['boolean', 'number', 'text'];

/**
 * Compiles an aggregate over files to one SELECT that answers exactly as the scan does; the tenant and the time of the plan are in the part that
 * reads the files. Undefined where there is no such SELECT, or no file.
 * @throws AppError INVALID_QUERY as `matcherOf` does
 */
export function compileAggregate(files: readonly SqlFile[], plan: AggregatePlan, dialect: Dialect): Statement | undefined {
  try {
    return compile(files, plan, dialect);
  } catch (error) {
    if (error instanceof Unsayable) return undefined;
    throw error;
  }
}

function compile(files: readonly SqlFile[], plan: AggregatePlan, dialect: Dialect): Statement {
  const names = [...plan.groupBy, ...plan.aggregates].map(({ as }) => as);
  if (files.length === 0 || new Set(names).size < names.length) throw new Unsayable('no file, or two results of one name');
  const context: Context = { dialect, columns: new Columns(files) };
  const keys = plan.groupBy.map((key, k) => keySql(key, k, plan.time, context));
  const values = plan.aggregates.map((aggregate) => (aggregate.fn === 'count' ? {} : fieldSql(aggregate.field, context)));
  const computed = plan.aggregates.map((aggregate, a) => aggregateSql(aggregate, a, values[a]!, dialect));

  const inner = [
    ...keys.flatMap(({ columns }) => columns.map(({ alias, value }) => sql`${value} AS ${alias}`)),
    ...values.flatMap((field, a) => types.flatMap((type) => (field[type] ? [sql`${field[type]} AS ${valueName(a, type)}`] : []))),
    ...(plan.aggregates.some(isOfIds) ? [sql`client_id`] : []),
  ];
  const where = whereSql(plan.where, context);
  if (plan.aggregates.some(isOfIds)) context.columns.fixed('client_id');
  const source = sourceSql(files, plan, context);
  const shown = [
    ...keys.flatMap(({ columns }) => columns.map(({ type, alias }) => (type === 'text' ? dialect.show(alias) : alias))),
    ...computed.map((value, a) => sql`${value} AS ${resultName(a)}`),
    // Makes a plan of no keys one group, whatever it computes.
    sql`count(*)`,
  ];
  const groups = keys.flatMap(({ columns }) => columns.map(({ alias }) => alias));
  const order = orderSql(plan, keys);
  const statement = sql`SELECT ${join(shown, ', ')} FROM (SELECT ${
    inner.length > 0 ? join(inner, ', ') : sql`1`
  } FROM (${source}) AS rows WHERE ${where}) AS chosen${groups.length > 0 ? sql` GROUP BY ${join(groups, ', ')}` : sql``}${
    // Keys that no file has are one group, if there is a row at all.
    groups.length === 0 && keys.length > 0 ? sql` HAVING count(*) > 0` : sql``
  }${order.length > 0 ? sql` ORDER BY ${join(order, ', ')}` : sql``} LIMIT ${integer(Math.min(plan.limit, maxLimit) + 1)}`;
  return { ...statement, read: (row) => readRow(row, keys, plan.aggregates, dialect) };
}

const maxLimit = 2 ** 52;
const isOfIds = (aggregate: Aggregate): boolean => aggregate.fn === 'distinct' && aggregate.field === 'id';
const valueName = (a: number, type: Typed): Sql => name(`v${a}_${type}`);
const resultName = (a: number): Sql => name(`a${a}`);

function keySql(key: GroupKey, k: number, time: TimeRange, context: Context): Key {
  const bucket = key.kind === 'bucket' ? bucketSql(key, time, context) : undefined;
  const field: FieldSql = bucket ? { number: bucket.value } : fieldSql((key as GroupKey & { kind: 'field' }).field, context);
  return {
    as: key.as,
    ...(bucket?.read ? { read: bucket.read } : {}),
    columns: types.flatMap((type) => (field[type] ? [{ type, alias: name(`k${k}_${type}`), value: field[type] }] : [])),
  };
}

/** What one aggregate computes; of nothing, 0 for counts and NULL for the others. */
function aggregateSql(aggregate: Aggregate, a: number, field: FieldSql, dialect: Dialect): Sql {
  if (aggregate.fn === 'count') return sql`count(*)`;
  if (isOfIds(aggregate)) return sql`count(DISTINCT client_id) + count(*) - count(client_id)`;
  const present = types.filter((type) => field[type]);
  if (aggregate.fn === 'distinct') {
    return present.length === 0
      ? sql`0`
      : join(
          present.map((type) => sql`count(DISTINCT ${valueName(a, type)})`),
          ' + ',
        );
  }
  if (!field.number) return sql`NULL`;
  const value = valueName(a, 'number');
  if (aggregate.fn === 'percentile') {
    if (!(aggregate.percent >= 0 && aggregate.percent <= 100)) throw new Unsayable('a percentile outside 0 to 100');
    return dialect.percentile(value, number(aggregate.percent / 100));
  }
  return sql`${functions[aggregate.fn]}(${value})`;
}

const functions = { sum: sql`sum`, avg: sql`avg`, min: sql`min`, max: sql`max` };

/** As `orderGroups` sorts: null, booleans, numbers, texts; ties by the keys. */
function orderSql({ orderBy, groupBy, aggregates }: AggregatePlan, keys: Key[]): Sql[] {
  const order: (readonly [string, 'asc' | 'desc'])[] = [...orderBy, ...groupBy.map(({ as }) => [as, 'asc'] as const)];
  return order.flatMap(([named, direction]) => {
    const towards = direction === 'asc' ? sql`ASC NULLS FIRST` : sql`DESC NULLS LAST`;
    const a = aggregates.findIndex(({ as }) => as === named);
    if (a >= 0) return [sql`${resultName(a)} ${towards}`];
    const columns = keys.find(({ as }) => as === named)?.columns ?? [];
    const ranks = columns.map(({ alias }, rank) => sql`WHEN ${alias} IS NOT NULL THEN ${rankNames[rank]!}`);
    const rank = columns.length > 1 ? [sql`CASE ${join(ranks, ' ')} END ${towards}`] : [];
    return [...rank, ...columns.map(({ alias }) => sql`${alias} ${towards}`)];
  });
}

const rankNames = [sql`1`, sql`2`, sql`3`];

function readRow(row: readonly unknown[], keys: Key[], aggregates: Aggregate[], dialect: Dialect): GroupRow {
  let at = 0;
  const entries: [string, GroupRow[string]][] = [];
  for (const { as, columns, read = (value: number) => value } of keys) {
    let found: GroupRow[string] = null;
    for (const { type } of columns) {
      const value = row[at++];
      if (value === null) continue;
      found = type === 'text' ? dialect.shown(value as string) : type === 'number' ? read(plain(value)) : (value as boolean);
    }
    entries.push([as, found]);
  }
  for (const { as } of aggregates) {
    const value = row[at++];
    entries.push([as, value === null ? null : plain(value)]);
  }
  return Object.fromEntries(entries);
}

/** A number as JavaScript has it: no bigint, no -0. */
const plain = (value: unknown): number => Number(value) + 0;
