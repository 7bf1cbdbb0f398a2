import { AppError } from '../../core/errors.ts';
import { allOf } from '../../query/ast/expression.ts';
import { fieldOf } from '../../query/ast/fields.ts';
import { orderGroups } from '../../query/compile/scan/aggregate.ts';
import type { Aggregate, AggregatePlan, GroupRow, Groups } from '../../query/plan.ts';

/** Most groups that a part of a split query may bring, and most groups times values for its percentiles and distinct counts. */
const maxParts = 100_000;

const valueName = '#value';

/** Runs a part of a plan on every store that has a part of its positions. */
export type AskParts = (plan: AggregatePlan) => Promise<Groups[]>;

/**
 * Answers a plan whose positions lie in several stores. Counts, sums, least and greatest values add up; an average is made of a sum and a count;
 * percentiles and distinct counts are computed from how often each value occurs, exactly.
 * @throws AppError INVALID_QUERY where these are more values than can be brought together
 */
export async function aggregateParts(
  plan: AggregatePlan,
  ask: AskParts,
): Promise<{ rows: GroupRow[]; truncated: boolean; parts: Groups[] }> {
  const base = await ask({ ...plan, aggregates: summable(plan.aggregates), orderBy: [], limit: maxParts });
  const groups = new Map<string, GroupRow>();
  for (const { rows } of base) for (const row of rows) addTo(groups, plan, row);
  const numbers = await countNumbers(plan, ask);
  const values = await countValues(plan, ask);
  const rows = [...groups].map(([key, sums]) => {
    const keys = plan.groupBy.map(({ as }) => [as, sums[as] ?? null] as const);
    const computed = plan.aggregates.map((aggregate) => [aggregate.as, finish(aggregate, key, sums, numbers, values)] as const);
    return Object.fromEntries([...keys, ...computed]);
  });
  const truncated = base.some((part) => part.truncated) || rows.length > plan.limit;
  return { rows: orderGroups(rows, plan), truncated, parts: base };
}

type ByField<T> = Map<string, Map<string, T>>;
type Value = string | number | boolean;

const sumName = (fn: string, field: string) => `#${fn}:${field}`;

function summable(aggregates: Aggregate[]): Aggregate[] {
  const parts = new Map<string, Aggregate>([['#n', { fn: 'count', as: '#n' }]]);
  for (const aggregate of aggregates) {
    if (aggregate.fn === 'count' || aggregate.fn === 'percentile' || aggregate.fn === 'distinct') continue;
    const fn = aggregate.fn === 'avg' ? 'sum' : aggregate.fn;
    const as = sumName(fn, aggregate.field);
    parts.set(as, { fn, field: aggregate.field, as });
  }
  return [...parts.values()];
}

const keyOf = (plan: AggregatePlan, row: GroupRow): string => JSON.stringify(plan.groupBy.map(({ as }) => row[as] ?? null));

function addTo(groups: Map<string, GroupRow>, plan: AggregatePlan, row: GroupRow): void {
  const key = keyOf(plan, row);
  const before = groups.get(key);
  if (!before) {
    groups.set(key, { ...row });
    return;
  }
  for (const { fn, as } of summable(plan.aggregates)) {
    const [a, b] = [before[as] ?? null, row[as] ?? null] as [number | null, number | null];
    if (b === null) continue;
    before[as] = a === null ? b : fn === 'min' ? Math.min(a, b) : fn === 'max' ? Math.max(a, b) : a + b;
  }
}

/** How many records of each group have a number in the fields that are averaged. */
async function countNumbers(plan: AggregatePlan, ask: AskParts): Promise<ByField<number>> {
  const counts: ByField<number> = new Map();
  for (const field of new Set(plan.aggregates.flatMap((aggregate) => (aggregate.fn === 'avg' ? [aggregate.field] : [])))) {
    if (fieldOf(field).kind === 'record') continue;
    const isNumber = { kind: 'compare', op: '>=', field, value: -Number.MAX_VALUE } as const;
    const parts = await ask({
      ...plan,
      where: allOf(plan.where, isNumber),
      aggregates: [{ fn: 'count', as: '#n' }],
      orderBy: [],
      limit: maxParts,
    });
    const sums = new Map<string, number>();
    for (const { rows } of parts) for (const row of rows) sums.set(keyOf(plan, row), (sums.get(keyOf(plan, row)) ?? 0) + Number(row['#n']));
    counts.set(field, sums);
  }
  return counts;
}

/** How often each value occurs in each group, for the fields of percentiles and distinct counts. */
async function countValues(plan: AggregatePlan, ask: AskParts): Promise<ByField<Map<Value, number>>> {
  const counts: ByField<Map<Value, number>> = new Map();
  const fields = plan.aggregates.flatMap((aggregate) =>
    aggregate.fn === 'percentile' || aggregate.fn === 'distinct' ? [aggregate.field] : [],
  );
  for (const field of new Set(fields)) {
    const groupBy = [...plan.groupBy, { kind: 'field', field, as: valueName } as const];
    const parts = await ask({ ...plan, groupBy, aggregates: [{ fn: 'count', as: '#n' }], orderBy: [], limit: maxParts });
    if (parts.some(({ truncated }) => truncated)) {
      throw new AppError(
        'INVALID_QUERY',
        `${field} has more than ${maxParts} values in a time that lies in both stores; narrow the time or the conditions`,
      );
    }
    const byGroup = new Map<string, Map<Value, number>>();
    for (const row of parts.flatMap(({ rows }) => rows)) {
      const value = row[valueName];
      if (value === null || value === undefined) continue;
      const values = byGroup.get(keyOf(plan, row)) ?? new Map<Value, number>();
      byGroup.set(keyOf(plan, row), values.set(value, (values.get(value) ?? 0) + Number(row['#n'])));
    }
    counts.set(field, byGroup);
  }
  return counts;
}

function finish(
  aggregate: Aggregate,
  key: string,
  sums: GroupRow,
  numbers: ByField<number>,
  values: ByField<Map<Value, number>>,
): number | null {
  if (aggregate.fn === 'count') return Number(sums['#n'] ?? 0);
  const { fn, field } = aggregate;
  if (fn === 'distinct') return values.get(field)?.get(key)?.size ?? 0;
  if (fn === 'percentile') return percentileOf(values.get(field)?.get(key) ?? new Map(), aggregate.percent);
  if (fn !== 'avg') return (sums[sumName(fn, field)] as number | null) ?? null;
  const sum = (sums[sumName('sum', field)] as number | null) ?? null;
  const count = numbers.has(field) ? (numbers.get(field)!.get(key) ?? 0) : Number(sums['#n'] ?? 0);
  return sum === null || count === 0 ? null : sum / count;
}

/** By linear interpolation between closest ranks, from how often each number occurs. */
function percentileOf(counts: Map<Value, number>, percent: number): number | null {
  const sorted = [...counts].filter((entry): entry is [number, number] => typeof entry[0] === 'number').sort((a, b) => a[0] - b[0]);
  const total = sorted.reduce((sum, [, n]) => sum + n, 0);
  if (total === 0) return null;
  const rank = (percent / 100) * (total - 1);
  const at = (index: number): number => {
    let after = 0;
    for (const [value, n] of sorted) {
      after += n;
      if (after > index) return value;
    }
    return sorted.at(-1)![0];
  };
  const below = at(Math.floor(rank));
  return below + (at(Math.ceil(rank)) - below) * (rank - Math.floor(rank));
}
