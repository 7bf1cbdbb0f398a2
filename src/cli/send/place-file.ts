import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { FailedError } from '../command.ts';
import type { FilePlace } from './follow-files.ts';

/**
 * Remembers in a file how far each file has been sent: written only once the server has the records, so that a restart repeats rather than leaves
 * out. Batches may be acknowledged out of order; a place moves only over what is acknowledged without a gap.
 */
export class PlaceFile {
  readonly #file: string | undefined;
  readonly #saved: Record<string, FilePlace> = {};
  readonly #open: { ends: Map<string, number>; places: Map<string, FilePlace>; isDone: boolean }[] = [];
  readonly #current = new Map<string, FilePlace>();
  #isChanged = false;

  constructor(file: string | undefined) {
    this.#file = file;
    if (!file || !existsSync(file)) return;
    try {
      this.#saved = (JSON.parse(readFileSync(file, 'utf8')) as { files: Record<string, FilePlace> }).files;
    } catch (thrown) {
      throw new FailedError(`${file} is no file of places: ${(thrown as Error).message}; remove it to begin anew`, { cause: thrown });
    }
  }

  of(path: string): FilePlace | undefined {
    return this.#saved[resolve(path)];
  }

  /** Another file is read under the path now, or from another place. */
  begin(path: string, place: FilePlace): void {
    this.#current.set(path, place);
  }

  /** A batch goes out; the function tells that the server has it. */
  sending(ends: Map<string, number>): () => void {
    const entry = {
      ends,
      places: new Map([...ends.keys()].flatMap((path) => (this.#current.has(path) ? [[path, this.#current.get(path)!] as const] : []))),
      isDone: false,
    };
    this.#open.push(entry);
    return () => {
      entry.isDone = true;
      this.#advance();
    };
  }

  /** What tells this part of this file from any other, for an idempotency key. */
  identity(ends: Map<string, number>): string {
    return [...ends]
      .map(([path, offset]) => `${resolve(path)}:${this.#current.get(path)?.inode}:${this.#current.get(path)?.round}:${offset}`)
      .join('|');
  }

  /** Writes the places down, whole or not at all. */
  save(): void {
    if (!this.#file || !this.#isChanged) return;
    writeFileSync(`${this.#file}.new`, `${JSON.stringify({ files: this.#saved }, null, 2)}\n`);
    renameSync(`${this.#file}.new`, this.#file);
    this.#isChanged = false;
  }

  #advance(): void {
    while (this.#open[0]?.isDone) {
      const { ends, places } = this.#open.shift()!;
      for (const [path, offset] of ends) {
        const place = places.get(path);
        if (!place) continue;
        this.#saved[resolve(path)] = { ...place, offset };
        this.#isChanged = true;
      }
    }
  }
}
