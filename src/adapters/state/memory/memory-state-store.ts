import { AppError } from '../../../core/errors.ts';
import { maxStateBytes, maxStateWrites, type StateStore, type StateWrite, type Versioned } from '../../../core/ports/state-store.ts';

/** The StateStore in memory, for tests and throw-away hosts. Values are kept as text, so nobody shares an object with it. */
export class MemoryStateStore implements StateStore {
  readonly #rows = new Map<string, { text: string; version: number }>();
  #version = 0;

  async get<T>(key: string, known?: Versioned<T>): Promise<Versioned<T> | undefined> {
    const row = this.#rows.get(key);
    if (row && known?.version === row.version) return known;
    return row && { value: JSON.parse(row.text) as T, version: row.version };
  }

  async list<T>(prefix: string): Promise<({ key: string } & Versioned<T>)[]> {
    return [...this.#rows]
      .filter(([key]) => key.startsWith(prefix))
      .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .map(([key, { text, version }]) => ({ key, version, value: JSON.parse(text) as T }));
  }

  async compareAndSet(key: string, version: number, value: unknown): Promise<number | undefined> {
    return this.#write([{ key, version, value }]);
  }

  async transact(writes: StateWrite[]): Promise<boolean> {
    return this.#write(writes) !== undefined;
  }

  async close(): Promise<void> {}

  #write(writes: StateWrite[]): number | undefined {
    if (writes.length > maxStateWrites)
      throw new AppError('INTERNAL', `a transaction of ${writes.length} keys: at most ${maxStateWrites} fit`);
    const texts = writes.map(({ key, value }) => (value === undefined ? undefined : textOf(key, value)));
    if (writes.some(({ key, version }) => (this.#rows.get(key)?.version ?? 0) !== version)) return undefined;
    this.#version++;
    for (const [index, { key }] of writes.entries()) {
      const text = texts[index];
      if (text === undefined) this.#rows.delete(key);
      else this.#rows.set(key, { text, version: this.#version });
    }
    return this.#version;
  }
}

function textOf(key: string, value: unknown): string {
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) > maxStateBytes)
    throw new AppError('INTERNAL', `the value of ${key} has ${text.length} bytes: at most ${maxStateBytes} fit`);
  return text;
}
