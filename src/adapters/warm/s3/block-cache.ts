export type Block = { readonly coming: Promise<Uint8Array>; bytes: Uint8Array | undefined };

/** Blocks of open objects, those on their way too, at most so many bytes: the least recently used go first. */
export class BlockCache {
  readonly blockBytes: number;
  readonly #maxBlocks: number;
  readonly #blocks = new Map<string, Block>();

  constructor({ maxBytes, blockBytes }: { maxBytes: number; blockBytes: number }) {
    this.blockBytes = blockBytes;
    this.#maxBlocks = Math.max(1, Math.floor(maxBytes / blockBytes));
  }

  get(key: string): Block | undefined {
    const block = this.#blocks.get(key);
    if (block) {
      this.#blocks.delete(key);
      this.#blocks.set(key, block);
    }
    return block;
  }

  has(key: string): boolean {
    return this.#blocks.has(key);
  }

  /** Keeps a block that is on its way; one that does not arrive is forgotten. */
  put(key: string, coming: Promise<Uint8Array>): Block {
    const block: Block = { coming, bytes: undefined };
    coming.then(
      (bytes) => {
        block.bytes = bytes;
      },
      () => {
        if (this.#blocks.get(key) === block) this.#blocks.delete(key);
      },
    );
    this.#blocks.set(key, block);
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= this.#maxBlocks) break;
      this.#blocks.delete(oldest);
    }
    return block;
  }

  drop(key: string): void {
    this.#blocks.delete(key);
  }
}
