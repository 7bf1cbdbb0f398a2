import type { OpenFile } from '../../../core/ports/file-system.ts';
import { bytesNeeded, type Frame, fixedBytes, frameAt, magic } from './frame.ts';

/** A view of a file that moves forward: reads in large pieces, hands out what it holds without a promise. Its views last until the next `load`. */
export class Window {
  readonly #file: OpenFile;
  readonly #chunkBytes: number;
  #buffer: Buffer;
  #from = 0;
  #filled = 0;
  #atEnd = false;

  constructor(file: OpenFile, chunkBytes: number) {
    this.#file = file;
    this.#chunkBytes = chunkBytes;
    this.#buffer = Buffer.allocUnsafe(chunkBytes);
  }

  /** The bytes from `position` on that are held, `length` at most; undefined where fewer are held and the file has more. */
  held(position: number, length: number): Buffer | undefined {
    const start = position - this.#from;
    if (start < 0 || start > this.#filled) return undefined;
    if (start + length > this.#filled && !this.#atEnd) return undefined;
    return this.#buffer.subarray(start, Math.min(start + length, this.#filled));
  }

  /** Reads on from `position`, at least `length` bytes unless the file ends before. */
  async load(position: number, length: number): Promise<Buffer> {
    const bytes = Math.max(length, this.#chunkBytes);
    if (this.#buffer.byteLength < bytes) this.#buffer = Buffer.allocUnsafe(bytes);
    this.#from = position;
    this.#filled = await this.#file.read(this.#buffer, position);
    this.#atEnd = this.#filled < this.#buffer.byteLength;
    return this.#buffer.subarray(0, Math.min(length, this.#filled));
  }
}

/** As {@link frameIn} where all of the header is held already, so that small frames cost no promise each; else `short`. */
export function frameHeld(window: Window, position: number, salt: number): Frame | 'short' | undefined {
  const bytes = window.held(position, headerGuessBytes) ?? window.held(position, fixedBytes);
  return bytes === undefined || bytes.byteLength < fixedBytes ? 'short' : frameAt(bytes, salt);
}
const headerGuessBytes = 1024;

/** The frame that begins at `position`; undefined where none does. Its header's bytes are held by the window. */
export async function frameIn(window: Window, position: number, salt: number): Promise<Frame | undefined> {
  let length = fixedBytes;
  for (;;) {
    const bytes = window.held(position, length) ?? (await window.load(position, length));
    const frame = frameAt(bytes, salt);
    if (frame !== 'short') return frame;
    if (bytes.byteLength < length) return undefined;
    length = bytesNeeded(bytes);
  }
}

/** Finds the first whole header at or behind `position` that holds no offset below `base`. */
export async function findFrame(
  window: Window,
  position: number,
  salt: number,
  base: number,
): Promise<{ at: number; frame: Frame } | undefined> {
  const stepBytes = 64 * 1024;
  for (let from = position; ; ) {
    const bytes = window.held(from, stepBytes) ?? (await window.load(from, stepBytes));
    if (bytes.byteLength < fixedBytes) return undefined;
    const hit = bytes.indexOf(magic);
    if (hit < 0) {
      from += bytes.byteLength - magic.byteLength + 1;
      continue;
    }
    const frame = await frameIn(window, from + hit, salt);
    if (frame && frame.base >= base) return { at: from + hit, frame };
    from += hit + 1;
  }
}
