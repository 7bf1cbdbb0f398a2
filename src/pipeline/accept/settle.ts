import { AppError } from '../../core/errors.ts';
import type { KnownRequest, Queue } from '../../core/ports/queue.ts';

const keyPattern = /^[\x20-\x7e]{1,255}$/;

/**
 * Settles repeats of a request by its idempotency key: one at a time for each tenant and key, and what the queue knows of the key decides.
 * Bodies are told apart by an HMAC.
 */
export class Settler {
  readonly #queue: Queue;
  readonly #inFlight = new Set<string>();

  constructor(queue: Queue) {
    this.#queue = queue;
  }

  /**
   * Runs `first` where the key is new, else `again` with what is known of it.
   * @throws AppError INVALID_PARAMETER for a key that is none, IDEMPOTENCY_IN_FLIGHT, IDEMPOTENCY_MISMATCH
   */
  async settle<T>(
    tenant: string,
    idempotency: { key: string; bodyHmac: Uint8Array },
    first: () => Promise<T>,
    again: (known: KnownRequest) => T,
  ): Promise<T> {
    const { key, bodyHmac } = idempotency;
    const name = `${tenant}\0${key}`;
    if (this.#inFlight.has(name)) {
      throw new AppError('IDEMPOTENCY_IN_FLIGHT', 'a request with this Idempotency-Key is being worked on; ask again in a second', {
        retryAfterS: 1,
      });
    }
    this.#inFlight.add(name);
    try {
      const known = await this.#queue.find(tenant, key);
      if (!known) return await first();
      if (!sameBytes(known.bodyHmac, bodyHmac)) {
        throw new AppError('IDEMPOTENCY_MISMATCH', 'this Idempotency-Key was used for another body; take a new key for each body');
      }
      return again(known);
    } finally {
      this.#inFlight.delete(name);
    }
  }
}

/** @throws AppError INVALID_PARAMETER */
export function checkIdempotencyKey(key: string): void {
  if (!keyPattern.test(key)) {
    throw new AppError('INVALID_PARAMETER', 'the Idempotency-Key is not 1 to 255 printable ASCII characters; a UUID will do');
  }
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);
