import { type Signal, signals } from '../../core/signal.ts';
import type { Aggregate, GroupKey, TimeRange } from '../plan.ts';
import type { Expression } from './expression.ts';

/** The times a query asks for: the last so many microseconds, or from and to, each open where it is undefined. */
export type TimeSpan = { lastUs: number } | { fromUs: number | undefined; toUs: number | undefined };

/** Records a minute, over the times that the query asks for or over each bucket. */
export type Rate = { fn: 'rate'; as: string };

/** What can be asked: the records of a signal, or the alerts that rules raised. */
export type QuerySource = Signal | 'alerts';
export const querySources: readonly QuerySource[] = [...signals, 'alerts'];

/** The first `n` groups, in the order of the query, of each value of some of its keys. */
export type Top = { n: number; by: string[] };

/** A query as it was written, whichever of the spellings it came in. */
export type Query = {
  from: QuerySource;
  time: TimeSpan | undefined;
  where: Expression;
  /** Fields of the answer's records; all when undefined. */
  select: string[] | undefined;
  groupBy: GroupKey[];
  aggregates: (Aggregate | Rate)[];
  /** What a group must satisfy; its fields are the names of keys and aggregates. */
  having: Expression | undefined;
  orderBy: [name: string, direction: 'asc' | 'desc'][];
  top?: Top | undefined;
  limit: number | undefined;
  cursor: string | undefined;
};

/** The most rows that one query may ask for. */
export const maxLimit = 10_000;

/** Tells whether a query asks for groups rather than records. */
export const isAggregate = ({ groupBy, aggregates }: Query): boolean => groupBy.length > 0 || aggregates.length > 0;

/** The range of time that a span means now; `defaultUs` is how far back a query looks that names no start. */
export function timeRangeOf(span: TimeSpan | undefined, nowUs: number, defaultUs: number): TimeRange {
  if (span && 'lastUs' in span) return { fromUs: nowUs - span.lastUs, toUs: nowUs };
  const toUs = span?.toUs ?? nowUs;
  return { fromUs: span?.fromUs ?? toUs - defaultUs, toUs };
}
