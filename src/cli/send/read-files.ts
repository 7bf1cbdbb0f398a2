import { createReadStream, statSync } from 'node:fs';
import { pipeline, Readable, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { FailedError } from '../command.ts';
import { LineSplitter, type Piece } from './lines.ts';
import type { PlaceFile } from './place-file.ts';

export const standardInput = '-';

/** Bytes of all files as they are on the disk, or undefined where one is standard input. */
export function sizeOfFiles(files: string[]): number | undefined {
  if (files.includes(standardInput)) return undefined;
  return files.reduce((sum, file) => {
    const found = statSync(file, { throwIfNoEntry: false });
    if (!found) throw new FailedError(`${file}: there is no such file`);
    if (found.isDirectory()) throw new FailedError(`${file} is a folder; name the files in it`);
    return sum + found.size;
  }, 0);
}

export type ReadOptions = {
  stdin: NodeJS.ReadableStream;
  /** Where to begin in files that are not compressed, and who is told. */
  places: PlaceFile | undefined;
  /** Told the bytes read from the disk. */
  onBytes(bytes: number): void;
  signal: AbortSignal;
};

/** Reads files one after the other to their ends, those compressed with gzip or zstd (by their first bytes) decompressed; `-` is standard input. */
export async function* readFiles(files: string[], { stdin, places, onBytes, signal }: ReadOptions): AsyncGenerator<Piece> {
  for (const file of files) {
    const start = file === standardInput ? 0 : beginning(file, places);
    const raw = file === standardInput ? (stdin as AsyncIterable<Buffer>) : createReadStream(file, { highWaterMark: 256 * 1024, start });
    const splitter = new LineSplitter(start);
    try {
      for await (const chunk of decompressed(counted(raw, onBytes), start > 0)) {
        if (signal.aborted) return;
        yield { file, lines: splitter.push(chunk), isLast: false };
      }
    } catch (thrown) {
      if (thrown instanceof FailedError) throw thrown;
      throw new FailedError(`${file} could not be read: ${(thrown as Error).message}`, { cause: thrown });
    }
    yield { file, lines: splitter.end(), isLast: true };
  }
}

/** https://datatracker.ietf.org/doc/html/rfc8878#name-zstandard-frames */
const zstdMagic = 0xfd2fb528;

/** The remembered offset, if the file is still the same and has not shrunk. */
function beginning(file: string, places: PlaceFile | undefined): number {
  if (!places) return 0;
  const { ino, size } = statSync(file);
  const known = places.of(file);
  const isSame = known?.inode === ino && size >= known.offset;
  const place = { inode: ino, round: known && !isSame ? known.round + 1 : (known?.round ?? 0), offset: isSame ? known.offset : 0 };
  places.begin(file, place);
  return place.offset;
}

async function* counted(chunks: AsyncIterable<Buffer | string>, onBytes: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    onBytes(bytes.length);
    yield bytes;
  }
}

async function* decompressed(chunks: AsyncGenerator<Buffer>, isPlain: boolean): AsyncGenerator<Buffer> {
  const first = await chunks.next();
  if (first.done) return;
  const whole = startingWith(first.value, chunks);
  const transform = isPlain ? undefined : transformOf(first.value);
  yield* transform ? pipeline(Readable.from(whole), transform, () => {}) : whole;
}

async function* startingWith(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

function transformOf(first: Buffer): Transform | undefined {
  if (first[0] === 0x1f && first[1] === 0x8b) return createGunzip();
  if (first.length >= 4 && first.readUInt32LE(0) === zstdMagic) return createZstdDecompress();
  return undefined;
}
