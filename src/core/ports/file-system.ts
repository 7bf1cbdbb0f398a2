/** `read`: what exists. `write`: what exists, to read and write. `create`: a new file to read and write; EEXIST where the name is taken. */
export type OpenMode = 'read' | 'write' | 'create';

/**
 * An open file. Positions and sizes are bytes. Errors are the system's, with its `code` (`ENOSPC`, `EIO`, `ENOENT`, ...).
 * Nothing written is durable before `datasync`, and no new or changed name before `syncDirectory` of its directory.
 */
export interface OpenFile {
  /** Fills `into` from `position` on; resolves with the number of bytes read, fewer than asked for only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** The same at once, where the system can: a reader of many small ranges is spared a promise for each. */
  readNow?(into: Uint8Array, position: number): number;
  /** Writes the chunks behind one another from `position` on. After an error any part of them may have been written. */
  writev(chunks: readonly Uint8Array[], position: number): Promise<void>;
  /** Makes data and size durable. Once it has failed, what was written since the last success counts as lost: a later success proves nothing. */
  datasync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/** Files as our stores use them: few calls, so that a model of what a crash leaves behind can stand in. Paths are joined with `/`. */
export interface FileSystem {
  open(path: string, mode: OpenMode): Promise<OpenFile>;
  /** Creates one directory below an existing one; nothing happens where it is there. */
  makeDirectory(path: string): Promise<void>;
  /** Makes the names in a directory durable: created, renamed and removed ones. */
  syncDirectory(path: string): Promise<void>;
  /** The names in a directory, sorted. */
  list(path: string): Promise<string[]>;
  /** Renames atomically; a file of the new name is replaced. */
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Size and time of change, or undefined where there is no such file or directory. */
  stat(path: string): Promise<{ bytes: number; modifiedMs: number } | undefined>;
  /** Bytes that this user can still write to the disk under `path`. */
  freeBytes(path: string): Promise<number>;
}

/** The system's code of a file error, such as `ENOSPC`; undefined for other errors. */
export function fileErrorCode(thrown: unknown): string | undefined {
  const code = (thrown as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

export function directoryOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash > 0 ? path.slice(0, slash) : slash === 0 ? '/' : '.';
}

/**
 * Creates a directory and all above it that are missing, durably. The deepest one that is there already may have been made by a process
 * that died before it was durable, so its name is made so again; a parent that this user may not read is somebody else's.
 */
export async function makeDirectories(files: FileSystem, path: string): Promise<void> {
  if (path === '.' || path === '/') return;
  const parent = directoryOf(path);
  if (await files.stat(path)) {
    await files.syncDirectory(parent).catch((error: unknown) => {
      if (fileErrorCode(error) !== 'EACCES') throw error;
    });
    return;
  }
  await makeDirectories(files, parent);
  await files.makeDirectory(path);
  await files.syncDirectory(parent);
}

/** Reads a file whole. */
export async function readFile(files: FileSystem, path: string): Promise<Uint8Array> {
  const file = await files.open(path, 'read');
  try {
    const bytes = new Uint8Array(await file.size());
    return bytes.subarray(0, await file.read(bytes, 0));
  } finally {
    await file.close();
  }
}

/**
 * Writes a file so that after a crash there is either all of it or what had the name before: under another name first, then renamed.
 * Durable when it resolves. What a crash leaves of `<path>.new` is overwritten the next time.
 */
export async function writeFileDurably(files: FileSystem, path: string, chunks: readonly Uint8Array[]): Promise<void> {
  const temporary = `${path}.new`;
  if (await files.stat(temporary)) await files.unlink(temporary);
  const file = await files.open(temporary, 'create');
  try {
    await file.writev(chunks, 0);
    await file.datasync();
  } finally {
    await file.close();
  }
  await files.rename(temporary, path);
  await files.syncDirectory(directoryOf(path));
}
