import { AppError } from '../core/errors.ts';
import type { AttributeValue } from '../core/record.ts';
import type { Expression } from './ast/expression.ts';
import type { Query, Rate, Top } from './ast/query.ts';
import { type Leaf, type Visitor, visit } from './ast/visit.ts';
import { orderGroups } from './compile/scan/aggregate.ts';
import { predicateOf } from './compile/scan/predicate.ts';
import type { Aggregate, AggregatePlan, GroupRow, Groups, TimeRange } from './plan.ts';
import { bucketsOf } from './zone.ts';

/** The groups that a query looks through which keeps some of them. */
const maxGroups = 100_000;
const minuteUs = 60e6;

/** What an engine is asked for a query, and what makes its answer from the engine's. */
export type Derived = { plan: AggregatePlan; finish(groups: Groups): Groups };

/**
 * Takes from a query for groups what no engine computes: `rate` is a count divided by minutes, `having` and `top` are decided on finished groups.
 * `nowUs` ends a query that names no end.
 * @throws AppError INVALID_QUERY for a rate without a bucket over times without a start
 */
export function deriveGroups(query: Query, tenant: string, time: TimeRange, limit: number, nowUs: number): Derived {
  const { where, groupBy, orderBy, having, top } = query;
  const rates = query.aggregates.filter(({ fn }) => fn === 'rate').map(({ as }) => as);
  const aggregates = query.aggregates.map(countOf);
  const plan: AggregatePlan = { tenant, time, where, groupBy, aggregates, orderBy, limit };
  if (rates.length === 0 && !having && !top) return { plan, finish: (groups) => groups };
  const minutes = minutesOf(query, time, nowUs);
  const keeps = having ? rowMatcherOf(having) : () => true;
  return {
    plan: { ...plan, orderBy: [], limit: maxGroups },
    finish({ rows, truncated, ...rest }) {
      const kept = rows.map((row) => withRates(row, rates, minutes)).filter(keeps);
      if (!top) return { rows: orderGroups(kept, plan), truncated: truncated || kept.length > limit, ...rest };
      const first = firstOfEach(orderGroups(kept, { ...plan, limit: kept.length }), top);
      return { rows: first.slice(0, limit), truncated: truncated || first.length > limit, ...rest };
    },
  };
}

/** The first rows of each value of some keys, in the order they are in. */
function firstOfEach(rows: readonly GroupRow[], { n, by }: Top): GroupRow[] {
  const seen = new Map<string, number>();
  return rows.filter((row) => {
    const of = JSON.stringify(by.map((name) => row[name]));
    const before = seen.get(of) ?? 0;
    seen.set(of, before + 1);
    return before < n;
  });
}

const countOf = (aggregate: Aggregate | Rate): Aggregate => (aggregate.fn === 'rate' ? { fn: 'count', as: aggregate.as } : aggregate);

function withRates(row: GroupRow, rates: readonly string[], minutes: (row: GroupRow) => number): GroupRow {
  if (rates.length === 0) return row;
  return { ...row, ...Object.fromEntries(rates.map((as) => [as, Number(row[as]) / minutes(row)])) };
}

/** How many minutes a group's records may have come in: those of its bucket that the query asks for, or all of the query's. */
function minutesOf({ groupBy, aggregates }: Query, { fromUs, toUs }: TimeRange, nowUs: number): (row: GroupRow) => number {
  const endUs = Math.min(toUs, Math.max(nowUs, fromUs + 1));
  const bucket = groupBy.find((key) => key.kind === 'bucket');
  if (bucket) {
    const { stepUs, as, zone } = bucket;
    const { endOf } = bucketsOf(stepUs, zone);
    return ({ [as]: start }) => {
      const startUs = Number(start);
      const stopUs = endOf(startUs);
      // A sender's clock may be ahead of ours: the bucket that now is in counts up to its end then.
      const overUs = Math.min(stopUs, startUs < endUs ? endUs : stopUs) - Math.max(startUs, fromUs);
      return Math.max(overUs, 1) / minuteUs;
    };
  }
  if (fromUs <= 0 && aggregates.some(({ fn }) => fn === 'rate'))
    throw new AppError('INVALID_QUERY', 'a rate is records a minute: say since when (last, from), or group by a bucket of time');
  return () => (endUs - fromUs) / minuteUs;
}

type RowMatcher = (row: GroupRow) => boolean;

const onName = (leaf: Leaf): RowMatcher => {
  const accepts = predicateOf(leaf);
  return ({ [leaf.field]: value }) => accepts((value ?? undefined) as AttributeValue | undefined);
};

/** Compiles a condition over the names of results. */
const rowMatcherOf = (having: Expression): RowMatcher => visit(having, matchers);

const matchers: Visitor<RowMatcher> = {
  and: ({ items }) => {
    const tests = items.map(rowMatcherOf);
    return (row) => tests.every((test) => test(row));
  },
  or: ({ items }) => {
    const tests = items.map(rowMatcherOf);
    return (row) => tests.some((test) => test(row));
  },
  not: ({ item }) => {
    const test = rowMatcherOf(item);
    return (row) => !test(row);
  },
  compare: onName,
  in: onName,
  exists: onName,
  match: onName,
  phrase: onName,
  contains: onName,
  prefix: onName,
  wildcard: onName,
  regex: onName,
};
