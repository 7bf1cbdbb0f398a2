import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { AppError, errorFromPlain } from '../../../core/errors.ts';
import { compileAggregate, type Statement } from '../../../query/compile/sql/aggregate.ts';
import { duckDb } from '../../../query/compile/sql/duckdb.ts';
import type { AggregatePlan, Groups, ReadStats } from '../../../query/plan.ts';
import type { WarmFile, WarmQuery, WarmQueryCounts } from '../../../query/ports/warm-query.ts';
import type { Answer, TemporaryFile, ThreadData, ToThread } from './messages.ts';

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

/** Each query holds a thread of libuv's pool as long as it takes; more at once would keep fdatasync waiting. */
const maxRunning = 2;
const maxWaiting = 32;
/** How much longer than its time an answer may take to say that time is up. */
const graceMs = 2_000;

type Waiter = { resolve(answer: Answer): void; reject(error: AppError): void };

/**
 * Aggregates over Parquet files in DuckDB: one instance in a thread of its own, started with the first query and ended when idle, so that a
 * platform that asks for nothing pays nothing.
 */
export class DuckDbWarmQuery implements WarmQuery {
  readonly #options: Required<Pick<DuckDbOptions, 'timeoutMs' | 'idleMs'>>;
  readonly #data: ThreadData;
  readonly #isPathSafe: boolean;
  readonly #counts: WarmQueryCounts = { starts: 0, running: 0, queries: 0, timeouts: 0, files: 0, bytes: 0 };
  readonly #answers = new Map<number, Waiter>();
  readonly #turns: (() => void)[] = [];
  #thread: Worker | undefined;
  #ended: Promise<void> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor({ root, temporary, timeoutMs = 30_000, idleMs = 300_000, threads = 2, memoryBytes, spillBytes }: DuckDbOptions) {
    this.#options = { timeoutMs, idleMs };
    this.#data = {
      root: resolve(root),
      temporary: resolve(temporary),
      threads,
      memoryBytes: memoryBytes ?? 512 * 2 ** 20,
      spillBytes: spillBytes ?? 2 * 2 ** 30,
    };
    // DuckDB takes these for patterns, in paths as well.
    this.#isPathSafe = !/[*?[\]{}\0]/.test(this.#data.root + this.#data.temporary);
  }

  async aggregate(files: readonly WarmFile[], plan: AggregatePlan): Promise<Groups | undefined> {
    const temporary: TemporaryFile[] = [];
    const query = ++this.#counts.queries;
    const named = files.map(({ content, columns, only, time }, i) => {
      const path = typeof content === 'string' ? `${this.#data.root}/${content}` : `${this.#data.temporary}/${query}-${i}.parquet`;
      if (typeof content !== 'string') temporary.push({ path, parts: content });
      return { path, columns, ...(only ? { only } : {}), ...(time ? { time } : {}) };
    });
    const statement = this.#isPathSafe ? compileAggregate(named, plan, duckDb) : undefined;
    if (!statement) return undefined;
    const stats = statsOf(files);
    this.#counts.files += stats.files;
    this.#counts.bytes += stats.bytes;
    const rows = await this.#ask(query, statement, temporary);
    if (!rows) return undefined;
    return { rows: rows.slice(0, plan.limit).map((row) => statement.read(row)), truncated: rows.length > plan.limit, stats };
  }

  get isStarted(): boolean {
    return this.#thread !== undefined;
  }

  counts(): WarmQueryCounts {
    return { ...this.#counts };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const turn of this.#turns.splice(0)) turn();
    this.#endThread();
    await this.#ended;
  }

  /** The rows of a statement; undefined where a row cannot be read by it. */
  async #ask(id: number, { text, values }: Statement, temporary: TemporaryFile[]): Promise<unknown[][] | undefined> {
    const startedMs = performance.now();
    await this.#turn();
    try {
      const timeoutMs = this.#options.timeoutMs - (performance.now() - startedMs);
      if (timeoutMs <= 0) throw tookTooLong(this.#options.timeoutMs);
      const thread = await this.#running();
      const answer = await new Promise<Answer>((resolve, reject) => {
        const timer = setTimeout(() => reject(tookTooLong(this.#options.timeoutMs)), timeoutMs + graceMs);
        this.#answers.set(id, {
          resolve: (answer) => {
            clearTimeout(timer);
            resolve(answer);
          },
          reject: (error) => {
            clearTimeout(timer);
            reject(error);
          },
        });
        thread.postMessage({ query: { id, text, values, temporary, timeoutMs } } satisfies ToThread);
      });
      if ('error' in answer) throw errorFromPlain(answer.error);
      return 'rows' in answer ? answer.rows : undefined;
    } catch (error) {
      if (error instanceof AppError && error.code === 'QUERY_TIMEOUT') this.#counts.timeouts++;
      throw error;
    } finally {
      this.#answers.delete(id);
      this.#next();
    }
  }

  /** Waits until fewer than the most queries run, and counts as one of them. */
  async #turn(): Promise<void> {
    if (this.#isClosed) throw gone();
    if (this.#counts.running < maxRunning) this.#counts.running++;
    else {
      if (this.#turns.length >= maxWaiting) throw new AppError('STORE_UNAVAILABLE', 'too many queries wait already', { retryAfterS: 5 });
      await new Promise<void>((resolve) => this.#turns.push(resolve));
    }
    clearTimeout(this.#idle);
  }

  #next(): void {
    const turn = this.#turns.shift();
    if (turn) turn();
    else this.#counts.running--;
    if (this.#counts.running > 0) return;
    this.#thread?.unref();
    this.#idle = setTimeout(() => this.#endThread(), this.#options.idleMs);
    this.#idle.unref();
  }

  /** The thread, started where there is none. */
  async #running(): Promise<Worker> {
    if (this.#isClosed) throw gone();
    if (!this.#thread) {
      await this.#ended;
      this.#thread ??= this.#start();
    }
    this.#thread.ref();
    return this.#thread;
  }

  #start(): Worker {
    this.#counts.starts++;
    const thread = new Worker(new URL('./duckdb-thread.ts', import.meta.url), { workerData: this.#data });
    let why = 'the SQL engine ended, and is started again with the next query';
    thread.on('message', (answer: Answer) => this.#answers.get(answer.id)?.resolve(answer));
    thread.on('error', (error) => {
      why = `the SQL engine failed: ${error instanceof Error ? error.message : String(error)}`;
    });
    this.#ended = new Promise((resolve) => {
      thread.once('exit', () => {
        if (this.#thread === thread) this.#thread = undefined;
        for (const { reject } of this.#answers.values()) reject(new AppError('STORE_UNAVAILABLE', why, { retryAfterS: 1 }));
        resolve();
      });
    });
    return thread;
  }

  #endThread(): void {
    clearTimeout(this.#idle);
    const thread = this.#thread;
    this.#thread = undefined;
    thread?.ref();
    thread?.postMessage({ stop: true } satisfies ToThread);
  }
}

const gone = (): AppError => new AppError('SHUTTING_DOWN', 'the SQL engine is closed');

const tookTooLong = (timeoutMs: number): AppError =>
  new AppError('QUERY_TIMEOUT', `the query took longer than ${timeoutMs / 1000} s; ask for less time or fewer groups`);

const statsOf = (files: readonly WarmFile[]): ReadStats => ({
  files: files.length,
  filesPruned: 0,
  pages: 0,
  pagesPruned: 0,
  bytes: files.reduce((total, { bytes }) => total + bytes, 0),
  rows: 0,
});
