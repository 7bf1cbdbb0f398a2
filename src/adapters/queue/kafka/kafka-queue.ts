import { AppError } from '../../../core/errors.ts';
import type { Appended, Hole, KnownRequest, PartitionRange, Queue, RawBatch } from '../../../core/ports/queue.ts';
import type { StateStore } from '../../../core/ports/state-store.ts';
import type { BreakerState } from './circuit-breaker.ts';
import { findAppended } from './find-appended.ts';
import { InFlight } from './in-flight.ts';
import { KafkaClient } from './kafka-client.ts';
import { firstJudged, type Held, KeyClaims } from './key-claims.ts';
import { type KafkaQueueOptions, type Settings, settingsOf } from './options.ts';
import { ProduceFailure, ProducerLane } from './producer-lane.ts';
import { type Chunk, chunksOf } from './wire.ts';

/** What the queue does now, for metrics. `breakersOpened` only grows. */
export type KafkaQueueStats = { pendingBytes: number; requests: number; breakers: Record<BreakerState, number>; breakersOpened: number };

/** A partition's end that was seen this long ago is near enough to begin to look for records at. */
const seenForMs = 10_000;

/** The queue in a Kafka topic, shared by any number of processes. Guarantees, faults and limits: docs/kafka.md. */
export class KafkaQueue implements Queue {
  readonly partitions: number;
  readonly generation: number;
  readonly #settings: Settings;
  readonly #client: KafkaClient;
  readonly #lanes: ProducerLane[];
  readonly #claims: KeyClaims;
  readonly #inFlight: InFlight;
  readonly #underWay = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(options: KafkaQueueOptions, state: StateStore) {
    this.#settings = settingsOf(options);
    const { partitions, generation, clock, maxInFlightBytes, maxInFlightRequests, topic } = this.#settings;
    this.partitions = partitions;
    this.generation = generation;
    this.#client = new KafkaClient(options, topic);
    this.#lanes = Array.from({ length: partitions }, (_, partition) => new ProducerLane(this.#client, this.#settings, partition));
    this.#claims = new KeyClaims(state, clock);
    this.#inFlight = new InFlight({ maxBytes: maxInFlightBytes, maxRequests: maxInFlightRequests });
  }

  /** Appends one request's records. The payload must not change before the answer. */
  append(partition: number, batch: RawBatch): Promise<Appended> {
    const appended = this.#append(partition, batch);
    this.#underWay.add(appended);
    const ended = () => this.#underWay.delete(appended);
    appended.then(ended, ended);
    return appended;
  }

  find(tenant: string, key: string): Promise<KnownRequest | undefined> {
    return this.#claims.find(tenant, key);
  }

  ranges(): Promise<PartitionRange[]> {
    return this.#asked(this.#client.ranges(this.#lanes.map((_, partition) => partition)));
  }

  /** The brokers keep replicas and checksums: what they have is whole or is not served. */
  async holes(): Promise<Hole[]> {
    return [];
  }

  /** Does nothing: the topic's own retention removes records, whether they are closed or not; see docs/kafka.md. */
  async release(): Promise<void> {}

  stats(): KafkaQueueStats {
    const breakers = { closed: 0, open: 0, 'half-open': 0 };
    for (const { breaker } of this.#lanes) breakers[breaker.state]++;
    const breakersOpened = this.#lanes.reduce((sum, { breaker }) => sum + breaker.opened, 0);
    return { pendingBytes: this.#inFlight.bytes, requests: this.#inFlight.requests, breakers, breakersOpened };
  }

  /** Forgets the idempotency keys of one shard (0 to 255) that are over, or of all; resolves to how many. */
  forgetKeys(shard?: number): Promise<number> {
    return shard === undefined ? this.#claims.forgetAll() : this.#claims.forget(shard);
  }

  /** Refuses new appends, waits for those under way, and lets go of the brokers. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      await Promise.allSettled([...this.#underWay]);
      await this.#client.close();
    })();
    return this.#closing;
  }

  async #append(partition: number, batch: RawBatch): Promise<Appended> {
    if (this.#closing) throw new AppError('SHUTTING_DOWN', 'the queue takes no more records: send the request again to the next process');
    const lane = this.#laneOf(partition);
    return this.#inFlight.during(batch.tenant, batch.payload.byteLength, () =>
      batch.idempotency ? this.#appendKeyed(lane, partition, batch) : this.#appendChunks(lane, partition, chunksOf(batch), batch.count),
    );
  }

  async #appendChunks(lane: ProducerLane, partition: number, chunks: Chunk[], count: number): Promise<Appended> {
    try {
      return { generation: this.generation, partition, runs: joined(await lane.append(chunks)), count };
    } catch (failure) {
      throw failure instanceof ProduceFailure ? failure.error : failure;
    }
  }

  /** What the key's claim says goes before what this request says: the partition, and which records were accepted. */
  async #appendKeyed(lane: ProducerLane, partition: number, batch: RawBatch): Promise<Appended> {
    const { generation } = this;
    const held = await this.#claims.take(batch, { generation, partition, from: await this.#endOf(lane, partition) });
    if (!('claim' in held)) return { generation: held.generation, partition: held.partition, runs: held.runs, count: held.count };
    const appended = held.resumes ? await this.#resume(held, batch) : await this.#first(held, lane, batch);
    // The records are durable. Without the receipt a repeat finds them in the partition.
    await this.#claims.finish(held, appended).catch((error: unknown) => {
      this.#settings.onProblem('the receipt of an idempotency key could not be stored', error);
    });
    return appended;
  }

  async #first(held: Held, lane: ProducerLane, batch: RawBatch): Promise<Appended> {
    const { generation } = this;
    const { partition } = held.claim;
    try {
      return { generation, partition, runs: joined(await lane.append(chunksOf(batch))), count: batch.count };
    } catch (failure) {
      if (!(failure instanceof ProduceFailure)) throw failure;
      if (!failure.isUnknown) {
        await this.#claims.release(held).catch((error: unknown) => {
          this.#settings.onProblem('an idempotency key could not be given back', error);
        });
      }
      throw failure.error;
    }
  }

  /** Appends what an earlier attempt has not, as far as the partition shows now. */
  async #resume({ claim }: Held, batch: RawBatch): Promise<Appended> {
    const { partition, from, key, tenant } = claim;
    const lane = this.#laneOf(partition);
    const found = await this.#asked(findAppended(this.#client, { partition, from, key, tenant, deadlineMs: this.#deadlineMs() }));
    const judged = firstJudged(batch, claim);
    const missing = chunksOf(
      judged,
      undefined,
      found.map(({ first, run: [start, end] }) => [first, first + end - start] as const),
    );
    const added = missing.length > 0 ? (await this.#appendChunks(lane, partition, missing, judged.count)).runs : [];
    const runs = joined([...found.map(({ run }) => run), ...added].sort(([a], [b]) => a - b));
    return { generation: this.generation, partition, runs, count: judged.count };
  }

  async #endOf(lane: ProducerLane, partition: number): Promise<number> {
    const { clock } = this.#settings;
    if (lane.seen && clock.monotonicMs() - lane.seen.atMs < seenForMs) return lane.seen.end;
    const ends = await this.#asked(this.#client.ends([partition]));
    lane.seen = { end: ends.get(partition)!, atMs: clock.monotonicMs() };
    return lane.seen.end;
  }

  #deadlineMs(): number {
    return performance.now() + this.#settings.budgetMs;
  }

  async #asked<T>(request: Promise<T>): Promise<T> {
    try {
      return await request;
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      throw new AppError('QUEUE_UNAVAILABLE', 'the brokers do not answer: try again in a moment', { retryAfterS: 1, cause });
    }
  }

  #laneOf(partition: number): ProducerLane {
    const lane = this.#lanes[partition];
    if (!lane) throw new AppError('INTERNAL', `there is no partition ${partition}: the queue has ${this.partitions}`);
    return lane;
  }
}

/** Runs that follow on each other as one. */
function joined(runs: [number, number][]): [number, number][] {
  const all: [number, number][] = [];
  for (const [from, to] of runs) {
    const last = all.at(-1);
    if (last && last[1] === from) last[1] = to;
    else all.push([from, to]);
  }
  return all;
}
