import { AppError } from '../../../core/errors.ts';
import type { QueryRun } from '../../../query/budget.ts';
import { compileAggregate } from '../../../query/compile/sql/aggregate.ts';
import { trino } from '../../../query/compile/sql/trino.ts';
import type { AggregatePlan, Groups, ReadStats } from '../../../query/plan.ts';
import type { WarmFile, WarmQuery, WarmQueryCounts } from '../../../query/ports/warm-query.ts';
import type { SqlEngine } from './engine.ts';
import { FilesSql } from './files-sql.ts';
import { written } from './literals.ts';
import type { TableDefinition } from './manifest.ts';

export type AthenaWarmQueryOptions = {
  engine: SqlEngine;
  /** `s3://bucket/` with the prefix of names, as the tables have it. */
  archive: string;
  /** Tables that are known to be there. */
  there?: readonly string[];
  /** A query that takes longer is stopped. */
  timeoutMs?: number;
};

/** Athena's bound of a statement. https://docs.aws.amazon.com/athena/latest/ug/service-limits.html */
const maxStatementBytes = 262_144;
const minBilledBytes = 10 * 2 ** 20;
const usdPerTerabyte = 5;

/** What a scan of so many bytes costs at most, in USD (us-east-1, November 2026): Athena bills what it reads, 10 MiB at least. Columns that are not read are free. */
export const scanCostUsd = (bytes: number): number => (Math.max(bytes, minBilledBytes) / 2 ** 40) * usdPerTerabyte;

/**
 * Aggregates over files of S3 in Athena: for scans that are too large for the function that asks. A table for each set of attributes that is asked for
 * is made when it is first needed; tables are names only and cost nothing.
 */
export class AthenaWarmQuery implements WarmQuery {
  readonly #engine: SqlEngine;
  readonly #archive: string;
  readonly #timeoutMs: number;
  readonly #made = new Map<string, Promise<boolean>>();
  readonly #counts = { starts: 0, running: 0, queries: 0, timeouts: 0, files: 0, bytes: 0 };

  constructor({ engine, archive, there = [], timeoutMs = 120_000 }: AthenaWarmQueryOptions) {
    for (const name of there) this.#made.set(name, Promise.resolve(true));
    this.#engine = engine;
    this.#archive = archive;
    this.#timeoutMs = timeoutMs;
  }

  async aggregate(files: readonly WarmFile[], plan: AggregatePlan, query?: QueryRun): Promise<Groups | undefined> {
    this.#counts.queries++;
    const sources = new FilesSql(this.#archive);
    const named = files.flatMap(({ content, bytes: _, ...rest }) => (typeof content === 'string' ? [{ ...rest, path: content }] : []));
    if (named.length < files.length) return undefined;
    const statement = compileAggregate(
      named,
      plan,
      trino((paths, columns) => sources.of(paths, columns)),
    );
    const text = statement && written(statement);
    if (!text || Buffer.byteLength(text) > maxStatementBytes) return undefined;
    if (!(await this.#haveTables([...sources.tables.values()]))) return undefined;
    const rows = await this.#run(text, files, query);
    if (!rows) return undefined;
    const stats: ReadStats = { files: files.length, filesPruned: 0, pages: 0, pagesPruned: 0, bytes: bytesOf(files), rows: 0 };
    return { rows: rows.slice(0, plan.limit).map((row) => statement.read(row)), truncated: rows.length > plan.limit, stats };
  }

  counts(): WarmQueryCounts {
    return { ...this.#counts };
  }

  close(): Promise<void> {
    return this.#engine.close();
  }

  /** The rows of a statement; undefined where the engine does not take it: another has to answer then. */
  async #run(text: string, files: readonly WarmFile[], query: QueryRun | undefined): Promise<unknown[][] | undefined> {
    this.#counts.running++;
    try {
      const { rows, scannedBytes } = await this.#engine.run(
        text,
        Math.min(this.#timeoutMs, query?.leftMs ?? this.#timeoutMs),
        query?.signal,
      );
      this.#counts.files += files.length;
      this.#counts.bytes += scannedBytes;
      return rows;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (error.code === 'INVALID_QUERY') return undefined;
      if (error.code === 'QUERY_TIMEOUT') this.#counts.timeouts++;
      throw error;
    } finally {
      this.#counts.running--;
    }
  }

  /** Makes tables that are missing; false where one cannot be made, which is not tried again. */
  async #haveTables(tables: readonly TableDefinition[]): Promise<boolean> {
    const made = tables.map((table) => {
      const before = this.#made.get(table.name);
      if (before) return before;
      const making = this.#engine.ensureTable(table).then(
        () => true,
        (error: unknown) => {
          if (error instanceof AppError && error.code === 'INVALID_QUERY') return false;
          this.#made.delete(table.name);
          throw error;
        },
      );
      this.#made.set(table.name, making);
      return making;
    });
    return (await Promise.all(made)).every(Boolean);
  }
}

const bytesOf = (files: readonly WarmFile[]): number => files.reduce((total, { bytes }) => total + bytes, 0);
