/** A place for one decoded piece; empty again when the cache has dropped it. Belongs to one piece of one file for as long as that is open. */
export class Slot<T> {
  value: T | undefined = undefined;
  bytes = 0;
  list: SlotList | undefined = undefined;
  newer: Slot<unknown> | undefined = undefined;
  older: Slot<unknown> | undefined = undefined;
}

/** The share of the cache that is for what was used again. */
const reusedShare = 0.5;

/**
 * Decoded pages of all open files. Pages that were used only once are dropped first, the least recently used before the others: so a query that reads
 * more than the cache holds does not empty it. One cache serves a whole process (thread).
 */
export class PageCache {
  readonly maxBytes: number;
  readonly #once = new SlotList();
  readonly #again = new SlotList();

  constructor(maxBytes = 64 * 1024 * 1024) {
    this.maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#once.bytes + this.#again.bytes;
  }

  /** The slot's value, marked as used; undefined when it must be made. */
  get<T>(slot: Slot<T>): T | undefined {
    if (slot.value === undefined || this.#again.newest === slot) return slot.value;
    slot.list?.take(slot);
    this.#again.push(slot);
    while (this.#again.bytes > this.maxBytes * reusedShare && this.#again.oldest) {
      const { oldest } = this.#again;
      this.#again.take(oldest);
      this.#once.push(oldest);
    }
    return slot.value;
  }

  /** Keeps a value of about so many bytes and returns it. */
  put<T>(slot: Slot<T>, value: T, bytes: number): T {
    this.drop(slot);
    slot.value = value;
    slot.bytes = bytes;
    this.#once.push(slot);
    for (let oldest = this.#oldest; oldest && this.bytes > this.maxBytes; oldest = this.#oldest) this.drop(oldest);
    return value;
  }

  drop(slot: Slot<unknown>): void {
    slot.list?.take(slot);
    slot.value = undefined;
  }

  /** Drops everything. */
  clear(): void {
    for (let oldest = this.#oldest; oldest; oldest = this.#oldest) this.drop(oldest);
  }

  get #oldest(): Slot<unknown> | undefined {
    return this.#once.oldest ?? this.#again.oldest;
  }
}

/** Slots in the order of their last use. */
class SlotList {
  bytes = 0;
  newest: Slot<unknown> | undefined;
  oldest: Slot<unknown> | undefined;

  push(slot: Slot<unknown>): void {
    slot.list = this;
    slot.older = this.newest;
    if (this.newest) this.newest.newer = slot;
    this.newest = slot;
    this.oldest ??= slot;
    this.bytes += slot.bytes;
  }

  take(slot: Slot<unknown>): void {
    if (slot.older) slot.older.newer = slot.newer;
    else this.oldest = slot.newer;
    if (slot.newer) slot.newer.older = slot.older;
    else this.newest = slot.older;
    slot.older = undefined;
    slot.newer = undefined;
    slot.list = undefined;
    this.bytes -= slot.bytes;
  }
}
