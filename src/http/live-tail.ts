import { AppError } from '../core/errors.ts';
import type { Platform } from '../pipeline/platform.ts';
import type { TailSlice } from '../pipeline/store-api.ts';
import type { Expression } from '../query/ast/expression.ts';
import type { HttpOptions } from './options.ts';

export type TailRequest = {
  requestId: string;
  tenant: string;
  where: Expression;
  /** Resumes behind it; undefined: from now on. */
  cursor: string | undefined;
  /** Aborted when whoever reads has left. */
  gone: AbortSignal;
};

const defaultMaxTails = 100;
const defaultHeartbeatMs = 15_000;
/** Live tails that each host has open, by its options. */
const openTails = new WeakMap<HttpOptions, Set<string>>();

/**
 * One live tail, whatever carries it to its reader. Slices are fetched only as fast as they are asked for: what a slow reader cannot take is counted
 * by the store. It ends when the reader leaves or the host stops.
 */
export class LiveTail {
  readonly id: string;
  readonly #platform: Platform;
  readonly #options: HttpOptions;
  readonly #request: TailRequest;
  #cursor: string | undefined;
  #hasBegun = false;
  #isOver = false;

  /** @throws AppError RATE_LIMITED where as many are open as the host takes */
  constructor(platform: Platform, options: HttpOptions, request: TailRequest) {
    const { maxTails = defaultMaxTails, metrics, stopping } = options;
    const open = openTails.get(options) ?? new Set();
    openTails.set(options, open);
    if (open.size >= maxTails)
      throw new AppError('RATE_LIMITED', `${maxTails} live tails are open already; close one, or ask again later`, { retryAfterS: 5 });
    this.id = `${request.requestId}/${crypto.randomUUID()}`;
    this.#platform = platform;
    this.#options = options;
    this.#request = request;
    this.#cursor = request.cursor;
    open.add(this.id);
    metrics.tails.set(open.size);
    request.gone.addEventListener('abort', this.end);
    stopping?.addEventListener('abort', this.end);
    if (request.gone.aborted || stopping?.aborted) this.end();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Where a reader goes on that has taken every slice so far. */
  get cursor(): string | undefined {
    return this.#cursor;
  }

  /**
   * The next slice, empty after a while of silence; undefined when the tail is over.
   * @throws AppError INVALID_PARAMETER for a cursor that is none, and what the store throws
   */
  async next(): Promise<TailSlice | undefined> {
    if (this.#isOver) return undefined;
    const { heartbeatMs = defaultHeartbeatMs } = this.#options;
    const { tenant, where } = this.#request;
    // The first slice is asked for without waiting: it says where the tail begins, so that a client that is cut off at once can resume.
    const slice = await this.#platform.store.tail(this.id, tenant, where, this.#cursor, this.#hasBegun ? heartbeatMs : 0);
    if (this.#isOver) return undefined;
    this.#hasBegun = true;
    this.#cursor = slice.cursor;
    return slice;
  }

  /** Gives up its place and what the store holds for it. */
  readonly end = (): void => {
    if (this.#isOver) return;
    this.#isOver = true;
    const { metrics, stopping, log } = this.#options;
    this.#request.gone.removeEventListener('abort', this.end);
    stopping?.removeEventListener('abort', this.end);
    const open = openTails.get(this.#options)!;
    open.delete(this.id);
    metrics.tails.set(open.size);
    void this.#platform.store.endTail(this.id).catch((thrown: unknown) => log.warn({ error: thrown }, 'live tail could not be ended'));
  };
}
