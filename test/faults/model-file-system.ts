import { directoryOf, type FileSystem, type OpenFile, type OpenMode } from '../../src/core/ports/file-system.ts';

/** What a crash keeps of what was not made durable: nothing, all, or of each change what a seed says, writes torn by sectors. */
export type Kept = 'none' | 'all' | { seed: number };

/** A system call that fails: the `at`th, and with `times` the next ones of its kind. */
export type Failure = {
  at: number;
  code: 'EIO' | 'ENOSPC';
  times?: number;
  /** A failing write leaves the first part of its bytes, 0 to 1. */
  partOf?: number;
  /** A failing datasync has written the data nevertheless (but not a new, smaller size). */
  reachesDisk?: boolean;
};

export type ModelOptions = {
  /** The process dies at this system call: it takes effect or not, as {@link Kept} says, and does not return. Counted from 1. */
  crashAt?: number;
  failure?: Failure;
  /** A planted bug: calls that answer without doing their work, or do it only with the system call after the next. */
  datasync?: 'honest' | 'dropped' | 'late';
  syncDirectory?: 'honest' | 'dropped';
};

export class Crash extends Error {}

type Change = { position: number; bytes: Buffer } | { size: number };
/** A file: its content as programs see it, its content on the disk, and what lies between, in order. */
type Inode = { content: Buffer; disk: Buffer; changes: Change[] };
type NameChange = { name: string; inode: Inode | undefined; alsoRemoves?: string };
type Directory = { names: Map<string, Inode>; disk: Map<string, Inode>; changes: NameChange[]; isOnDisk: boolean };

const sectorBytes = 512;

/**
 * Files in memory that know what of them is durable: data by `datasync`, names by `syncDirectory`. A datasync that fails takes the data
 * for clean, as Linux does: a second one succeeds and has written nothing.
 */
export class ModelFileSystem implements FileSystem {
  readonly #options: ModelOptions;
  readonly #directories: Map<string, Directory>;
  #late: (() => void)[] = [];
  #hasCrashed = false;
  #failed = 0;
  calls = 0;
  /** What each call was, for a report. */
  readonly log: string[] = [];

  constructor(options: ModelOptions = {}, directories = new Map([['/', newDirectory(true)]])) {
    this.#options = options;
    this.#directories = directories;
  }

  /** The process that uses it is dead: nobody hears what it answers. */
  get isDead(): boolean {
    return this.#hasCrashed;
  }

  /** What the next start finds on the disk. */
  afterCrash(kept: Kept, options: ModelOptions = {}): ModelFileSystem {
    this.#hasCrashed = true;
    const chance = typeof kept === 'object' ? randomOf(kept.seed) : () => (kept === 'all' ? 0 : 1);
    const keeps = () => chance() < 0.5;
    const inodes = new Map<Inode, Inode>();
    const settle = (inode: Inode): Inode => {
      const known = inodes.get(inode);
      if (known) return known;
      const content = contentAfter(inode, keeps);
      const settled = { content, disk: Buffer.from(content), changes: [] };
      inodes.set(inode, settled);
      return settled;
    };
    const directories = new Map<string, Directory>();
    for (const [path, directory] of this.#directories) {
      const isThere = (directory.isOnDisk || keeps()) && (path === '/' || directories.has(directoryOf(path)));
      if (!isThere) continue;
      const names = new Map(directory.disk);
      for (const change of directory.changes) if (keeps()) rename(names, change);
      const settled = new Map([...names].map(([name, inode]) => [name, settle(inode)]));
      directories.set(path, { names: settled, disk: new Map(settled), changes: [], isOnDisk: true });
    }
    return new ModelFileSystem(options, directories);
  }

  /** The same files for another process when this one dies alone: the system goes on with all that was written. */
  afterKill(options: ModelOptions = {}): ModelFileSystem {
    this.#hasCrashed = true;
    return new ModelFileSystem(options, this.#directories);
  }

  async open(path: string, mode: OpenMode): Promise<OpenFile> {
    await this.#call(`open ${mode} ${path}`);
    const directory = this.#directoryOf(path);
    const name = nameIn(path);
    let inode = directory.names.get(name);
    if (mode === 'create') {
      if (inode) throw systemError('EEXIST', path);
      inode = { content: Buffer.alloc(0), disk: Buffer.alloc(0), changes: [] };
      this.#change(directory, { name, inode });
    }
    if (!inode) throw systemError('ENOENT', path);
    this.#dieIfDue();
    return this.#fileOf(inode, path);
  }

  async makeDirectory(path: string): Promise<void> {
    await this.#call(`mkdir ${path}`);
    if (!this.#directories.has(directoryOf(path))) throw systemError('ENOENT', path);
    if (!this.#directories.has(path)) this.#directories.set(path, newDirectory(false));
    this.#dieIfDue();
  }

  async syncDirectory(path: string): Promise<void> {
    await this.#call(`fsync ${path}`);
    const directory = this.#directories.get(path);
    if (!directory) throw systemError('ENOENT', path);
    this.#dieIfDue();
    if (this.#options.syncDirectory === 'dropped') return;
    directory.disk = new Map(directory.names);
    directory.changes = [];
    for (const [below, child] of this.#directories) if (below !== '/' && directoryOf(below) === path) child.isOnDisk = true;
  }

  async list(path: string): Promise<string[]> {
    await this.#call(`readdir ${path}`);
    const directory = this.#directories.get(path);
    if (!directory) throw systemError('ENOENT', path);
    this.#dieIfDue();
    return [...directory.names.keys()].sort();
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#call(`rename ${from} ${to}`);
    const directory = this.#directoryOf(from);
    const target = this.#directoryOf(to);
    const inode = directory.names.get(nameIn(from));
    if (!inode) throw systemError('ENOENT', from);
    if (target === directory) this.#change(directory, { name: nameIn(to), inode, alsoRemoves: nameIn(from) });
    else {
      // Across directories a crash may keep either half without the other.
      this.#change(target, { name: nameIn(to), inode });
      this.#change(directory, { name: nameIn(from), inode: undefined });
    }
    this.#dieIfDue();
  }

  async unlink(path: string): Promise<void> {
    await this.#call(`unlink ${path}`);
    const directory = this.#directoryOf(path);
    if (!directory.names.has(nameIn(path))) throw systemError('ENOENT', path);
    this.#change(directory, { name: nameIn(path), inode: undefined });
    this.#dieIfDue();
  }

  async stat(path: string) {
    await this.#call(`stat ${path}`);
    this.#dieIfDue();
    if (this.#directories.has(path)) return { bytes: 0, modifiedMs: 0 };
    const inode = this.#directories.get(directoryOf(path))?.names.get(nameIn(path));
    return inode && { bytes: inode.content.byteLength, modifiedMs: 0 };
  }

  async freeBytes(): Promise<number> {
    return Number.MAX_SAFE_INTEGER;
  }

  #fileOf(inode: Inode, path: string): OpenFile {
    return {
      read: async (into, position) => {
        await this.#call(`read ${path}`);
        this.#dieIfDue();
        return inode.content.copy(into, 0, Math.min(position, inode.content.byteLength), position + into.byteLength);
      },
      writev: async (chunks, position) => {
        const bytes = Buffer.concat(chunks);
        await this.#call(`write ${path} ${bytes.byteLength} at ${position}`, (partOf) => {
          apply(inode, { position, bytes: bytes.subarray(0, Math.floor(bytes.byteLength * partOf)) });
        });
        apply(inode, { position, bytes });
        this.#dieIfDue();
      },
      truncate: async (size) => {
        await this.#call(`truncate ${path} to ${size}`);
        apply(inode, { size });
        this.#dieIfDue();
      },
      datasync: async () => {
        await this.#call(`fdatasync ${path}`, () => {
          for (const change of inode.changes.splice(0)) {
            if (this.#options.failure?.reachesDisk && 'bytes' in change) inode.disk = changed(inode.disk, change);
          }
        });
        this.#dieIfDue();
        const work = () => {
          for (const change of inode.changes.splice(0)) inode.disk = changed(inode.disk, change);
        };
        if (this.#options.datasync === 'late') this.#late.push(work);
        else if (this.#options.datasync !== 'dropped') work();
      },
      size: async () => {
        await this.#call(`fstat ${path}`);
        this.#dieIfDue();
        return inode.content.byteLength;
      },
      close: async () => {},
    };
  }

  /** Counts a call; throws where the process is dead or the call is to fail, after `fail` has done what a failing one leaves. */
  async #call(what: string, fail: (partOf: number) => void = () => {}): Promise<void> {
    await undefined;
    if (this.#hasCrashed) throw new Crash();
    this.calls++;
    this.log.push(what);
    const { failure } = this.#options;
    if (failure && this.#isToFail(failure, what)) {
      fail(failure.partOf ?? 0);
      throw systemError(failure.code, what);
    }
    const due = this.#late.splice(0, Math.max(0, this.#late.length - 1));
    for (const work of due) work();
  }

  #isToFail({ at, times = 1 }: Failure, what: string): boolean {
    const kindOf = (call = '') => call.slice(0, call.indexOf(' '));
    if (this.calls < at || this.#failed >= times || kindOf(what) !== kindOf(this.log[at - 1])) return false;
    this.#failed++;
    return true;
  }

  #dieIfDue(): void {
    if (this.calls !== this.#options.crashAt) return;
    this.#hasCrashed = true;
    throw new Crash();
  }

  #directoryOf(path: string): Directory {
    const directory = this.#directories.get(directoryOf(path));
    if (!directory) throw systemError('ENOENT', path);
    return directory;
  }

  #change(directory: Directory, change: NameChange): void {
    rename(directory.names, change);
    directory.changes.push(change);
  }
}

const nameIn = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const newDirectory = (isOnDisk: boolean): Directory => ({ names: new Map(), disk: new Map(), changes: [], isOnDisk });
const systemError = (code: string, what: string) => Object.assign(new Error(`${code}: ${what}`), { code });

function rename(names: Map<string, Inode>, { name, inode, alsoRemoves }: NameChange): void {
  if (alsoRemoves !== undefined) names.delete(alsoRemoves);
  if (inode) names.set(name, inode);
  else names.delete(name);
}

function apply(inode: Inode, change: Change): void {
  inode.content = changed(inode.content, change);
  inode.changes.push(change);
}

function changed(content: Buffer, change: Change): Buffer {
  const size = 'size' in change ? change.size : Math.max(content.byteLength, change.position + change.bytes.byteLength);
  const result = Buffer.alloc(size);
  content.copy(result);
  if ('bytes' in change) change.bytes.copy(result, change.position);
  return result;
}

/** The file on the disk after a crash: each change whole, in part or not at all; a write may be torn at any sector. */
function contentAfter({ disk, changes }: Inode, keeps: () => boolean): Buffer {
  let content: Buffer = Buffer.from(disk);
  for (const change of changes) {
    if ('size' in change) {
      if (keeps()) content = changed(content, change);
      continue;
    }
    for (let at = 0; at < change.bytes.byteLength; ) {
      const toSector = Math.min(sectorBytes - ((change.position + at) % sectorBytes), change.bytes.byteLength - at);
      if (keeps()) content = changed(content, { position: change.position + at, bytes: change.bytes.subarray(at, at + toSector) });
      at += toSector;
    }
  }
  return content;
}

/** Numbers in [0, 1) from a seed: mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
