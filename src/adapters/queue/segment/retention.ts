import { fileErrorCode } from '../../../core/ports/file-system.ts';
import { type KeysFile, type KnownRequests, rememberMs } from './known-requests.ts';
import type { Settings } from './options.ts';
import type { Load } from './partition-writer.ts';
import type { SegmentChain } from './segment-chain.ts';

/** Removes one partition's whole segments that every sink has closed, oldest first, and keeps their idempotency keys in files of their own. */
export class Retention {
  readonly #settings: Settings;
  readonly #chain: SegmentChain;
  readonly #known: KnownRequests;
  readonly #load: Load;
  readonly #keysFiles: KeysFile[];
  #segmentsSeen = 0;
  #released = 0;
  #turn: Promise<void> = Promise.resolve();

  constructor(settings: Settings, chain: SegmentChain, known: KnownRequests, load: Load, keysFiles: KeysFile[]) {
    this.#settings = settings;
    this.#chain = chain;
    this.#known = known;
    this.#load = load;
    this.#keysFiles = keysFiles;
  }

  /** All offsets below `offset` are closed by every sink. Resolves when what may go is gone. */
  release(offset: number): Promise<void> {
    this.#released = Math.max(this.#released, offset);
    return this.apply();
  }

  /** Looks again once a segment has been added. */
  async applyIfDue(): Promise<void> {
    if (this.#chain.segments.length === this.#segmentsSeen) return;
    this.#segmentsSeen = this.#chain.segments.length;
    await this.apply();
  }

  apply(): Promise<void> {
    const turn = this.#turn.then(() => this.#removeWhatMayGo());
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #removeWhatMayGo(): Promise<void> {
    const { files } = this.#settings;
    while (this.#mayRemoveOldest()) {
      const oldest = this.#chain.segments[0]!;
      const path = `${this.#chain.folder}/${oldest.name}`;
      const keysPath = path.replace(/\.seg$/, '.keys');
      const count = await this.#known.save(files, keysPath, oldest.base, oldest.end);
      if (count > 0) this.#keysFiles.push({ path: keysPath, count, newestUs: oldest.newestUs });
      await files.unlink(path);
      // One after the other: were an older one to come back after a crash, the missing one between would look like a loss.
      await files.syncDirectory(this.#chain.folder);
      this.#chain.dropOldest();
      this.#load.logBytes -= oldest.bytes;
    }
    await this.#removeOldKeys();
  }

  #mayRemoveOldest(): boolean {
    const { clock, keepBytes, keepMs, maxBytes, partitions } = this.#settings;
    const [oldest, ...newer] = this.#chain.segments;
    if (!oldest || newer.length === 0 || oldest.end > this.#released) return false;
    const isOld = oldest.newestUs < (clock.nowMs() - keepMs) * 1000;
    const keptBytes = newer.reduce((sum, { bytes }) => sum + bytes, 0);
    return isOld || keptBytes >= Math.min(keepBytes, maxBytes / 2) / partitions;
  }

  async #removeOldKeys(): Promise<void> {
    const { clock, files, maxKnownRequests } = this.#settings;
    let newer = this.#keysFiles.reduce((sum, { count }) => sum + count, 0);
    for (let oldest = this.#keysFiles[0]; oldest; oldest = this.#keysFiles[0]) {
      newer -= oldest.count;
      if (newer < maxKnownRequests && oldest.newestUs > (clock.nowMs() - rememberMs) * 1000) break;
      await files.unlink(oldest.path).catch((error: unknown) => {
        if (fileErrorCode(error) !== 'ENOENT') throw error;
      });
      this.#keysFiles.shift();
    }
  }
}
