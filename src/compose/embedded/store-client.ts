import { Worker } from 'node:worker_threads';
import { errorFromPlain } from '../../core/errors.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Signal } from '../../core/signal.ts';
import type { StoreApi } from '../../pipeline/store-api.ts';
import { connect, type RpcClient } from './rpc.ts';
import type { FromStore, StoreData, StoreThreadData, ToStore } from './store-messages.ts';

export type StoreClientDeps = {
  /** What a thread starts with: asked anew for each. */
  data(): Promise<StoreThreadData>;
  /** What the stores of a signal besides the logs start with: asked anew for each thread. */
  signalData(signal: Signal): Promise<StoreData & { signal: Signal }>;
  released(signal: Signal, partition: number, offset: number): void;
  /** Called when the thread ended by itself. */
  crashed(error: unknown): void;
  log: Log;
};

const restartMs = [0, 100, 1_000, 5_000];

/**
 * The store thread as the front sees it: its answers, and its life. When it dies it is started again, while accept goes on; calls in between
 * fail with STORE_UNAVAILABLE.
 */
export class StoreClient {
  readonly #apis = new Map<Signal, StoreApi>();
  readonly #deps: StoreClientDeps;
  #worker: Worker | undefined;
  #rpc: RpcClient<StoreApi> | undefined;
  readonly #pendingEnds = new Map<Signal, Map<number, number>>();
  /** Signals besides the logs whose stores are to be open. */
  readonly #wanted = new Set<Signal>();
  #stopping = false;
  #restarts = 0;
  #isReady = false;

  constructor(deps: StoreClientDeps) {
    this.#deps = deps;
  }

  /** The store of the logs. */
  get api(): StoreApi {
    return this.apiOf('logs');
  }

  /** The store of one signal; calls fail with STORE_UNAVAILABLE until it is open. */
  apiOf(signal: Signal): StoreApi {
    const known = this.#apis.get(signal);
    if (known) return known;
    const api = new Proxy({} as StoreApi, {
      get: (_, method) => (this.#rpc as RpcClient<StoreApi>).apiOf(signal)[method as keyof StoreApi],
    });
    this.#apis.set(signal, api);
    return api;
  }

  /** Opens the stores of a signal, in this thread and in any that follows. */
  async open(signal: Signal): Promise<void> {
    this.#wanted.add(signal);
    if (this.#isReady) await this.#postOpen(signal);
  }

  async #postOpen(signal: Signal): Promise<void> {
    this.#worker?.postMessage({ open: await this.#deps.signalData(signal) } satisfies ToStore);
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** Starts the thread; resolves when its sinks run. */
  async start(): Promise<void> {
    const workerData = await this.#deps.data();
    const worker = new Worker(new URL('./store-thread.ts', import.meta.url), { workerData });
    this.#worker = worker;
    this.#rpc = connect<StoreApi>(worker);
    await new Promise<void>((resolve, reject) => {
      worker.on('message', (message: FromStore) => {
        if ('released' in message) this.#deps.released(message.released.signal, message.released.partition, message.released.offset);
        else if ('ready' in message) {
          this.#isReady = true;
          void Promise.all([...this.#wanted].map((signal) => this.#postOpen(signal))).then(() => resolve(), reject);
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

  /** Tells the sinks how far a partition is durable; several tellings in one turn of the event loop are one message for each signal. */
  advance(signal: Signal, partition: number, end: number): void {
    if (this.#pendingEnds.size === 0) setImmediate(() => this.#postEnds());
    const ends = this.#pendingEnds.get(signal);
    if (ends) ends.set(partition, end);
    else this.#pendingEnds.set(signal, new Map([[partition, end]]));
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
    for (const [signal, moved] of this.#pendingEnds) {
      const ends = [...moved].map(([partition, end]) => ({ partition, end }));
      this.#worker?.postMessage({ signal, ends } satisfies ToStore);
    }
    this.#pendingEnds.clear();
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
