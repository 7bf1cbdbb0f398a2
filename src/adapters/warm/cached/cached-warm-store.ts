import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ObjectBytes, WarmObject, WarmStore } from '../../../core/ports/warm-store.ts';
import { LocalFiles } from './local-files.ts';

export type CachedWarmOptions = {
  store: WarmStore;
  /** A folder of its own, emptied at the start: what was half written is never taken for an object. */
  folder: string;
  /** Bytes of files that are kept; those in use are kept beyond it. */
  maxBytes: number;
  /** Objects up to this size are fetched whole when they are opened; of larger ones the store is asked for ranges, unless they are here already. */
  wholeBytes?: number;
};

/** Names of immutable objects: by content, so that a copy is always right. */
const isImmutable = (name: string): boolean => name.endsWith('.parquet');

/** Files that are here until `release`, under `<folder>/<name>`: as another engine wants them. */
export type HeldFiles = { folder: string; release(): void };

/**
 * A WarmStore that keeps copies of immutable objects on the local disk, the least recently used going first. A disk that is full keeps fewer:
 * it fails no read.
 */
export class CachedWarmStore implements WarmStore {
  readonly #store: WarmStore;
  readonly #wholeBytes: number;
  readonly #files: LocalFiles;
  readonly #coming = new Map<string, Promise<boolean>>();
  #fetched = 0;

  private constructor({ store, folder, maxBytes, wholeBytes = 16 * 2 ** 20 }: CachedWarmOptions) {
    this.#store = store;
    this.#wholeBytes = Math.min(wholeBytes, maxBytes);
    this.#files = new LocalFiles(folder, maxBytes);
  }

  static async open(options: CachedWarmOptions): Promise<CachedWarmStore> {
    await rm(options.folder, { recursive: true, force: true });
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    return new CachedWarmStore(options);
  }

  /** Bytes of the copies, and how often an object was fetched whole. */
  counts(): { bytes: number; files: number; fetched: number } {
    return { bytes: this.#files.bytes, files: this.#files.count, fetched: this.#fetched };
  }

  async get(name: string): Promise<Uint8Array> {
    const local = this.#openLocal(name);
    if (!local) return this.#store.get(name);
    try {
      return local.read(0, local.size);
    } finally {
      local.close();
    }
  }

  async open(name: string): Promise<WarmObject> {
    const here = this.#openLocal(name);
    if (here || !isImmutable(name)) return here ?? this.#store.open(name);
    const remote = await this.#store.open(name);
    if (remote.size > this.#wholeBytes || !(await this.#fetch(name))) return remote;
    const local = this.#openLocal(name);
    if (!local) return remote;
    remote.close();
    return local;
  }

  /**
   * Brings objects to the folder and keeps them there until they are released; undefined where they do not fit into the bound all together, or into the disk.
   * @throws AppError NOT_FOUND, STORE_UNAVAILABLE
   */
  async hold(objects: readonly { name: string; bytes: number }[]): Promise<HeldFiles | undefined> {
    if (objects.reduce((total, { bytes }) => total + bytes, 0) > this.#files.maxBytes) return undefined;
    const held: string[] = [];
    const release = () => {
      for (const name of held.splice(0)) this.#files.release(name);
    };
    try {
      for (const { name } of objects) {
        if (!this.#files.has(name) && !(await this.#fetch(name))) return void release();
        if (!this.#files.hold(name)) return void release();
        held.push(name);
      }
    } catch (error) {
      release();
      throw error;
    }
    return { folder: this.#files.folder, release };
  }

  putIfAbsent(name: string, parts: Uint8Array[]): Promise<boolean> {
    return this.#store.putIfAbsent(name, parts);
  }

  replace(name: string, parts: ObjectBytes): Promise<void> {
    return this.#store.replace(name, parts);
  }

  async remove(name: string): Promise<void> {
    await this.#store.remove(name);
    this.#files.drop(name);
  }

  list(prefix: string): Promise<{ name: string; bytes: number }[]> {
    return this.#store.list(prefix);
  }

  /** Fetches an object whole, once for all who want it; false where the disk does not take it. */
  #fetch(name: string): Promise<boolean> {
    const before = this.#coming.get(name);
    if (before) return before;
    // Another may have brought it while this one asked for its size.
    if (this.#files.has(name)) return Promise.resolve(true);
    const coming = this.#fetchNow(name).finally(() => this.#coming.delete(name));
    this.#coming.set(name, coming);
    return coming;
  }

  async #fetchNow(name: string): Promise<boolean> {
    const bytes = await this.#store.get(name);
    this.#fetched++;
    this.#files.makeRoom(bytes.byteLength);
    const path = join(this.#files.folder, name);
    const draft = join(this.#files.folder, `${randomBytes(8).toString('hex')}.part`);
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(draft, bytes);
      await rename(draft, path);
    } catch {
      await rm(draft, { force: true }).catch(() => {}); // the error that led here is the one to tell
      return false;
    }
    this.#files.add(name, bytes.byteLength);
    return true;
  }

  #openLocal(name: string): (WarmObject & { read(from: number, length: number): Uint8Array }) | undefined {
    const size = this.#files.use(name);
    if (size === undefined) return undefined;
    let file: number;
    try {
      file = openSync(join(this.#files.folder, name), 'r');
    } catch {
      // Somebody has tidied up /tmp.
      this.#files.drop(name);
      return undefined;
    }
    return {
      size,
      read(from, length) {
        const into = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - from)));
        return into.subarray(0, readSync(file, into, 0, into.length, from));
      },
      close: () => closeSync(file),
    };
  }
}
