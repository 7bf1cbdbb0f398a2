import type { AggregatePlan, TimeRange } from '../../plan.ts';
import type { WarmFile } from '../../ports/warm-query.ts';
import { selected } from './columns.ts';
import type { Context } from './fields.ts';
import { allOf, anyOf, integer, join, type Sql, sql, text, Unsayable, within } from './fragment.ts';

/** A file as a statement names it. */
export type SqlFile = Pick<WarmFile, 'columns' | 'only' | 'time'> & { path: string };

/** Runs of offsets that one statement may list. */
const maxRuns = 5_000;
/** Files whose rows are looked at in different ways. */
const maxParts = 200;

/** The rows of all files that count and are in the plan's tenant, time and snapshot. Files read in the same way are read together. */
export function sourceSql(files: readonly SqlFile[], plan: AggregatePlan, context: Context): Sql {
  const runs = files.reduce((total, { only }) => total + (only ?? []).reduce((n, { offsets }) => n + offsets.length, 0), 0);
  const parts = [...Map.groupBy(files, ({ only, time }) => JSON.stringify([only, time])).values()];
  if (runs > maxRuns || parts.length > maxParts) throw new Unsayable('many files with gaps');
  const needed = context.columns.needed;
  return join(
    parts.map((part) => partSql(part, needed, plan, context)),
    ' UNION ALL ',
  );
}

function partSql(files: readonly SqlFile[], needed: readonly string[], plan: AggregatePlan, { dialect }: Context): Sql {
  const { only, time } = files[0]!;
  const present = new Set(files.flatMap(({ columns }) => columns));
  const columns = needed.map((column) => selected(column, present, dialect.types));
  const conditions = [
    sql`tenant = ${text(plan.tenant)}`,
    within(sql`"timestamp"`, time ? common(time, plan.time) : plan.time),
    ...(plan.snapshot ? [snapshotSql(plan.snapshot)] : []),
    ...(only ? [onlySql(only)] : []),
  ];
  return sql`SELECT ${columns.length > 0 ? join(columns, ', ') : sql`tenant`} FROM ${dialect.files(
    files.map(({ path }) => path),
    needed.filter((column) => present.has(column)),
  )} WHERE ${allOf(conditions)}`;
}

const common = (a: TimeRange, b: TimeRange): TimeRange => ({ fromUs: Math.max(a.fromUs, b.fromUs), toUs: Math.min(a.toUs, b.toUs) });

const snapshotSql = (snapshot: NonNullable<AggregatePlan['snapshot']>): Sql =>
  anyOf(
    Object.entries(snapshot).map(([partition, end]) => sql`("partition" = ${integer(Number(partition))} AND "offset" < ${integer(end)})`),
  );

const onlySql = (only: NonNullable<SqlFile['only']>): Sql =>
  anyOf(
    only.map(({ generation, partition, offsets }) => {
      const runs = offsets.map(([from, to]) => sql`"offset" BETWEEN ${integer(from)} AND ${integer(to - 1)}`);
      return sql`(generation = ${integer(generation)} AND "partition" = ${integer(partition)} AND ${anyOf(runs)})`;
    }),
  );
