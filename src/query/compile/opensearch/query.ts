import type { Expression } from '../../ast/expression.ts';
import type { PlanPositions, Snapshot, SortKey, TimeRange } from '../../plan.ts';
import { allBounds, allOf, type Bounds, type Dsl, exactly, term } from './dsl.ts';
import { orderFields } from './layout.ts';
import { visibleQuery } from './visible.ts';
import { compileWhere, type WhereOptions } from './where.ts';
import { timeQuery } from './whole-numbers.ts';

/** What lists and aggregates have in common. */
export type Selection = { tenant: string; time: TimeRange; where: Expression; snapshot?: Snapshot; positions?: PlanPositions };

/**
 * Compiles which records are meant. The tenant is in both bounds, whatever the condition says.
 * @throws AppError INVALID_QUERY as `matcherOf` does
 */
export function compileSelection({ tenant, time, where, snapshot, positions }: Selection, options?: WhereOptions): Bounds {
  const own = exactly(allOf([term('tenant', tenant), timeQuery(time)]));
  return allBounds([own, visibleQuery(snapshot, positions), compileWhere(where, options)]);
}

/** The body of a request for one page of records, in the order of lists. */
export function pageBody(query: Dsl, order: 'desc' | 'asc', size: number, after: readonly number[] | undefined): Dsl {
  return {
    size,
    track_total_hits: false,
    query: { bool: { filter: [query] } },
    sort: orderFields.map((field) => ({ [field]: { order } })),
    ...(after ? { search_after: [...after] } : {}),
  };
}

/** The place of a record as `search_after` takes it. */
export const placeOf = (record: SortKey): number[] => [
  record.timestamp,
  record.timestamp_ns,
  record.generation,
  record.partition,
  record.offset,
];
