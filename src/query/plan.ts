import type { Intervals } from '../core/intervals.ts';
import type { StoredRecord } from '../core/record.ts';
import type { Expression } from './ast/expression.ts';

/** Half-open range of `timestamp`, epoch microseconds. */
export type TimeRange = { fromUs: number; toUs: number };

/** Where a page ended: the sort key of its last record. Order is timestamp, then position. */
export type SortKey = { timestamp: number; timestamp_ns: number; generation: number; partition: number; offset: number };

/** Offsets below which a query sees records, by partition: what makes a walk with a cursor stable while data arrives. */
export type Snapshot = Record<number, number>;

/** Positions by partition, and by generation where one is named; partitions that are not listed not at all. */
export type PlanPositions = { generation?: number; partition: number; offsets: Intervals }[];

/** A list query of one tenant. The tenant is no expression: it cannot be left out. */
export type SearchPlan = {
  tenant: string;
  time: TimeRange;
  where: Expression;
  order: 'desc' | 'asc';
  limit: number;
  /** Continue behind this record (exclusive). */
  after?: SortKey;
  snapshot?: Snapshot;
  /** Only these positions (the part of a split query, tail, receipts); all when absent. Of one generation where it is named. */
  positions?: PlanPositions;
};

/** What was read to answer, for `stores` in answers and for tests of pruning. */
export type ReadStats = { files: number; filesPruned: number; pages: number; pagesPruned: number; bytes: number; rows: number };

/** Which stores answered, where that is not the warm one alone, and why the answer is not whole, where it is not. */
export type AnswerNotes = { stores?: Partial<Record<'hot' | 'warm', ReadStats>>; reasons?: string[] };

/** `resume`: where to go on, for an answer that stopped before its end: its records are all that stand before that place. */
export type SearchResult = { records: StoredRecord[]; stats: ReadStats; resume?: SortKey } & AnswerNotes;

/** A result, and what was visible to it: the plan's own snapshot, or the one that was taken for it. */
export type SeenResult = SearchResult & { snapshot: Snapshot };

/**
 * What to group by: a field's value (absent is null), or the bucket of `timestamp` (its start, epoch microseconds). Buckets are aligned to the epoch, or to
 * the wall clock of a time zone: see `bucketsOf`.
 */
export type GroupKey = { kind: 'field'; field: string; as: string } | { kind: 'bucket'; stepUs: number; as: string; zone?: string };

/** One computed value a group. `percentile` is exact (linear interpolation between closest ranks); absent and non-numeric values are left out. */
export type Aggregate =
  | { fn: 'count'; as: string }
  | { fn: 'sum' | 'avg' | 'min' | 'max' | 'distinct'; field: string; as: string }
  | { fn: 'percentile'; field: string; percent: number; as: string };

export type AggregatePlan = {
  tenant: string;
  time: TimeRange;
  where: Expression;
  groupBy: GroupKey[];
  aggregates: Aggregate[];
  /** [name of a key or an aggregate, direction]; by the keys, ascending, when empty. */
  orderBy: [name: string, direction: 'asc' | 'desc'][];
  limit: number;
  snapshot?: Snapshot;
  /** Only these positions; all when absent. Of one generation where it is named. */
  positions?: PlanPositions;
};

export type GroupRow = Record<string, string | number | boolean | null>;

/** Groups with their values. `truncated` when `limit` cut them; `approximate` names the aggregates that are within 1 %, the others are exact. */
export type Groups = { rows: GroupRow[]; truncated: boolean; stats: ReadStats; approximate?: string[] } & AnswerNotes;
