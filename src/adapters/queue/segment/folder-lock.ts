import { readFileSync } from 'node:fs';
import { AppError } from '../../../core/errors.ts';
import { type FileSystem, fileErrorCode, readFile } from '../../../core/ports/file-system.ts';

const heldHere = new WeakMap<FileSystem, Set<string>>();

/**
 * Takes the folder for this process with a file LOCK that names it; resolves to what gives it back. A lock whose process is gone is taken
 * over. Process numbers come again (in a container always the same ones), so the lock also tells when its process started.
 * @throws AppError QUEUE_UNAVAILABLE when a living process holds it
 */
export async function lockFolder(files: FileSystem, folder: string): Promise<() => Promise<void>> {
  const held = heldHere.get(files) ?? new Set();
  heldHere.set(files, held);
  if (held.has(folder)) throw takenBy(folder, 'this process');
  held.add(folder);
  const path = `${folder}/LOCK`;
  try {
    await takeLock(files, folder, path);
  } catch (error) {
    held.delete(folder);
    throw error;
  }
  return async () => {
    await files.unlink(path);
    held.delete(folder);
  };
}

async function takeLock(files: FileSystem, folder: string, path: string): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt++) {
    if (await createLock(files, path)) return;
    const owner = await ownerOf(files, path);
    if (owner === undefined) continue;
    if (isAlive(owner)) throw takenBy(folder, `process ${owner.split(' ')[0]}`);
    // Moved aside first: where another process was faster, the file moved is its new lock and not the stale one, and goes back.
    const aside = `${path}.${process.pid}`;
    await files.rename(path, aside).catch(() => {});
    const moved = await ownerOf(files, aside);
    if (moved !== undefined && moved !== owner) {
      await files.rename(aside, path);
      throw takenBy(folder, `process ${moved.split(' ')[0]}`);
    }
    if (moved !== undefined) await files.unlink(aside);
  }
  throw takenBy(folder, 'another process that is starting');
}

async function createLock(files: FileSystem, path: string): Promise<boolean> {
  const mine = `${process.pid} ${startOf(process.pid)}`;
  try {
    const file = await files.open(path, 'create');
    try {
      await file.writev([Buffer.from(`${mine}\n`)], 0);
    } finally {
      await file.close();
    }
    return (await ownerOf(files, path)) === mine;
  } catch (error) {
    if (fileErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** The line in a lock, or undefined where there is no lock. */
async function ownerOf(files: FileSystem, path: string): Promise<string | undefined> {
  try {
    return Buffer.from(await readFile(files, path))
      .toString()
      .trim();
  } catch (error) {
    if (fileErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function isAlive(owner: string): boolean {
  const [pid = 0, start = ''] = owner.split(' ');
  if (Number(pid) === process.pid) return false;
  if (!(Number(pid) > 0)) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if (fileErrorCode(error) === 'ESRCH') return false;
  }
  const startNow = startOf(Number(pid));
  return startNow === '' || start === '' || startNow === start;
}

/** When a process started, in ticks since the machine did: field 22 of /proc/<pid>/stat (proc_pid_stat(5)); empty where there is none. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function takenBy(folder: string, holder: string): AppError {
  return new AppError(
    'QUEUE_UNAVAILABLE',
    `the queue's folder ${folder} is in use by ${holder}: stop it, or give this one another data folder`,
  );
}
