import type { AggregatePlan, Groups, SearchPlan, SearchResult } from '../plan.ts';

/** A Parquet file to read, with the offsets of its rows that count (the rest were absorbed, erased, or are answered by another store). */
export type WarmFile = { name: string; partitionOffsets: 'all' | { partition: number; only: readonly (readonly [number, number])[] }[] };

/** Runs queries over committed files: our reader for searches and counts, DuckDB (or Athena) for the rest. */
export interface WarmQuery {
  search(files: WarmFile[], plan: SearchPlan): Promise<SearchResult>;
  aggregate(files: WarmFile[], plan: AggregatePlan): Promise<Groups>;
  close(): Promise<void>;
}
