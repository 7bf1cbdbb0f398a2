import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '../../core/backoff.ts';
import { AppError } from '../../core/errors.ts';
import type { Log } from '../../core/ports/log.ts';
import type { QueueBatch, QueueReader } from '../../core/ports/queue.ts';

/** One sink of one partition, as a loop drives it. */
export type FollowedSink = {
  name: 'hot' | 'warm' | 'parsed' | 'aggregate';
  /** Where it stands: its first open offset, as its progress says. */
  position(): Promise<number>;
  /** Brings batches in. */
  deliver(batches: QueueBatch[]): Promise<void>;
  /** Commits what it holds: what is due, or all. */
  commit(all: boolean): Promise<void>;
  /** Forgets what it holds; it will be delivered again. */
  abandon(): void;
};

export type FollowerDeps = {
  reader: QueueReader;
  partition: number;
  sink: FollowedSink;
  /** Payload of one delivery. */
  maxBytes: number;
  /** How long a loop that has nothing to read waits, unless it is woken. */
  idleMs: number;
  log: Log;
};

const pause = { baseMs: 100, maxMs: 5_000 };
/** An outage is told at its first failure, and then each time so many have passed. */
const tellEvery = 20;

/**
 * Reads one partition from where its sink stands, and hands on what it reads until it is stopped. After a failure that may pass it waits, asks the
 * sink where it stands and reads from there; a log that was lost halts it. One runs for each sink, so that none holds up another.
 */
export class Follower {
  /** Why it halted for good. */
  halted: string | undefined;
  /** Failures in a row: 0 while all goes well. */
  failures = 0;
  /** The next offset that is read. */
  cursor: number | undefined;
  readonly #deps: FollowerDeps;
  #running: Promise<void> | undefined;
  #isStopping = false;
  #wake = Promise.withResolvers<void>();
  readonly #stopped = Promise.withResolvers<void>();
  #flushes: PromiseWithResolvers<void>[] = [];
  #wanted = 0;

  constructor(deps: FollowerDeps) {
    this.#deps = deps;
  }

  get sink(): FollowedSink['name'] {
    return this.#deps.sink.name;
  }

  get partition(): number {
    return this.#deps.partition;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Tells that there may be something to read. */
  wake(): void {
    this.#wake.resolve();
  }

  /** Tells that somebody waits for what stands below an offset: it is committed once it is read, not when it is due. */
  want(offset: number): void {
    this.#wanted = Math.max(this.#wanted, offset);
    this.wake();
  }

  /** Resolves when everything that stands in the partition now is committed; rejects when it cannot be at present. */
  flush(): Promise<void> {
    if (this.halted) return Promise.reject(new AppError('QUEUE_REWOUND', this.halted));
    if (this.#isStopping) return Promise.reject(new AppError('SHUTTING_DOWN', 'the sinks are stopping'));
    const flush = Promise.withResolvers<void>();
    this.#flushes.push(flush);
    this.wake();
    return flush.promise;
  }

  /** Ends after the delivery that is under way, and commits what the sink holds; what cannot be committed is delivered again at the next start. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#stopped.resolve();
    await this.#running;
    try {
      if (this.failures === 0 && !this.halted) await this.#deps.sink.commit(true);
    } catch (error) {
      this.#deps.log.warn({ error, ...this.#labels }, 'what was in memory is not committed, it is read again');
    }
    this.#deps.sink.abandon();
  }

  async #run(): Promise<void> {
    while (!this.#isStopping && !this.halted) {
      try {
        await this.#turn();
        if (this.failures > 0) this.#deps.log.info({ failures: this.failures, ...this.#labels }, 'a sink goes on');
        this.failures = 0;
      } catch (error) {
        this.#failed(error);
        if (!this.halted) await this.#pause(backoffMs(this.failures, pause), this.#stopped.promise);
      }
    }
    this.#rejectFlushes(new AppError('SHUTTING_DOWN', 'the sinks are stopping'));
  }

  async #turn(): Promise<void> {
    const { reader, partition, sink, maxBytes, idleMs } = this.#deps;
    this.cursor ??= await sink.position();
    const flushes = [...this.#flushes];
    this.#wake = Promise.withResolvers();
    const batches = await reader.read(partition, this.cursor, maxBytes);
    const last = batches.at(-1);
    if (last) {
      await sink.deliver(batches);
      this.cursor = last.baseOffset + last.count;
      await sink.commit(this.#isWanted());
      return;
    }
    await sink.commit(flushes.length > 0 || this.#isWanted());
    if (flushes.length > 0) {
      this.#flushes = this.#flushes.slice(flushes.length);
      for (const { resolve } of flushes) resolve();
    } else await this.#pause(idleMs, Promise.race([this.#wake.promise, this.#stopped.promise]));
  }

  #failed(error: unknown): void {
    this.failures++;
    this.cursor = undefined;
    this.#deps.sink.abandon();
    this.#rejectFlushes(error);
    if (error instanceof AppError && error.code === 'QUEUE_REWOUND') {
      this.halted = error.detail;
      this.#deps.log.error({ error, ...this.#labels }, 'a sink halted');
    } else if (this.failures === 1 || this.failures % tellEvery === 0) {
      this.#deps.log.warn({ error, failures: this.failures, ...this.#labels }, 'a sink waits, and tries again');
    }
  }

  #rejectFlushes(error: unknown): void {
    for (const { reject } of this.#flushes.splice(0)) reject(error);
  }

  #isWanted(): boolean {
    if (this.#wanted === 0 || this.cursor! < this.#wanted) return false;
    this.#wanted = 0;
    return true;
  }

  async #pause(ms: number, until: Promise<void>): Promise<void> {
    const timer = new AbortController();
    await Promise.race([until, delay(ms, undefined, { signal: timer.signal }).catch(() => {})]); // the timer is not needed any more
    timer.abort();
  }

  get #labels() {
    return { sink: this.#deps.sink.name, partition: this.#deps.partition };
  }
}
