import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import {
  type AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  InvalidRequestException,
  type QueryExecution,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { backoffMs } from '../../../core/backoff.ts';
import { AppError } from '../../../core/errors.ts';
import { cancelled } from '../../../query/budget.ts';
import { createTable } from './create-table.ts';
import type { Answer, Cell, SqlEngine } from './engine.ts';
import type { TableDefinition } from './manifest.ts';

export type AthenaEngineOptions = {
  client: AthenaClient;
  database: string;
  /** Absent: `primary`. A work group may bound the bytes a query scans. */
  workGroup?: string;
  /** `s3://bucket/prefix/` for results, where the work group names none. */
  output?: string;
};

/** GetQueryResults's bound. */
const rowsPerPage = 1_000;
const pollPause = { baseMs: 100, maxMs: 1_500 };
const tableTimeoutMs = 30_000;
/** AthenaError.ErrorCategory: 1 is the system's, 2 the user's, 3 another. https://docs.aws.amazon.com/athena/latest/ug/error-reference.html */
const userError = 2;
const malformed = 'MALFORMED_QUERY';

/** Athena as an engine: starts a statement, asks how it is, pages through its result; stops what nobody waits for any longer. */
export class AthenaEngine implements SqlEngine {
  readonly #options: AthenaEngineOptions;
  readonly #running = new Set<string>();
  #isClosed = false;

  constructor(options: AthenaEngineOptions) {
    this.#options = options;
  }

  async run(statement: string, timeoutMs: number, signal?: AbortSignal): Promise<Answer> {
    const execution = await this.#execute(statement, timeoutMs, signal);
    return { rows: await this.#rows(execution.QueryExecutionId!), scannedBytes: execution.Statistics?.DataScannedInBytes ?? 0 };
  }

  async ensureTable(table: TableDefinition): Promise<void> {
    await this.#execute(createTable(this.#options.database, table), tableTimeoutMs);
  }

  /** Stops what runs: it costs what it reads. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#running].map((id) => this.#stop(id)));
    this.#options.client.destroy();
  }

  async #execute(statement: string, timeoutMs: number, signal?: AbortSignal): Promise<QueryExecution> {
    if (this.#isClosed) throw new AppError('SHUTTING_DOWN', 'Athena is closed here');
    const { client, database, workGroup, output } = this.#options;
    const until = performance.now() + timeoutMs;
    const { QueryExecutionId: id } = await translated(() =>
      client.send(
        new StartQueryExecutionCommand({
          QueryString: statement,
          QueryExecutionContext: { Database: database },
          // One sending that is repeated is one query.
          ClientRequestToken: randomUUID(),
          ...(workGroup ? { WorkGroup: workGroup } : {}),
          ...(output ? { ResultConfiguration: { OutputLocation: output } } : {}),
        }),
      ),
    );
    this.#running.add(id!);
    try {
      return await this.#ended(id!, until, timeoutMs, signal);
    } finally {
      this.#running.delete(id!);
    }
  }

  async #ended(id: string, until: number, timeoutMs: number, signal: AbortSignal | undefined): Promise<QueryExecution> {
    for (let attempt = 0; ; attempt++) {
      const { QueryExecution: execution } = await translated(() =>
        this.#options.client.send(new GetQueryExecutionCommand({ QueryExecutionId: id })),
      );
      const state = execution?.Status?.State;
      if (state === 'SUCCEEDED') return execution!;
      if (state === 'FAILED') throw failureOf(execution!);
      if (state === 'CANCELLED') {
        if (this.#isClosed) throw new AppError('SHUTTING_DOWN', 'Athena was closed while the query ran');
        throw new AppError('STORE_UNAVAILABLE', 'the query was cancelled in Athena: by somebody, or by a limit of its work group', {
          retryAfterS: 5,
        });
      }
      if (signal?.aborted) {
        await this.#stop(id);
        throw cancelled();
      }
      if (performance.now() > until) {
        await this.#stop(id);
        throw new AppError('QUERY_TIMEOUT', `the query took longer than ${timeoutMs / 1000} s; ask for less time or fewer groups`);
      }
      await wait(
        Math.min(
          backoffMs(attempt, pollPause, () => 1),
          Math.max(1, until - performance.now()),
        ),
      );
    }
  }

  async #stop(id: string): Promise<void> {
    // What cannot be stopped ends by itself, at the work group's limit at the latest.
    await this.#options.client.send(new StopQueryExecutionCommand({ QueryExecutionId: id })).catch(() => {}); // it ends by itself, later
  }

  /** All rows of a result, without the header that stands in its first page. */
  async #rows(id: string): Promise<Cell[][]> {
    const rows: Cell[][] = [];
    for (let token: string | undefined, isFirst = true; isFirst || token; isFirst = false) {
      const page = await translated(() =>
        this.#options.client.send(
          new GetQueryResultsCommand({ QueryExecutionId: id, MaxResults: rowsPerPage, ...(token ? { NextToken: token } : {}) }),
        ),
      );
      const types = page.ResultSet?.ResultSetMetadata?.ColumnInfo?.map(({ Type }) => Type ?? 'varchar') ?? [];
      const found = page.ResultSet?.Rows ?? [];
      for (const { Data = [] } of isFirst ? found.slice(1) : found) rows.push(types.map((type, i) => cellOf(Data[i]?.VarCharValue, type)));
      token = page.NextToken;
    }
    return rows;
  }
}

/** Everything arrives as text, nothing as none. */
function cellOf(value: string | undefined, type: string): Cell {
  if (value === undefined) return null;
  return type === 'boolean' ? value === 'true' : value;
}

function failureOf({ Status }: QueryExecution): AppError {
  const why = Status?.StateChangeReason ?? 'it did not say why';
  const isOurs = Status?.AthenaError ? Status.AthenaError.ErrorCategory === userError : /syntax|COLUMN_NOT_FOUND|TYPE_MISMATCH/i.test(why);
  if (isOurs) return new AppError('INVALID_QUERY', `Athena does not take the query: ${why}`);
  return new AppError('STORE_UNAVAILABLE', `Athena failed: ${why}`, { retryAfterS: 5 });
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { name, message } = error as Error;
    // What does not parse is refused when it is started, what does not fit the tables fails when it runs.
    if (error instanceof InvalidRequestException && error.AthenaErrorCode === malformed)
      throw new AppError('INVALID_QUERY', `Athena does not take the query: ${message}`, { cause: error });
    throw new AppError('STORE_UNAVAILABLE', `Athena failed: ${name}: ${message}`, { retryAfterS: 5, cause: error });
  }
}
