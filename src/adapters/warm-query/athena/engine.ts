import type { TableDefinition } from './manifest.ts';

/** A value as an engine answers it; texts of all types where it spells them. */
export type Cell = string | number | boolean | null;

/** What an engine did for one statement. */
export type Answer = { rows: Cell[][]; scannedBytes: number };

/** An engine that speaks Trino's SQL over tables of files. */
export interface SqlEngine {
  /**
   * Runs a statement within a time and gives all of its rows.
   * @throws AppError QUERY_TIMEOUT, STORE_UNAVAILABLE, SHUTTING_DOWN; INVALID_QUERY where the engine does not take the statement
   */
  run(statement: string, timeoutMs: number, signal?: AbortSignal): Promise<Answer>;
  /** Makes a table where it is missing. */
  ensureTable(table: TableDefinition): Promise<void>;
  close(): Promise<void>;
}
