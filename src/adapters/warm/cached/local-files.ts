import { rmSync } from 'node:fs';
import { join } from 'node:path';

type LocalFile = { bytes: number; holders: number };

/** Which files are in a folder, and which of them have to go for others. A file that is open when it goes stays readable for who has it open. */
export class LocalFiles {
  readonly folder: string;
  readonly maxBytes: number;
  bytes = 0;
  /** The least recently used first. */
  readonly #files = new Map<string, LocalFile>();

  constructor(folder: string, maxBytes: number) {
    this.folder = folder;
    this.maxBytes = maxBytes;
  }

  get count(): number {
    return this.#files.size;
  }

  has(name: string): boolean {
    return this.#files.has(name);
  }

  /** The size of a file, which counts as used now; undefined where it is not here. */
  use(name: string): number | undefined {
    const file = this.#files.get(name);
    if (!file) return undefined;
    this.#files.delete(name);
    this.#files.set(name, file);
    return file.bytes;
  }

  add(name: string, bytes: number): void {
    this.#files.set(name, { bytes, holders: this.#files.get(name)?.holders ?? 0 });
    this.bytes += bytes;
  }

  /** Keeps a file from going; false where it is not here. */
  hold(name: string): boolean {
    const file = this.#files.get(name);
    if (file) file.holders++;
    return file !== undefined;
  }

  release(name: string): void {
    const file = this.#files.get(name);
    if (file) file.holders--;
    this.makeRoom(0);
  }

  /** Removes files that nobody holds until so many more bytes fit. */
  makeRoom(bytes: number): void {
    for (const [name, { holders }] of this.#files) {
      if (this.bytes + bytes <= this.maxBytes) return;
      if (holders === 0) this.drop(name);
    }
  }

  drop(name: string): void {
    const file = this.#files.get(name);
    if (!file) return;
    this.#files.delete(name);
    this.bytes -= file.bytes;
    rmSync(join(this.folder, name), { force: true });
  }
}
