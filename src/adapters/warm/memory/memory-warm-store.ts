import { AppError } from '../../../core/errors.ts';
import type { ObjectBytes, WarmObject, WarmStore } from '../../../core/ports/warm-store.ts';

/** The WarmStore in memory, for tests and throw-away hosts. */
export class MemoryWarmStore implements WarmStore {
  readonly #objects = new Map<string, Uint8Array>();

  async putIfAbsent(name: string, parts: Uint8Array[]): Promise<boolean> {
    if (this.#objects.has(name)) return false;
    this.#objects.set(name, Buffer.concat(parts));
    return true;
  }

  async replace(name: string, parts: ObjectBytes): Promise<void> {
    const all: Uint8Array[] = [];
    for await (const part of parts) all.push(part);
    this.#objects.set(name, Buffer.concat(all));
  }

  async get(name: string): Promise<Uint8Array> {
    const object = this.#objects.get(name);
    if (!object) throw new AppError('NOT_FOUND', `there is no object ${name}`);
    return object.slice();
  }

  async open(name: string): Promise<WarmObject> {
    const object = await this.get(name);
    return { size: object.byteLength, read: (from, length) => object.subarray(from, from + length), close: () => {} };
  }

  async remove(name: string): Promise<void> {
    this.#objects.delete(name);
  }

  async list(prefix: string): Promise<{ name: string; bytes: number }[]> {
    return [...this.#objects]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, { byteLength }]) => ({ name, bytes: byteLength }))
      .sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  }
}
