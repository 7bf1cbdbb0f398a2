import type { Intervals } from '../../core/intervals.ts';
import type { QueryRun } from '../budget.ts';
import type { AggregatePlan, Groups, TimeRange } from '../plan.ts';

/** A Parquet file to read, and which of its rows count. */
export type WarmFile = {
  /** Its name in the warm store; or its bytes, where no store has it: rows that are in memory only. */
  content: string | Uint8Array[];
  bytes: number;
  /** The names of its columns. */
  columns: readonly string[];
  /** The positions that count; all when absent. The rest was absorbed, erased, or is answered elsewhere. */
  only?: readonly { generation: number; partition: number; offsets: Intervals }[];
  /** The times that count; all when absent. */
  time?: TimeRange;
};

/** How much an engine has done since it was made. `starts` counts how often it had to be started, `running` the queries under way. */
export type WarmQueryCounts = { starts: number; running: number; queries: number; timeouts: number; files: number; bytes: number };

/** Aggregates in SQL over files: DuckDB or Athena. Our own reader answers searches and counts. */
export interface WarmQuery {
  /**
   * Undefined where SQL cannot say the plan over these files exactly as a scan does; our own reader is asked then.
   * @throws AppError INVALID_QUERY, QUERY_TIMEOUT, STORE_UNAVAILABLE
   */
  aggregate(files: readonly WarmFile[], plan: AggregatePlan, query?: QueryRun): Promise<Groups | undefined>;
  counts(): WarmQueryCounts;
  close(): Promise<void>;
}
