/** A value with the version it was read at. A version is any number that changes with every write of the key; 0 means absent. */
export type Versioned<T> = { value: T; version: number };

/** One conditional write: it holds only where the key still has `version` (0: where the key is absent). `value: undefined` deletes. */
export type StateWrite = { key: string; version: number; value: unknown };

/** The largest value, as JSON text in UTF-8: DynamoDB's item is 400 KB with its key. */
export const maxStateBytes = 350_000;
/** How many keys one transaction writes at most. */
export const maxStateWrites = 25;

/**
 * Small durable facts with compare-and-set: heads, progress, keys, settings. Keys are paths (`warm/heads/0`), values JSON of at most
 * `maxStateBytes`. Linearisable for one key; a write that resolved survives a crash.
 */
export interface StateStore {
  /** Values are read-only. Answers with `known` itself where its version is still the current one, so that nothing is read and parsed again. */
  get<T>(key: string, known?: Versioned<T>): Promise<Versioned<T> | undefined>;
  /** Every key with the prefix, in byte order of keys. */
  list<T>(prefix: string): Promise<({ key: string } & Versioned<T>)[]>;
  /** Writes one key if its version is still `version`; resolves to the new version, or to `undefined` when somebody else was first. */
  compareAndSet(key: string, version: number, value: unknown): Promise<number | undefined>;
  /** Writes several keys together or none (at most `maxStateWrites`); false when any condition failed. */
  transact(writes: StateWrite[]): Promise<boolean>;
  close(): Promise<void>;
}
