/** A place for one decoded piece; empty again when the cache has dropped it. Belongs to one piece of one file for as long as that is open. */
export class Slot<T> {
  value: T | undefined = undefined;
  bytes = 0;
  newer: Slot<unknown> | undefined = undefined;
  older: Slot<unknown> | undefined = undefined;
}

/** Decoded pages of all open files, the least recently used dropped first. One cache serves a whole process (thread). */
export class PageCache {
  readonly maxBytes: number;
  #bytes = 0;
  #newest: Slot<unknown> | undefined;
  #oldest: Slot<unknown> | undefined;

  constructor(maxBytes = 64 * 1024 * 1024) {
    this.maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The slot's value, marked as used; undefined when it must be made. */
  get<T>(slot: Slot<T>): T | undefined {
    if (slot.value !== undefined && this.#newest !== slot) {
      this.#unlink(slot);
      this.#link(slot);
    }
    return slot.value;
  }

  /** Keeps a value of about so many bytes and returns it. */
  put<T>(slot: Slot<T>, value: T, bytes: number): T {
    if (slot.value !== undefined) this.drop(slot);
    slot.value = value;
    slot.bytes = bytes;
    this.#bytes += bytes;
    this.#link(slot);
    while (this.#bytes > this.maxBytes && this.#oldest) this.drop(this.#oldest);
    return value;
  }

  drop(slot: Slot<unknown>): void {
    if (slot.value === undefined) return;
    this.#unlink(slot);
    this.#bytes -= slot.bytes;
    slot.value = undefined;
  }

  /** Drops everything. */
  clear(): void {
    while (this.#oldest) this.drop(this.#oldest);
  }

  #link(slot: Slot<unknown>) {
    slot.older = this.#newest;
    slot.newer = undefined;
    if (this.#newest) this.#newest.newer = slot;
    this.#newest = slot;
    this.#oldest ??= slot;
  }

  #unlink(slot: Slot<unknown>) {
    if (slot.older) slot.older.newer = slot.newer;
    else this.#oldest = slot.newer;
    if (slot.newer) slot.newer.older = slot.older;
    else this.#newest = slot.older;
    slot.older = undefined;
    slot.newer = undefined;
  }
}
