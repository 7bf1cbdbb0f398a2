import type { Clock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';

/** A rate of one tenant or key. `burst`: records that may come at once after a pause; as many as in a second unless given. */
export type RateLimit = { recordsPerS?: number | undefined; requestsPerS?: number | undefined; burst?: number | undefined };

/** What is left of the scarcest rate, as the `RateLimit` headers tell it (draft-ietf-httpapi-ratelimit-headers-10): `remaining` of a quota of `quota` now, the whole of it again in `resetS` seconds. */
export type RateLeft = { policy: string; quota: number; windowS: number; remaining: number; resetS: number };

type LimitOf = (of: 'tenant' | 'key', name: string) => RateLimit | undefined;
type Bucket = { policy: string; perS: number; capacity: number; tokens: number; atMs: number };
type Known = { records: Bucket | undefined; requests: Bucket | undefined; askedMs: number; limit: RateLimit | undefined };

/** Beyond this many tenants and keys, buckets that are full again are forgotten. */
const keptBuckets = 10_000;
/** A limit is asked for again when it is this old. */
const limitMs = 60_000;

/** Limits rates by token buckets: one of records and one of requests for each tenant, and for each key. */
export class RateLimiter {
  readonly #limitOf: LimitOf;
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();

  /** `limits`: the same for every tenant and every key, or whatever each has, asked again once a minute. */
  constructor(limits: RateLimit | undefined | LimitOf, clock: Clock) {
    this.#limitOf = typeof limits === 'function' ? limits : () => limits;
    this.#clock = clock;
  }

  /** Takes one request, before its body is read. @throws AppError RATE_LIMITED, with the seconds after which one passes again */
  take(tenant: string, keyId: string): void {
    const { records, requests } = this.#buckets(tenant, keyId);
    const [emptiest] = [...records, ...requests].filter(({ tokens }) => tokens < 1).sort((a, b) => waitS(b) - waitS(a));
    if (emptiest) {
      const retryAfterS = Math.ceil(waitS(emptiest));
      const [of, what] = emptiest.policy.split('-');
      const detail = `this ${of} sends more than ${emptiest.perS} ${what} a second; send again in ${retryAfterS} s`;
      throw new AppError('RATE_LIMITED', detail, { retryAfterS });
    }
    for (const bucket of requests) bucket.tokens--;
  }

  /** Takes the records of an admitted request once they are counted; what goes beyond the rate delays the next requests. */
  spend(tenant: string, keyId: string, records: number): void {
    for (const bucket of this.#buckets(tenant, keyId).records) bucket.tokens -= records;
  }

  /** What is left to a key; undefined where no limit is set. */
  status(tenant: string, keyId: string): RateLeft | undefined {
    const { records, requests } = this.#buckets(tenant, keyId);
    const [scarcest] = [...records, ...requests].sort((a, b) => a.tokens / a.capacity - b.tokens / b.capacity);
    if (!scarcest) return undefined;
    const { policy, perS, capacity, tokens } = scarcest;
    return {
      policy,
      quota: Math.floor(capacity),
      windowS: Math.max(1, Math.round(capacity / perS)),
      remaining: Math.max(0, Math.floor(tokens)),
      resetS: Math.ceil((capacity - tokens) / perS),
    };
  }

  /** The buckets that a request of the key takes from, refilled up to now. */
  #buckets(tenant: string, keyId: string): { records: Bucket[]; requests: Bucket[] } {
    const nowMs = this.#clock.monotonicMs();
    const both = [this.#bucketsOf('tenant', tenant, nowMs), this.#bucketsOf('key', keyId, nowMs)];
    for (const { records, requests } of both) for (const bucket of [records, requests]) if (bucket) refill(bucket, nowMs);
    return { records: both.flatMap((b) => b.records ?? []), requests: both.flatMap((b) => b.requests ?? []) };
  }

  #bucketsOf(of: 'tenant' | 'key', name: string, nowMs: number): Known {
    const id = `${of}/${name}`;
    const found = this.#known.get(id);
    if (found && nowMs - found.askedMs < limitMs) return found;
    const limit = this.#limitOf(of, name);
    if (found && sameLimit(found.limit, limit)) {
      found.askedMs = nowMs;
      return found;
    }
    if (this.#known.size >= keptBuckets) forgetFull(this.#known, nowMs);
    const { recordsPerS, requestsPerS, burst } = limit ?? {};
    const made = {
      records: recordsPerS === undefined ? undefined : newBucket(`${of}-records`, recordsPerS, burst ?? recordsPerS, nowMs),
      requests: requestsPerS === undefined ? undefined : newBucket(`${of}-requests`, requestsPerS, requestsPerS, nowMs),
      askedMs: nowMs,
      limit,
    };
    this.#known.set(id, made);
    return made;
  }
}

function newBucket(policy: string, perS: number, burst: number, nowMs: number): Bucket {
  const capacity = Math.max(1, burst);
  return { policy, perS, capacity, tokens: capacity, atMs: nowMs };
}

function refill(b: Bucket, nowMs: number): void {
  b.tokens = Math.min(b.capacity, b.tokens + ((nowMs - b.atMs) / 1000) * b.perS);
  b.atMs = nowMs;
}

/** Seconds until a bucket holds one token again. */
const waitS = ({ tokens, perS }: Bucket): number => (1 - tokens) / perS;

const sameLimit = (a: RateLimit | undefined, b: RateLimit | undefined): boolean =>
  a?.recordsPerS === b?.recordsPerS && a?.requestsPerS === b?.requestsPerS && a?.burst === b?.burst;

function forgetFull(known: Map<string, Known>, nowMs: number): void {
  for (const [id, { records, requests }] of known) {
    for (const b of [records, requests]) if (b) refill(b, nowMs);
    if ([records, requests].every((b) => !b || b.tokens >= b.capacity)) known.delete(id);
  }
}
