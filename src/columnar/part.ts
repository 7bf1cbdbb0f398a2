import { AppError } from '../core/errors.ts';
import type { WarmObject } from '../core/ports/warm-store.ts';
import { type Directory, directoryKey, directoryVersion, type PartInfo } from './directory.ts';
import { bufferOf, decompress, PartGroup } from './group.ts';
import type { PageCache } from './page-cache.ts';
import { runNow, type Steps, settled } from './steps.ts';

/** Enough for the footer of most files: one read fewer. */
const tailBytes = 32 * 1024;
/** The length of the footer and the magic `PAR1`. */
const endBytes = 8;

/** An open file: its directory in memory, everything else read when a query needs it and kept in the cache. */
export class Part {
  readonly info: PartInfo;
  readonly groups: readonly PartGroup[];
  readonly #object: WarmObject;

  constructor(object: WarmObject, cache: PageCache, { info, groups }: Directory) {
    this.#object = object;
    this.info = { ...info, bytes: object.size };
    this.groups = groups.map((group) => new PartGroup(object, cache, group, info.offsets));
  }

  /** Closes the file. No query may be under way on it. */
  close(): void {
    for (const group of this.groups) group.dropCached();
    this.#object.close();
  }
}

/**
 * Opens a file that `encodeTable` or `mergeParts` wrote; answers at once where its reads do.
 * @throws AppError STORE_UNAVAILABLE when it has no directory of a version known here
 */
export const openPart = (object: WarmObject, cache: PageCache): Part | Promise<Part> => runNow(opening(object, cache));

function* opening(object: WarmObject, cache: PageCache): Steps<Part> {
  const length = Math.min(tailBytes, object.size);
  let footer = yield* read(object, object.size - length, length);
  const footerBytes = length >= endBytes && footer.toString('latin1', length - 4) === 'PAR1' ? footer.readUInt32LE(length - endBytes) : 0;
  if (footerBytes + endBytes > length && footerBytes + endBytes <= object.size) {
    footer = yield* read(object, object.size - footerBytes - endBytes, footerBytes);
  }
  const [at, size] = directoryPlace(footer);
  const bytes = yield* read(object, at, size);
  const directory = JSON.parse(decompress(bytes, bytes.length * 8).toString()) as Directory;
  return new Part(object, cache, directory);
}

/** Reads where the directory is from the last key-value entry of the footer: the key, the value's length as a varint and its field header between them. */
function directoryPlace(footer: Buffer): [at: number, length: number] {
  const key = footer.lastIndexOf(directoryKey);
  const value =
    key < 0
      ? null
      : /^[^0-9]{1,3}(\d+),(\d+),(\d+)/.exec(footer.toString('latin1', key + directoryKey.length, key + directoryKey.length + 64));
  if (!value) throw new AppError('STORE_UNAVAILABLE', 'this file has no index of ours; only files that Logdrive wrote can be searched');
  if (Number(value[3]) !== directoryVersion) {
    throw new AppError(
      'STORE_UNAVAILABLE',
      `this file's index has version ${value[3]}, and ${directoryVersion} is known here; update Logdrive`,
    );
  }
  return [Number(value[1]), Number(value[2])];
}

function* read(object: WarmObject, from: number, length: number): Steps<Buffer> {
  return bufferOf(yield* settled(object.read(from, length)));
}
