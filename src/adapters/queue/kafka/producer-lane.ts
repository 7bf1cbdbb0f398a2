import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '../../../core/backoff.ts';
import { AppError } from '../../../core/errors.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { type KafkaClient, type ProducerIdentity, typeOf, wasNotWritten } from './kafka-client.ts';
import type { Settings } from './options.ts';
import { packRecords } from './record-batch.ts';
import { type Chunk, maxChunkBytes } from './wire.ts';

/** Why a chunk is not durable. `isUnknown`: it may be, or may become so. */
export class ProduceFailure extends Error {
  readonly error: AppError;
  readonly isUnknown: boolean;

  constructor(error: AppError, isUnknown: boolean) {
    super(error.message, { cause: error });
    this.error = error;
    this.isUnknown = isUnknown;
  }
}

type Waiting = { chunk: Chunk; deadlineMs: number; resolve: (run: [number, number]) => void; reject: (failure: ProduceFailure) => void };

const pause = { baseMs: 50, maxMs: 1_000 };

/** The broker has lost, or never had, the numbers of this producer: it needs a new identity. */
const lostIdentity = new Set(['OUT_OF_ORDER_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID', 'INVALID_PRODUCER_EPOCH']);

/**
 * Appends to one partition, one record batch after another: what arrives while one is on its way goes together in the next. A batch is sent
 * again under the same sequence number until its outcome is known or its time is over; in the second case the lane takes a new identity, so
 * that no later batch is mistaken for it.
 */
export class ProducerLane {
  readonly breaker: CircuitBreaker;
  /** The partition's end as last seen, and when (monotonic milliseconds). */
  seen: { end: number; atMs: number } | undefined;
  readonly #client: KafkaClient;
  readonly #settings: Settings;
  readonly #partition: number;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #identity: ProducerIdentity | undefined;
  #sequence = 0;

  constructor(client: KafkaClient, settings: Settings, partition: number) {
    this.#client = client;
    this.#settings = settings;
    this.#partition = partition;
    const { clock, breakerFailures, breakerOpenMs } = settings;
    this.breaker = new CircuitBreaker({ clock, failures: breakerFailures, openMs: breakerOpenMs });
  }

  /** Appends chunks in order; resolves to the offsets of each. @throws ProduceFailure of the first that failed, when all have ended */
  async append(chunks: Chunk[]): Promise<[number, number][]> {
    if (!this.breaker.enter()) {
      const detail = `partition ${this.#partition} of ${this.#settings.topic} did not answer lately: send it again in a moment`;
      throw new ProduceFailure(new AppError('QUEUE_UNAVAILABLE', detail, { retryAfterS: this.breaker.retryAfterS }), false);
    }
    const deadlineMs = this.#settings.clock.monotonicMs() + this.#settings.budgetMs;
    const runs = chunks.map(
      (chunk) => new Promise<[number, number]>((resolve, reject) => this.#waiting.push({ chunk, deadlineMs, resolve, reject })),
    );
    this.#running ??= this.#run();
    const ended = await Promise.allSettled(runs);
    const failures = ended.flatMap((end) => (end.status === 'rejected' ? [end.reason as ProduceFailure] : []));
    if (failures[0])
      throw new ProduceFailure(failures[0].error, failures.length < ended.length || failures.some(({ isUnknown }) => isUnknown));
    return Promise.all(runs);
  }

  /** Resolves when nothing waits any more. */
  async drain(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#nextGroup();
      try {
        const base = await this.#send(group);
        this.breaker.succeeded();
        this.#resolve(group, base);
      } catch (error) {
        if (!(error instanceof ProduceFailure)) this.breaker.failed();
        const failure = error instanceof ProduceFailure ? error : unexpected(error);
        // Behind a batch that failed nothing may pass: a request's chunks keep their order.
        for (const { reject } of group) reject(failure);
        if (failure.error.code === 'BODY_TOO_LARGE') continue;
        for (const { reject } of this.#waiting.splice(0)) reject(new ProduceFailure(failure.error, false));
      }
    }
    this.#running = undefined;
  }

  /** As many chunks as make a record batch; at least one. */
  #nextGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (; count < this.#waiting.length; count++) {
      bytes += this.#waiting[count]!.chunk.bytes;
      if (count > 0 && bytes > maxChunkBytes) break;
    }
    return this.#waiting.splice(0, count);
  }

  #resolve(group: Waiting[], base: number): void {
    let from = base;
    for (const { chunk, resolve } of group) {
      const to = from + chunk.values.length;
      resolve([from, to]);
      from = to;
    }
    this.seen = { end: from, atMs: this.#settings.clock.monotonicMs() };
  }

  async #send(group: Waiting[]): Promise<number> {
    const { clock, compression, topic } = this.#settings;
    const records = await packRecords(
      group.map(({ chunk }) => chunk),
      compression,
    );
    let isUnknown = false;
    for (let attempt = 0; ; attempt++) {
      try {
        this.#identity ??= await this.#client.identify(this.#partition);
        const base = await this.#client.produce(this.#partition, records, this.#identity, this.#sequence);
        this.#sequence = (this.#sequence + records.count) % 2 ** 31;
        return base;
      } catch (error) {
        const type = typeOf(error) ?? '';
        if (lostIdentity.has(type)) this.#forgetIdentity();
        if (type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE') {
          this.breaker.succeeded();
          throw tooLarge(topic, error, isUnknown);
        }
        this.breaker.failed();
        // Without the identity of an attempt that may have been appended a repeat would be a second copy.
        const canRepeat = !isUnknown || !lostIdentity.has(type);
        isUnknown ||= this.#identity !== undefined && !wasNotWritten(error);
        const pauseMs = backoffMs(attempt, pause);
        if (!canRepeat || clock.monotonicMs() + pauseMs > group[0]!.deadlineMs) throw this.#givenUp(error, isUnknown);
        await delay(pauseMs);
      }
    }
  }

  #givenUp(cause: unknown, isUnknown: boolean): ProduceFailure {
    if (isUnknown) this.#forgetIdentity();
    const detail = isUnknown
      ? 'the brokers did not answer, and it is not known whether this request was kept: send it again, with its Idempotency-Key if it has one'
      : 'the brokers take no records now: send it again in a moment';
    return new ProduceFailure(new AppError('QUEUE_UNAVAILABLE', detail, { retryAfterS: this.breaker.retryAfterS, cause }), isUnknown);
  }

  #forgetIdentity(): void {
    this.#identity = undefined;
    this.#sequence = 0;
  }
}

function tooLarge(topic: string, cause: unknown, isUnknown: boolean): ProduceFailure {
  const detail = `a record is larger than ${topic} takes; raise its max.message.bytes, or lower limits.recordBytes`;
  return new ProduceFailure(new AppError('BODY_TOO_LARGE', detail, { cause }), isUnknown);
}

/** Not of the brokers, but of this code: nobody knows what it has done. */
const unexpected = (cause: unknown): ProduceFailure =>
  new ProduceFailure(new AppError('INTERNAL', 'records could not be handed to the brokers; the log has the cause', { cause }), true);
