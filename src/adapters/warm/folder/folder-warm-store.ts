import { randomBytes } from 'node:crypto';
import { AppError } from '../../../core/errors.ts';
import { directoryOf, type FileSystem, fileErrorCode, type OpenFile, readFile } from '../../../core/ports/file-system.ts';
import type { ObjectBytes, WarmObject, WarmStore } from '../../../core/ports/warm-store.ts';

const temporaryFolder = 'tmp';
/** What a crash left half written is removed once nobody can be writing it any more. */
const temporaryMaxAgeMs = 60 * 60 * 1000;
/** Names are relative paths; only the last segment has a dot, which tells objects from folders. */
const namePattern = /^(?:[\w=-]+\/)*[\w=-]+(?:\.[\w-]+)+$/;

/**
 * The WarmStore in a folder. An object is written under a name of its own, made durable, renamed and its folder made durable, so that a name
 * has all of its content or is not there, whenever the plug is pulled.
 */
export class FolderWarmStore implements WarmStore {
  readonly #files: FileSystem;
  readonly #root: string;
  readonly #durableFolders = new Map<string, Promise<void>>();
  readonly #putting = new Map<string, Promise<boolean>>();

  private constructor(files: FileSystem, root: string) {
    this.#files = files;
    this.#root = root;
  }

  /** Opens the folder, made where it is missing below an existing one, and sweeps what former crashes left half written. */
  static async open(files: FileSystem, root: string): Promise<FolderWarmStore> {
    const store = new FolderWarmStore(files, root);
    await translate(root, async () => {
      await store.#makeFolder(`${root}/${temporaryFolder}`);
      await store.#sweep();
    });
    return store;
  }

  putIfAbsent(name: string, parts: Uint8Array[]): Promise<boolean> {
    // A put of the same name that is under way has the same content; its end is this one's end.
    const before = this.#putting.get(name);
    if (before) return before.then(() => false);
    const put = translate(name, async () => {
      const path = this.#path(name);
      if (await this.#files.stat(path)) {
        // The name may come from a put whose last step failed.
        await this.#files.syncDirectory(directoryOf(path));
        return false;
      }
      await this.#write(path, parts);
      return true;
    }).finally(() => this.#putting.delete(name));
    this.#putting.set(name, put);
    return put;
  }

  replace(name: string, parts: ObjectBytes): Promise<void> {
    return translate(name, async () => this.#write(this.#path(name), parts));
  }

  get(name: string): Promise<Uint8Array> {
    return translate(name, async () => readFile(this.#files, this.#path(name)));
  }

  open(name: string): Promise<WarmObject> {
    return translate(name, async () => {
      const file = await this.#files.open(this.#path(name), 'read');
      return new FolderObject(file, await file.size());
    });
  }

  remove(name: string): Promise<void> {
    return translate(name, async () => {
      try {
        await this.#files.unlink(this.#path(name));
      } catch (error) {
        if (fileErrorCode(error) !== 'ENOENT') throw error;
      }
    });
  }

  async list(prefix: string): Promise<{ name: string; bytes: number }[]> {
    const found: { name: string; bytes: number }[] = [];
    await translate(prefix, () => this.#walk('', prefix, found));
    return found.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  }

  async #walk(folder: string, prefix: string, found: { name: string; bytes: number }[]): Promise<void> {
    for (const entry of await this.#files.list(folder === '' ? this.#root : `${this.#root}/${folder.slice(0, -1)}`)) {
      const name = `${folder}${entry}`;
      if (entry.includes('.')) {
        const stat = name.startsWith(prefix) ? await this.#files.stat(`${this.#root}/${name}`) : undefined;
        if (stat) found.push({ name, bytes: stat.bytes });
      } else if (name !== temporaryFolder && (prefix.startsWith(`${name}/`) || `${name}/`.startsWith(prefix))) {
        await this.#walk(`${name}/`, prefix, found);
      }
    }
  }

  async #write(path: string, parts: ObjectBytes): Promise<void> {
    const temporary = `${this.#root}/${temporaryFolder}/${randomBytes(12).toString('hex')}.part`;
    const file = await this.#files.open(temporary, 'create');
    try {
      try {
        await writeAll(file, parts);
        await file.datasync();
      } finally {
        await file.close();
      }
      await this.#makeFolder(directoryOf(path));
      await this.#files.rename(temporary, path);
    } catch (error) {
      await this.#files.unlink(temporary).catch(() => {});
      throw error;
    }
    await this.#files.syncDirectory(directoryOf(path));
  }

  /** Makes a folder and those above it durable, once: that a folder is there does not say that its name would survive a crash. */
  #makeFolder(path: string): Promise<void> {
    const known = this.#durableFolders.get(path);
    if (known) return known;
    const made = this.#makeFolderNow(path).catch((error: unknown) => {
      this.#durableFolders.delete(path);
      throw error;
    });
    this.#durableFolders.set(path, made);
    return made;
  }

  async #makeFolderNow(path: string): Promise<void> {
    const parent = directoryOf(path);
    if (path !== this.#root) await this.#makeFolder(parent);
    await this.#files.makeDirectory(path);
    await this.#files.syncDirectory(parent);
  }

  async #sweep(): Promise<void> {
    const folder = `${this.#root}/${temporaryFolder}`;
    for (const entry of await this.#files.list(folder)) {
      const stat = await this.#files.stat(`${folder}/${entry}`);
      if (stat && Date.now() - stat.modifiedMs > temporaryMaxAgeMs) await this.#files.unlink(`${folder}/${entry}`);
    }
  }

  #path(name: string): string {
    if (!namePattern.test(name))
      throw new AppError('INTERNAL', `"${name}" is no name of an object: segments of letters, digits, "_", "-", "="`);
    return `${this.#root}/${name}`;
  }
}

class FolderObject implements WarmObject {
  readonly size: number;
  readonly #file: OpenFile;

  constructor(file: OpenFile, size: number) {
    this.#file = file;
    this.size = size;
  }

  read(from: number, length: number): Uint8Array | Promise<Uint8Array> {
    const into = new Uint8Array(Math.max(0, Math.min(length, this.size - from)));
    if (this.#file.readNow) return into.subarray(0, this.#file.readNow(into, from));
    return this.#file.read(into, from).then((count) => into.subarray(0, count));
  }

  close(): void {
    void this.#file.close();
  }
}

async function writeAll(file: OpenFile, parts: ObjectBytes): Promise<void> {
  if (Array.isArray(parts)) return file.writev(parts, 0);
  let position = 0;
  for await (const part of parts) {
    await file.writev([part], position);
    position += part.byteLength;
  }
}

async function translate<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = fileErrorCode(error);
    if (error instanceof AppError || code === undefined) throw error;
    if (code === 'ENOENT') throw new AppError('NOT_FOUND', `there is no object ${name}`, { cause: error });
    if (code === 'ENOSPC' || code === 'EDQUOT') throw new AppError('DISK_FULL', 'the disk of the archive is full', { cause: error });
    throw new AppError('STORE_UNAVAILABLE', `the archive failed on ${name}: ${(error as Error).message}`, { retryAfterS: 1, cause: error });
  }
}
