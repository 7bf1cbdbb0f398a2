import type { WarmObject } from '../../../core/ports/warm-store.ts';
import type { Block, BlockCache } from './block-cache.ts';

/** Reads bytes [from, to) of one object, all of them. */
export type RangeReader = (from: number, to: number) => Promise<Uint8Array>;

/** Blocks read beyond what was asked for: at first, and at most when reads go on where the former ended. */
const firstAhead = 1;
const maxAhead = 31;
let opened = 0;

/**
 * An object of S3, read in whole blocks that are kept: what is near what was read costs no other request. Reads that come together are joined to as
 * few requests as their gaps allow. The end of the object is there from the start.
 */
export class S3Object implements WarmObject {
  readonly size: number;
  readonly #tail: Uint8Array;
  readonly #read: RangeReader;
  readonly #cache: BlockCache;
  readonly #id = `${++opened}/`;
  readonly #own = new Set<number>();
  /** Blocks on their way, whether the cache still has them or not: none is fetched twice at once. */
  readonly #coming = new Map<number, Block>();
  readonly #asked = new Map<number, PromiseWithResolvers<Uint8Array>>();
  #ahead = firstAhead;
  #readTo = -1;

  constructor(tail: Uint8Array, size: number, read: RangeReader, cache: BlockCache) {
    this.#tail = tail;
    this.size = size;
    this.#read = read;
    this.#cache = cache;
  }

  read(from: number, length: number): Uint8Array | Promise<Uint8Array> {
    const to = Math.min(from + length, this.size);
    if (to <= from) return new Uint8Array(0);
    const tailFrom = this.size - this.#tail.byteLength;
    if (from >= tailFrom) return this.#tail.subarray(from - tailFrom, to - tailFrom);
    const { blockBytes } = this.#cache;
    const first = Math.floor(from / blockBytes);
    const blocks = Array.from({ length: Math.ceil(to / blockBytes) - first }, (_, i) => this.#block(first + i));
    const cut = (bytes: Uint8Array[]) => join(bytes, from - first * blockBytes, to - from);
    const held = blocks.map(({ bytes }) => bytes).filter((bytes) => bytes !== undefined);
    return held.length === blocks.length ? cut(held) : Promise.all(blocks.map(({ coming }) => coming)).then(cut);
  }

  close(): void {
    for (const block of this.#own) this.#cache.drop(this.#id + block);
  }

  #block(index: number): Block {
    return this.#cache.get(this.#id + index) ?? this.#coming.get(index) ?? this.#ask(index);
  }

  #ask(index: number): Block {
    const asked = Promise.withResolvers<Uint8Array>();
    const arrived = () => this.#coming.delete(index);
    // Nobody may be waiting for a block that was read ahead.
    asked.promise.then(arrived, arrived);
    if (this.#asked.size === 0) setImmediate(() => this.#fetchAsked());
    this.#asked.set(index, asked);
    this.#own.add(index);
    const block = this.#cache.put(this.#id + index, asked.promise);
    this.#coming.set(index, block);
    return block;
  }

  /** Fetches what was asked for since the last time, each run of blocks in one request. */
  #fetchAsked(): void {
    for (const run of runsOf([...this.#asked.keys()].sort((a, b) => a - b))) {
      this.#ahead = run.from === this.#readTo ? Math.min(this.#ahead * 2 + 1, maxAhead) : firstAhead;
      this.#readTo = this.#extended(run.to);
      for (let index = run.from; index < this.#readTo; index++) if (!this.#asked.has(index)) this.#ask(index);
      void this.#fetch(run.from, this.#readTo);
    }
  }

  /** The end of a run with what is worth reading ahead. */
  #extended(to: number): number {
    const end = Math.min(to + this.#ahead, Math.ceil(this.size / this.#cache.blockBytes));
    let extended = to;
    while (extended < end && !this.#coming.has(extended) && !this.#cache.has(this.#id + extended)) extended++;
    return extended;
  }

  async #fetch(from: number, to: number): Promise<void> {
    const { blockBytes } = this.#cache;
    const waiting = Array.from({ length: to - from }, (_, i) => this.#asked.get(from + i)!);
    for (let index = from; index < to; index++) this.#asked.delete(index);
    try {
      const bytes = await this.#read(from * blockBytes, Math.min(to * blockBytes, this.size));
      for (const [i, { resolve }] of waiting.entries()) resolve(bytes.subarray(i * blockBytes, (i + 1) * blockBytes));
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}

/** Runs of numbers in order; a gap of one is bridged: reading it costs less than another request. */
function runsOf(numbers: readonly number[]): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last && number <= last.to + 1) last.to = number + 1;
    else runs.push({ from: number, to: number + 1 });
  }
  return runs;
}

function join(blocks: Uint8Array[], skip: number, length: number): Uint8Array {
  const [only] = blocks;
  return blocks.length === 1 && only ? only.subarray(skip, skip + length) : Buffer.concat(blocks).subarray(skip, skip + length);
}
