import { AppError } from '../../../core/errors.ts';

export type InFlightBounds = { maxBytes: number; maxRequests: number };

/** What is under way to the brokers: bounded, and a tenant that holds half of the bound is the first that is refused. */
export class InFlight {
  bytes = 0;
  requests = 0;
  readonly #bounds: InFlightBounds;
  readonly #byTenant = new Map<string, number>();

  constructor(bounds: InFlightBounds) {
    this.#bounds = bounds;
  }

  /** Runs `work` while its bytes count. @throws AppError RATE_LIMITED, QUEUE_UNAVAILABLE where that would be more than may be */
  async during<T>(tenant: string, bytes: number, work: () => Promise<T>): Promise<T> {
    const { maxBytes, maxRequests } = this.#bounds;
    const own = this.#byTenant.get(tenant) ?? 0;
    if (this.requests >= maxRequests || (this.requests > 0 && this.bytes + bytes > maxBytes)) {
      if (own > maxBytes / 2)
        throw new AppError('RATE_LIMITED', `more of ${tenant} is under way to the queue than may be`, { retryAfterS: 1 });
      throw new AppError('QUEUE_UNAVAILABLE', 'more is under way to the brokers than may be: send it again in a moment', {
        retryAfterS: 1,
      });
    }
    this.#add(tenant, bytes, 1);
    try {
      return await work();
    } finally {
      this.#add(tenant, -bytes, -1);
    }
  }

  #add(tenant: string, bytes: number, requests: number): void {
    this.bytes += bytes;
    this.requests += requests;
    const own = (this.#byTenant.get(tenant) ?? 0) + bytes;
    if (own === 0) this.#byTenant.delete(tenant);
    else this.#byTenant.set(tenant, own);
  }
}
