import { Worker } from 'node:worker_threads';
import { AppError, errorFromPlain } from '../../../core/errors.ts';
import { cancelled } from '../../../query/budget.ts';
import type { Answer, Query, ThreadData, ToThread } from './messages.ts';

/** Each query holds a thread of libuv's pool as long as it takes; more at once would keep fdatasync waiting. */
const maxRunning = 2;
const maxWaiting = 32;
/** How much longer than its time an answer may take to say that time is up. */
const graceMs = 2_000;

type Waiter = { resolve(answer: Answer): void; reject(error: AppError): void };

/** The thread of DuckDB as others see it: started with the first query, ended when idle, started again. Two queries run at once, others wait. */
export class DuckDbClient {
  starts = 0;
  running = 0;
  timeouts = 0;
  readonly #data: ThreadData;
  readonly #timeoutMs: number;
  readonly #idleMs: number;
  readonly #answers = new Map<number, Waiter>();
  readonly #turns: (() => void)[] = [];
  #thread: Worker | undefined;
  #ended: Promise<void> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(data: ThreadData, { timeoutMs, idleMs }: { timeoutMs: number; idleMs: number }) {
    this.#data = data;
    this.#timeoutMs = timeoutMs;
    this.#idleMs = idleMs;
  }

  get isStarted(): boolean {
    return this.#thread !== undefined;
  }

  /**
   * Runs a statement; undefined where a row holds JSON that DuckDB cannot read.
   * @throws AppError QUERY_TIMEOUT, QUERY_CANCELLED, STORE_UNAVAILABLE, SHUTTING_DOWN
   */
  async run(
    query: Omit<Query, 'timeoutMs'>,
    { leftMs = Number.POSITIVE_INFINITY, signal }: { leftMs?: number; signal?: AbortSignal | undefined } = {},
  ): Promise<unknown[][] | undefined> {
    const startedMs = performance.now();
    await this.#turn();
    const cancel = () => this.#thread?.postMessage({ cancel: query.id } satisfies ToThread);
    try {
      const allMs = Math.min(this.#timeoutMs, leftMs);
      const timeoutMs = allMs - (performance.now() - startedMs);
      if (signal?.aborted) throw cancelled();
      if (timeoutMs <= 0) throw errorOfTime(this.#timeoutMs);
      signal?.addEventListener('abort', cancel, { once: true });
      const answer = await this.#ask({ ...query, timeoutMs });
      if (signal?.aborted) throw cancelled();
      if ('error' in answer) throw errorFromPlain(answer.error);
      return 'rows' in answer ? answer.rows : undefined;
    } catch (error) {
      if (error instanceof AppError && error.code === 'QUERY_TIMEOUT') this.timeouts++;
      throw error;
    } finally {
      signal?.removeEventListener('abort', cancel);
      this.#answers.delete(query.id);
      this.#next();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const turn of this.#turns.splice(0)) turn();
    this.#endThread();
    await this.#ended;
  }

  async #ask(query: Query): Promise<Answer> {
    const thread = await this.#startedThread();
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(errorOfTime(this.#timeoutMs)), query.timeoutMs + graceMs);
      const settle =
        <T>(how: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          how(value);
        };
      this.#answers.set(query.id, { resolve: settle(resolve), reject: settle(reject) });
      thread.postMessage({ query } satisfies ToThread);
    });
  }

  /** Waits until fewer than the most queries run, and counts as one of them. */
  async #turn(): Promise<void> {
    if (this.#isClosed) throw errorOfClosed();
    if (this.running < maxRunning) this.running++;
    else {
      if (this.#turns.length >= maxWaiting) throw new AppError('STORE_UNAVAILABLE', 'too many queries wait already', { retryAfterS: 5 });
      await new Promise<void>((resolve) => this.#turns.push(resolve));
    }
    clearTimeout(this.#idle);
  }

  /** Gives the turn to the next that waits. */
  #next(): void {
    const turn = this.#turns.shift();
    if (turn) turn();
    else this.running--;
    if (this.running > 0) return;
    this.#thread?.unref();
    this.#idle = setTimeout(() => this.#endThread(), this.#idleMs);
    this.#idle.unref();
  }

  async #startedThread(): Promise<Worker> {
    if (!this.#thread) await this.#ended;
    if (this.#isClosed) throw errorOfClosed();
    this.#thread ??= this.#start();
    this.#thread.ref();
    return this.#thread;
  }

  #start(): Worker {
    this.starts++;
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

const errorOfClosed = (): AppError => new AppError('SHUTTING_DOWN', 'the SQL engine is closed');

const errorOfTime = (timeoutMs: number): AppError =>
  new AppError('QUERY_TIMEOUT', `the query took longer than ${timeoutMs / 1000} s; ask for less time or fewer groups`);
