import { AppError } from '../../../core/errors.ts';
import type { StoredRecord } from '../../../core/record.ts';
import type { QueryRun } from '../../../query/budget.ts';
import { approximateAggs, compileGroups, exactAggs, type GroupProgram, groupsBody } from '../../../query/compile/opensearch/aggregate.ts';
import { allOf, anyOf, type Bounds, type Dsl, isExact, not } from '../../../query/compile/opensearch/dsl.ts';
import { compileSelection } from '../../../query/compile/opensearch/query.ts';
import type { WhereOptions } from '../../../query/compile/opensearch/where.ts';
import { aggregateRecords, orderGroups } from '../../../query/compile/scan/aggregate.ts';
import { partialOfRecords } from '../../../query/partial/of-records.ts';
import type { PartialGroups } from '../../../query/partial/partial.ts';
import type { AggregatePlan, Groups } from '../../../query/plan.ts';
import { GroupTable } from './group-table.ts';
import type { Settled } from './options.ts';
import type { Reading } from './select.ts';

/**
 * Answers groups: by the index where it decides which records are meant and has their values as columns; records in doubt are looked at one by
 * one and then named to the index; what no column has is computed here.
 * @throws AppError QUERY_TOO_LARGE for what would have to look at too many records, or has too many groups
 */
export async function aggregate(
  reading: Reading,
  plan: AggregatePlan,
  options: Settled,
  where: WhereOptions,
  query: QueryRun,
): Promise<Groups> {
  const found = await chosen(reading, plan, options, where);
  if ('records' in found) return { ...cutAt(plan, aggregateRecords(found.records, whole(plan))), stats: reading.stats };
  const { rows, approximate } = await groupsOf(reading, plan, found.program, found.query, options, query);
  return { ...cutAt(plan, orderGroups(rows, whole(plan))), stats: reading.stats, ...(approximate.length > 0 ? { approximate } : {}) };
}

/** The same groups, to be added to what other stores say: every value is counted one by one, or goes into a sketch. */
export async function partial(
  reading: Reading,
  plan: AggregatePlan,
  options: Settled,
  where: WhereOptions,
  query: QueryRun,
): Promise<PartialGroups> {
  const found = await chosen(reading, plan, options, where);
  if ('records' in found) return { groups: partialOfRecords(found.records, plan, query.room), stats: reading.stats };
  const { program } = found;
  const table = await exactGroups(reading, plan, program, found.query, options, query);
  for (const m of program.metrics.keys()) await countedByOne(reading, found.query, table, program, m, Number.POSITIVE_INFINITY);
  return { groups: table.partial(), stats: reading.stats };
}

type Chosen = { records: StoredRecord[] } | { program: GroupProgram; query: Dsl };

/** The records that are meant as a query that the index decides alone; or themselves, where it has not all of their values. */
async function chosen(reading: Reading, plan: AggregatePlan, options: Settled, where: WhereOptions): Promise<Chosen> {
  const bounds = compileSelection(plan, where);
  const program = compileGroups(plan);
  const doubt = program && (await doubtOf(reading, bounds, program));
  if (!program || doubt!.values > 0) {
    const records = await looked(reading, bounds.upper, plan, options.maxVerified);
    return { records };
  }
  let query = bounds.lower;
  if (doubt!.records > 0) {
    const found = await looked(reading, allOf([bounds.upper, not(bounds.lower)]), plan, options.maxVerified);
    query = anyOf([bounds.lower, { terms: { _id: found.map(({ id }) => id) } }]);
    query = allOf([bounds.upper, query]);
  }
  return { program, query };
}

const whole = (plan: AggregatePlan): AggregatePlan => ({ ...plan, limit: Number.MAX_SAFE_INTEGER });
const cutAt = ({ limit }: AggregatePlan, rows: Groups['rows']) => ({ rows: rows.slice(0, limit), truncated: rows.length > limit });

/** How many records the index cannot decide on, and how many have values that are in no column. */
async function doubtOf(reading: Reading, { upper, lower }: Bounds, { marks }: GroupProgram): Promise<{ records: number; values: number }> {
  const values: Dsl = marks.length === 0 ? { match_none: {} } : { terms: { marks } };
  if (isExact({ upper, lower }) && marks.length === 0) return { records: 0, values: 0 };
  const aggs: Dsl = { records: { filter: isExact({ upper, lower }) ? { match_none: {} } : not(lower) }, values: { filter: values } };
  const { aggregations } = await reading.ask(groupsBody(upper, [], aggs, 0, undefined));
  const counts = aggregations as Record<'records' | 'values', { doc_count: number }> | undefined;
  return { records: counts?.records.doc_count ?? 0, values: counts?.values.doc_count ?? 0 };
}

/** The records of a query, each looked at. */
async function looked(reading: Reading, query: Dsl, plan: AggregatePlan, most: number): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  const before = reading.stats.rows;
  for await (const record of reading.records(query, plan, 'desc', Number.MAX_SAFE_INTEGER)) {
    records.push(record);
    if (reading.stats.rows - before > most) {
      throw new AppError(
        'QUERY_TOO_LARGE',
        `more than ${most} records would have to be looked at one by one; narrow the time or the condition`,
      );
    }
  }
  return records;
}

async function exactGroups(
  reading: Reading,
  plan: AggregatePlan,
  program: GroupProgram,
  query: Dsl,
  { maxGroups }: Settled,
  { room }: QueryRun,
): Promise<GroupTable> {
  const table = new GroupTable(program, plan, maxGroups, room);
  for await (const answer of pages(reading, query, program.keys.flat(), exactAggs(program.metrics))) table.addGroups(answer);
  return table;
}

async function groupsOf(reading: Reading, plan: AggregatePlan, program: GroupProgram, query: Dsl, options: Settled, run: QueryRun) {
  const table = await exactGroups(reading, plan, program, query, options, run);
  // The buckets of a zone come in parts, of which approximations of the node do not add up.
  const inParts = plan.groupBy.some((key) => key.kind === 'bucket' && key.zone !== undefined);
  const maxValues = inParts ? Number.POSITIVE_INFINITY : options.maxValues;
  const approximate: string[] = [];
  for (const [m, metric] of program.metrics.entries()) {
    if (metric.kind !== 'values' || metric.columns.length === 0) continue;
    const isCounted = await countedByOne(reading, query, table, program, m, maxValues);
    if (!isCounted || table.isSketched(m)) approximate.push(metric.as);
    if (isCounted) continue;
    for await (const answer of pages(reading, query, program.keys.flat(), approximateAggs(metric, m))) table.addApproximate(answer, m);
  }
  return { rows: table.rows(), approximate };
}

/** Counts a metric's values one by one; false, with nothing kept, where there are too many. */
async function countedByOne(
  reading: Reading,
  query: Dsl,
  table: GroupTable,
  program: GroupProgram,
  m: number,
  most: number,
): Promise<boolean> {
  const metric = program.metrics[m]!;
  if (metric.kind !== 'values') return true;
  let pairs = 0;
  for await (const answer of pages(reading, query, [...program.keys.flat(), ...metric.sources], {})) {
    pairs += table.addValues(answer, m);
    if (pairs <= most) continue;
    table.dropValues(m);
    return false;
  }
  return true;
}

const pageSize = 10_000;

/** All pages of a composite aggregation, or the one answer where there is no source. */
async function* pages(reading: Reading, query: Dsl, sources: GroupProgram['keys'][number], aggs: Dsl) {
  let after: Parameters<typeof groupsBody>[4];
  for (;;) {
    const answer = await reading.ask(groupsBody(query, sources, aggs, pageSize, after));
    yield answer;
    const groups = answer.aggregations?.groups as { after_key?: typeof after; buckets: unknown[] } | undefined;
    if (sources.length === 0 || !groups?.after_key || groups.buckets.length < pageSize) return;
    after = groups.after_key;
  }
}
