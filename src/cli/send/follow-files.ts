import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LineSplitter, type Piece } from './lines.ts';

/** Where reading of a file stands: which file it is (its inode), how often it began anew, and the offset behind what was read. */
export type FilePlace = { inode: number; round: number; offset: number };

type Followed = { path: string; fd: number | undefined; place: FilePlace; splitter: LineSplitter; readTo: number };

const pollMs = 250;
const chunkBytes = 1024 * 1024;

/**
 * Follows files as they grow, until `signal` aborts: begins at the remembered places (else at the beginning), reads a rotated file to its end
 * before the new one of its name, begins anew in a truncated one, waits for one that is not there (yet).
 */
export async function* followFiles(
  paths: string[],
  placeOf: (path: string) => FilePlace | undefined,
  onPlace: (path: string, place: FilePlace) => void,
  signal: AbortSignal,
): AsyncGenerator<Piece> {
  const followed = paths.map((path): Followed => {
    const place = placeOf(path) ?? { inode: 0, round: 0, offset: 0 };
    return { path, fd: undefined, place, splitter: new LineSplitter(place.offset), readTo: place.offset };
  });
  const buffer = Buffer.alloc(chunkBytes);
  try {
    while (!signal.aborted) {
      let isIdle = true;
      for (const file of followed) {
        if (file.fd === undefined) open(file, onPlace);
        if (file.fd === undefined) continue;
        const length = readSync(file.fd, buffer, 0, chunkBytes, file.readTo);
        if (length > 0) {
          isIdle = false;
          file.readTo += length;
          yield { file: file.path, lines: file.splitter.push(Buffer.from(buffer.subarray(0, length))), isLast: false };
          continue;
        }
        const change = changeOf(file);
        if (change === undefined) continue;
        isIdle = false;
        yield { file: file.path, lines: file.splitter.end(), isLast: true };
        beginAnew(file, change, onPlace);
      }
      if (!isIdle) continue;
      yield 'idle';
      await sleep(pollMs, undefined, { signal }).catch(() => {});
    }
  } finally {
    for (const { fd } of followed) if (fd !== undefined) closeSync(fd);
  }
}

/** Opens a file that is there; at its beginning unless it is the one that was remembered and has not shrunk. */
function open(file: Followed, onPlace: (path: string, place: FilePlace) => void): void {
  try {
    file.fd = openSync(file.path, 'r');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw thrown;
  }
  const { ino, size } = fstatSync(file.fd);
  const { inode, round, offset } = file.place;
  const isSame = inode === ino && size >= offset;
  file.place = { inode: ino, round: isSame || inode === 0 ? round : round + 1, offset: isSame ? offset : 0 };
  file.splitter = new LineSplitter(file.place.offset);
  file.readTo = file.place.offset;
  onPlace(file.path, file.place);
}

/** Whether the path names another file by now, or this one was cut short; the end of it has been read. */
function changeOf({ path, fd, place, readTo }: Followed): 'rotated' | 'truncated' | undefined {
  const now = statSync(path, { throwIfNoEntry: false });
  if (now && now.ino !== place.inode) return 'rotated';
  return fstatSync(fd!).size < readTo ? 'truncated' : undefined;
}

function beginAnew(file: Followed, change: 'rotated' | 'truncated', onPlace: (path: string, place: FilePlace) => void): void {
  if (change === 'rotated') {
    closeSync(file.fd!);
    file.fd = undefined;
    return;
  }
  file.place = { ...file.place, round: file.place.round + 1, offset: 0 };
  file.splitter = new LineSplitter(0);
  file.readTo = 0;
  onPlace(file.path, file.place);
}
