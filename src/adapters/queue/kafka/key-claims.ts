import { createHash } from 'node:crypto';
import type { Clock } from '../../../core/clock.ts';
import { AppError } from '../../../core/errors.ts';
import type { Appended, KnownRequest, RawBatch } from '../../../core/ports/queue.ts';
import type { StateStore } from '../../../core/ports/state-store.ts';

/** What is stored of an idempotency key: who works on its request and since when, and the receipt once all of it is durable. */
type Claim = {
  tenant: string;
  key: string;
  /** Of the body, base64. */
  hmac: string;
  generation: number;
  partition: number;
  /** The partition's end before the first attempt, or lower: no record of the request stands below. */
  from: number;
  total: number;
  count: number;
  /** The bitmap of {@link RawBatch}, base64. */
  accepted?: string;
  /** Epoch milliseconds of the first use. */
  atMs: number;
  leaseUntilMs: number;
  /** Set when it is done. */
  runs?: [number, number][];
};

/** A key that this process may append for until its lease is over. `resumes`: an earlier attempt may have left records, from `from` on. */
export type Held = { name: string; version: number; claim: Claim; resumes: boolean };

/** Longer than any append takes, a function's included. */
export const leaseMs = 40_000;
const rememberMs = 24 * 3600 * 1000;
/** First segments of state keys, so that they spread over the store's partitions. */
const shards = 256;

/**
 * Settles idempotency keys between processes: by conditional writes in the state store one process at a time works on a key's request. Whoever
 * comes while it does is told to come again; whoever comes after a lease that ran out takes over.
 */
export class KeyClaims {
  readonly #state: StateStore;
  readonly #clock: Pick<Clock, 'nowMs'>;

  constructor(state: StateStore, clock: Pick<Clock, 'nowMs'>) {
    this.#state = state;
    this.#clock = clock;
  }

  /** The request that used this key, where it is done. */
  async find(tenant: string, key: string): Promise<KnownRequest | undefined> {
    const found = await this.#state.get<Claim>(nameOf(tenant, key));
    return found && this.#isRemembered(found.value) ? knownOf(found.value) : undefined;
  }

  /**
   * Takes the key for a batch, or answers what was appended for it.
   * @throws AppError IDEMPOTENCY_IN_FLIGHT, IDEMPOTENCY_MISMATCH, STORE_UNAVAILABLE
   */
  async take(batch: RawBatch, position: Pick<Claim, 'generation' | 'partition' | 'from'>): Promise<Held | KnownRequest> {
    const { tenant, total, count, accepted, idempotency } = batch;
    const { key, bodyHmac } = idempotency!;
    const name = nameOf(tenant, key);
    const nowMs = this.#clock.nowMs();
    const lease = { atMs: nowMs, leaseUntilMs: nowMs + leaseMs };
    const fresh: Claim = {
      tenant,
      key,
      hmac: base64(bodyHmac),
      ...position,
      total,
      count,
      ...lease,
      ...(accepted && { accepted: base64(accepted) }),
    };
    const version = await this.#state.compareAndSet(name, 0, fresh);
    if (version !== undefined) return { name, version, claim: fresh, resumes: false };

    const found = await this.#state.get<Claim>(name);
    if (!found) throw inFlight(1);
    const { value: claim } = found;
    if (!this.#isRemembered(claim) || (claim.generation !== position.generation && !claim.runs)) {
      return this.#hold(name, found.version, fresh, false);
    }
    if (claim.hmac !== fresh.hmac) {
      throw new AppError('IDEMPOTENCY_MISMATCH', 'this Idempotency-Key was used for another body; take a new key for each body');
    }
    const known = knownOf(claim);
    if (known) return known;
    if (claim.leaseUntilMs > nowMs) throw inFlight(Math.ceil((claim.leaseUntilMs - nowMs) / 1000));
    return this.#hold(name, found.version, { ...claim, leaseUntilMs: lease.leaseUntilMs }, true);
  }

  /** Stores the receipt: repeats are answered with it from now on. Where another has taken over meanwhile, it stores its own. */
  async finish({ name, version, claim }: Held, { runs }: Appended): Promise<void> {
    await this.#state.compareAndSet(name, version, { ...claim, runs } satisfies Claim);
  }

  /** Gives back a key for which nothing was appended. */
  async release({ name, version, resumes }: Held): Promise<void> {
    if (!resumes) await this.#state.compareAndSet(name, version, undefined);
  }

  /** Deletes the keys of one shard that are older than 24 hours; resolves to how many. To be called for each shard, 0 to 255, once a day or oftener. */
  async forget(shard: number): Promise<number> {
    const found = await this.#state.list<Claim>(`${shardName(shard)}/`);
    const over = found.filter(({ value }) => !this.#isRemembered(value));
    const deleted = await Promise.all(over.map(({ key, version }) => this.#state.compareAndSet(key, version, undefined)));
    return deleted.length;
  }

  /** Deletes the keys of all shards that are older than 24 hours; resolves to how many. */
  async forgetAll(): Promise<number> {
    let forgotten = 0;
    for (let shard = 0; shard < shards; shard++) forgotten += await this.forget(shard);
    return forgotten;
  }

  async #hold(name: string, version: number, claim: Claim, resumes: boolean): Promise<Held> {
    const held = await this.#state.compareAndSet(name, version, claim);
    if (held === undefined) throw inFlight(1);
    return { name, version: held, claim, resumes };
  }

  #isRemembered({ atMs }: Claim): boolean {
    return atMs >= this.#clock.nowMs() - rememberMs;
  }
}

/** The batch as it was first judged: which of its records were accepted is settled with the first attempt. */
export const firstJudged = (batch: RawBatch, { count, accepted }: Claim): RawBatch => ({
  ...batch,
  count,
  accepted: accepted === undefined ? undefined : bytesOf(accepted),
});

function nameOf(tenant: string, key: string): string {
  const hash = createHash('sha256').update(`${tenant}\0${key}`).digest();
  return `${shardName(hash[0]!)}/${tenant}/${hash.toString('base64url')}`;
}

const shardName = (shard: number): string => `idempotency-${(shard % shards).toString(16).padStart(2, '0')}`;

function knownOf({ generation, partition, runs, count, hmac, total, accepted }: Claim): KnownRequest | undefined {
  if (!runs) return undefined;
  return {
    generation,
    partition,
    runs,
    count,
    bodyHmac: bytesOf(hmac),
    total,
    accepted: accepted === undefined ? undefined : bytesOf(accepted),
  };
}

const inFlight = (retryAfterS: number): AppError =>
  new AppError('IDEMPOTENCY_IN_FLIGHT', `a request with this Idempotency-Key is being worked on; ask again in ${retryAfterS} s`, {
    retryAfterS,
  });

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
