import { Worker } from 'node:worker_threads';
import { errorFromPlain } from '../../core/errors.ts';
import type { Log } from '../../core/ports/log.ts';
import type { StoreApi } from '../../pipeline/store-api.ts';
import { connect, type RpcClient } from './rpc.ts';
import type { FromStore, StoreThreadData, ToStore } from './store-messages.ts';

export type StoreClientDeps = {
  /** What a thread starts with: asked anew for each. */
  data(): Promise<StoreThreadData>;
  released(partition: number, offset: number): void;
  /** Called when the thread ended by itself. */
  crashed(error: unknown): void;
  log: Log;
};

/** Records live shorter than any young generation is long: a larger one than this takes memory and saves nothing. */
const resourceLimits = { maxYoungGenerationSizeMb: 48 };

const restartMs = [0, 100, 1_000, 5_000];

/**
 * The store thread as the front sees it: its answers, and its life. When it dies it is started again, while accept goes on; calls in between
 * fail with STORE_UNAVAILABLE.
 */
export class StoreClient {
  readonly api: StoreApi;
  readonly #deps: StoreClientDeps;
  #worker: Worker | undefined;
  #rpc: RpcClient<StoreApi> | undefined;
  #pendingEnds = new Map<number, number>();
  #stopping = false;
  #restarts = 0;
  #isReady = false;

  constructor(deps: StoreClientDeps) {
    this.#deps = deps;
    this.api = new Proxy({} as StoreApi, {
      get: (_, method) => (this.#rpc as RpcClient<StoreApi>).api[method as keyof StoreApi],
    });
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** Starts the thread; resolves when its sinks run. */
  async start(): Promise<void> {
    const workerData = await this.#deps.data();
    const worker = new Worker(new URL('./store-thread.ts', import.meta.url), { workerData, resourceLimits });
    this.#worker = worker;
    this.#rpc = connect<StoreApi>(worker);
    await new Promise<void>((resolve, reject) => {
      worker.on('message', (message: FromStore) => {
        if ('released' in message) this.#deps.released(message.released.partition, message.released.offset);
        else if ('ready' in message) {
          this.#isReady = true;
          resolve();
        } else if ('failed' in message) reject(errorFromPlain(message.failed));
      });
      worker.on('error', (error) => {
        this.#deps.crashed(error);
        reject(error);
      });
      worker.on('exit', () => {
        this.#isReady = false;
        this.#rpc?.fail('the store thread ended, and is being started again');
        reject(new Error('the store thread ended'));
        if (!this.#stopping) this.#restart();
      });
    });
  }

  /** Tells the sinks how far a partition is durable; several tellings in one turn of the event loop are one message. */
  advance(partition: number, end: number): void {
    if (this.#pendingEnds.size === 0) setImmediate(() => this.#postEnds());
    this.#pendingEnds.set(partition, end);
  }

  /** Ends the thread; with `commit`, after what is in memory is committed. */
  async stop(commit: boolean): Promise<void> {
    this.#stopping = true;
    const worker = this.#worker;
    if (!worker) return;
    if (!this.#isReady) {
      await worker.terminate();
      return;
    }
    this.#postEnds();
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    worker.postMessage({ stop: { commit } } satisfies ToStore);
    await ended;
  }

  #postEnds(): void {
    if (this.#pendingEnds.size === 0) return;
    const ends = [...this.#pendingEnds].map(([partition, end]) => ({ partition, end }));
    this.#pendingEnds.clear();
    this.#worker?.postMessage({ ends } satisfies ToStore);
  }

  #restart(): void {
    const waitMs = restartMs[Math.min(this.#restarts++, restartMs.length - 1)]!;
    this.#deps.log.error({ restarts: this.#restarts, waitMs }, 'store thread ended, starting it again');
    setTimeout(() => {
      if (this.#stopping) return;
      this.start().catch((error: unknown) => this.#deps.log.error({ error }, 'store thread did not start'));
    }, waitMs);
  }
}
