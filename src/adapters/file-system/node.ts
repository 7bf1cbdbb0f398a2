import fs from 'node:fs';
import type { FileSystem, OpenFile, OpenMode } from '../../core/ports/file-system.ts';
import { fileErrorCode } from '../../core/ports/file-system.ts';

const flags: { [M in OpenMode]: string } = { read: 'r', write: 'r+', create: 'wx+' };

/** `node:fs` as our port. Plain descriptors and callbacks: a FileHandle costs more per call and may be closed by the collector. */
export const nodeFileSystem: FileSystem = {
  open: (path, mode) => call<number>((done) => fs.open(path, flags[mode], 0o640, done)).then((descriptor) => new NodeFile(descriptor)),

  async makeDirectory(path) {
    await fs.promises.mkdir(path, { mode: 0o750 }).catch((error: unknown) => {
      if (fileErrorCode(error) !== 'EEXIST') throw error;
    });
  },

  async syncDirectory(path) {
    // Windows keeps names durable by itself and cannot open a directory for this.
    if (process.platform === 'win32') return;
    const descriptor = await call<number>((done) => fs.open(path, 'r', done));
    try {
      await call<void>((done) => fs.fsync(descriptor, done));
    } finally {
      await call<void>((done) => fs.close(descriptor, done));
    }
  },

  async list(path) {
    return (await fs.promises.readdir(path)).sort();
  },

  rename: (from, to) => fs.promises.rename(from, to),
  unlink: (path) => fs.promises.unlink(path),

  async stat(path) {
    try {
      const { size, mtimeMs } = await fs.promises.stat(path);
      return { bytes: size, modifiedMs: mtimeMs };
    } catch (error) {
      if (fileErrorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  },

  async freeBytes(path) {
    const { bavail, bsize } = await fs.promises.statfs(path);
    return bavail * bsize;
  },
};

class NodeFile implements OpenFile {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    let filled = 0;
    while (filled < into.byteLength) {
      const count = await call<number>((done) =>
        fs.read(this.#descriptor, into, filled, into.byteLength - filled, position + filled, (error, bytes) => done(error, bytes)),
      );
      if (count === 0) break;
      filled += count;
    }
    return filled;
  }

  readNow(into: Uint8Array, position: number): number {
    let filled = 0;
    while (filled < into.byteLength) {
      const count = fs.readSync(this.#descriptor, into, filled, into.byteLength - filled, position + filled);
      if (count === 0) break;
      filled += count;
    }
    return filled;
  }

  async writev(chunks: readonly Uint8Array[], position: number): Promise<void> {
    let rest = chunks;
    let at = position;
    while (rest.length > 0) {
      const written = await call<number>((done) => fs.writev(this.#descriptor, rest, at, (error, bytes) => done(error, bytes)));
      at += written;
      rest = withoutFirst(rest, written);
    }
  }

  datasync = () => call<void>((done) => fs.fdatasync(this.#descriptor, done));
  truncate = (bytes: number) => call<void>((done) => fs.ftruncate(this.#descriptor, bytes, done));
  size = () => call<fs.Stats>((done) => fs.fstat(this.#descriptor, done)).then((stats) => stats.size);
  close = () => call<void>((done) => fs.close(this.#descriptor, done));
}

/** What is left of the chunks behind their first `written` bytes: the system may take fewer than it was given. */
function withoutFirst(chunks: readonly Uint8Array[], written: number): Uint8Array[] {
  let left = written;
  let index = 0;
  while (index < chunks.length && left >= chunks[index]!.byteLength) left -= chunks[index++]!.byteLength;
  const rest = chunks.slice(index);
  if (left > 0) rest[0] = rest[0]!.subarray(left);
  return rest;
}

function call<T>(start: (done: (error: Error | null, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => start((error, value) => (error ? reject(error) : resolve(value as T))));
}
