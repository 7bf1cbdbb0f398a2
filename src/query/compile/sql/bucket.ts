import type { GroupKey, TimeRange } from '../../plan.ts';
import { instantOf, stretchesOf } from '../../zone.ts';
import type { Context } from './fields.ts';
import { join, number, type Sql, sql } from './fragment.ts';

/**
 * Cuts `timestamp` into buckets: by UTC to their starts; by the wall clock of a zone to what the clock shows then, which `read` turns into the instant. The
 * changes of clocks are spelt out, so that every engine cuts alike, whatever it knows of zones.
 */
export function bucketSql(
  { stepUs, zone }: GroupKey & { kind: 'bucket' },
  time: TimeRange,
  { dialect, columns }: Context,
): { value: Sql; read?: (shownUs: number) => number } {
  const us = dialect.microseconds(columns.fixed('timestamp'));
  const cut = (value: Sql): Sql => sql`${dialect.floor(sql`${value} / ${number(stepUs)}`)} * ${number(stepUs)}`;
  if (zone === undefined) return { value: cut(us) };
  const stretches = stretchesOf(zone);
  const shown = stretches.flatMap(({ fromUs, offsetUs }, i) => {
    const endUs = stretches[i + 1]?.fromUs ?? Number.POSITIVE_INFINITY;
    if (endUs <= time.fromUs || fromUs >= time.toUs) return [];
    const clock = sql`${us} + ${number(offsetUs)}`;
    if (i === 0) return [{ endUs, clock }];
    const before = fromUs + stretches[i - 1]!.offsetUs - 1;
    return [{ endUs, clock: before <= fromUs + offsetUs ? clock : sql`greatest(${clock}, ${number(before)})` }];
  });
  const last = shown.pop()?.clock ?? us;
  const cases = shown.map(({ endUs, clock }) => sql`WHEN ${us} < ${number(endUs)} THEN ${clock}`);
  const value = cases.length === 0 ? last : sql`CASE ${join(cases, ' ')} ELSE ${last} END`;
  return { value: cut(sql`(${value})`), read: (shownUs) => instantOf(stretches, shownUs) };
}
