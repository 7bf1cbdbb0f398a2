import { resolve } from 'node:path';
import type { QueryRun } from '../../../query/budget.ts';
import { compileAggregate } from '../../../query/compile/sql/aggregate.ts';
import { duckDb } from '../../../query/compile/sql/duckdb.ts';
import type { AggregatePlan, Groups, ReadStats } from '../../../query/plan.ts';
import type { WarmFile, WarmQuery, WarmQueryCounts } from '../../../query/ports/warm-query.ts';
import { DuckDbClient } from './duckdb-client.ts';
import type { TemporaryFile } from './messages.ts';

export type DuckDbOptions = {
  /** The folder of the warm store: names of files are relative to it. */
  root: string;
  /** A folder of its own, emptied at each start: rows in memory and what a query spills. */
  temporary: string;
  /** A query that takes longer fails. */
  timeoutMs?: number;
  /** The thread ends when it had nothing to do for so long. */
  idleMs?: number;
  threads?: number;
  memoryBytes?: number;
  spillBytes?: number;
};

/**
 * Aggregates over Parquet files in DuckDB: one instance in a thread of its own, started with the first query and ended when idle, so that a
 * platform that asks for nothing pays nothing.
 */
export class DuckDbWarmQuery implements WarmQuery {
  readonly #client: DuckDbClient;
  readonly #root: string;
  readonly #temporary: string;
  /** DuckDB takes some characters for patterns, in paths as well. */
  readonly #isPathSafe: boolean;
  readonly #counts = { queries: 0, files: 0, bytes: 0 };

  constructor(options: DuckDbOptions) {
    const { timeoutMs = 30_000, idleMs = 300_000, threads = 2, memoryBytes = 512 * 2 ** 20, spillBytes = 2 * 2 ** 30 } = options;
    this.#root = resolve(options.root);
    this.#temporary = resolve(options.temporary);
    this.#isPathSafe = !/[*?[\]{}\0]/.test(this.#root + this.#temporary);
    const data = { root: this.#root, temporary: this.#temporary, threads, memoryBytes, spillBytes };
    this.#client = new DuckDbClient(data, { timeoutMs, idleMs });
  }

  async aggregate(files: readonly WarmFile[], plan: AggregatePlan, query?: QueryRun): Promise<Groups | undefined> {
    const id = ++this.#counts.queries;
    const temporary: TemporaryFile[] = [];
    const named = files.map(({ content, bytes: _, ...rest }, i) => {
      if (typeof content === 'string') return { ...rest, path: `${this.#root}/${content}` };
      const path = `${this.#temporary}/${id}-${i}.parquet`;
      temporary.push({ path, parts: content });
      return { ...rest, path };
    });
    const statement = this.#isPathSafe ? compileAggregate(named, plan, duckDb) : undefined;
    if (!statement) return undefined;
    const stats = statsOf(files);
    this.#counts.files += stats.files;
    this.#counts.bytes += stats.bytes;
    const rows = await this.#client.run({ id, text: statement.text, values: statement.values, temporary }, query);
    if (!rows) return undefined;
    return { rows: rows.slice(0, plan.limit).map((row) => statement.read(row)), truncated: rows.length > plan.limit, stats };
  }

  get isStarted(): boolean {
    return this.#client.isStarted;
  }

  counts(): WarmQueryCounts {
    const { starts, running, timeouts } = this.#client;
    return { ...this.#counts, starts, running, timeouts };
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

const statsOf = (files: readonly WarmFile[]): ReadStats => ({
  files: files.length,
  filesPruned: 0,
  pages: 0,
  pagesPruned: 0,
  bytes: files.reduce((total, { bytes }) => total + bytes, 0),
  rows: 0,
});
